/*
 * Built expressions from JSON: an array whose first item says what it is.
 *
 *   ["col", "a.b"]  ["expr", "a + 1"]  ["lit", null | true | 1 | 1.5 | "text"]  ["long", "1"]  ["double", "NaN"]
 *   ["call", "concat", COLUMN...]  ["distinct", "count", COLUMN...]  ["cast", COLUMN, "int"]  ["try_cast", COLUMN, "int"]
 *   ["alias", COLUMN, "name"]  ["field", COLUMN, "name"]  ["item", COLUMN, KEY]
 *   ["when", COLUMN or null, CONDITION, VALUE]  ["otherwise", COLUMN, VALUE]  ["asc", COLUMN]  ["desc", COLUMN]
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "stream_runner.h"

static const char *text_at(const json_t *tree, size_t at)
{
    const char *text = json_string_value(json_array_get(tree, at));
    if (!text) {
        runner_die("no text where one belongs", tree);
    }
    return text;
}

static struct weir_column *column_at(const json_t *tree, size_t at)
{
    return column_of(json_array_get(tree, at));
}

static struct weir_column *literal_of(const json_t *value)
{
    if (json_is_null(value)) {
        return weir_lit_null();
    }
    if (json_is_boolean(value)) {
        return weir_lit_bool(json_is_true(value));
    }
    if (json_is_real(value)) {
        return weir_lit_double(json_real_value(value));
    }
    if (json_is_string(value)) {
        return weir_lit(json_string_value(value));
    }
    json_int_t number = json_integer_value(value);
    return number >= INT32_MIN && number <= INT32_MAX ? weir_lit_int((int32_t)number)
                                                      : weir_lit_long(number);
}

static struct weir_column **columns_from(const json_t *list, size_t first)
{
    size_t count = json_array_size(list) - first;
    struct weir_column **columns = calloc(count + 1, sizeof(*columns));
    for (size_t i = 0; i < count; i++) {
        columns[i] = column_at(list, first + i);
    }
    return columns;
}

static struct weir_column *call_of(const json_t *tree, bool distinct)
{
    struct weir_column **arguments = columns_from(tree, 2);
    const char *name = text_at(tree, 1);
    struct weir_column *column =
        distinct ? weir_call_distinct(name, arguments) : weir_call_list(name, arguments);
    free(arguments);
    return column;
}

static struct weir_column *when_of(const json_t *tree)
{
    const json_t *before = json_array_get(tree, 1);
    struct weir_column *earlier = json_is_null(before) ? NULL : column_of(before);
    struct weir_column *condition = column_at(tree, 2);
    return weir_when(earlier, condition, column_at(tree, 3));
}

static struct weir_column *leaf_of(const char *kind, const json_t *tree)
{
    if (strcmp(kind, "col") == 0) {
        return weir_col(text_at(tree, 1));
    }
    if (strcmp(kind, "expr") == 0) {
        return weir_expr(text_at(tree, 1));
    }
    if (strcmp(kind, "lit") == 0) {
        return literal_of(json_array_get(tree, 1));
    }
    if (strcmp(kind, "long") == 0) {
        return weir_lit_long(strtoll(text_at(tree, 1), NULL, 10));
    }
    if (strcmp(kind, "double") == 0) {
        return weir_lit_double(strtod(text_at(tree, 1), NULL));
    }
    return NULL;
}

static struct weir_column *changed_of(const char *kind, const json_t *tree)
{
    struct weir_column *column = column_at(tree, 1);
    if (strcmp(kind, "cast") == 0) {
        return weir_cast(column, text_at(tree, 2));
    }
    if (strcmp(kind, "try_cast") == 0) {
        return weir_try_cast(column, text_at(tree, 2));
    }
    if (strcmp(kind, "alias") == 0) {
        return weir_alias(column, text_at(tree, 2));
    }
    if (strcmp(kind, "field") == 0) {
        return weir_get_field(column, text_at(tree, 2));
    }
    if (strcmp(kind, "item") == 0) {
        return weir_get_item(column, column_at(tree, 2));
    }
    if (strcmp(kind, "otherwise") == 0) {
        return weir_otherwise(column, column_at(tree, 2));
    }
    if (strcmp(kind, "asc") == 0) {
        return weir_asc(column);
    }
    if (strcmp(kind, "desc") == 0) {
        return weir_desc(column);
    }
    runner_die("no such kind of column", tree);
}

struct weir_column *column_of(const json_t *tree)
{
    const char *kind = json_string_value(json_array_get(tree, 0));
    if (!kind) {
        runner_die("a column is an array that begins with its kind", tree);
    }
    if (strcmp(kind, "call") == 0 || strcmp(kind, "distinct") == 0) {
        return call_of(tree, strcmp(kind, "distinct") == 0);
    }
    if (strcmp(kind, "when") == 0) {
        return when_of(tree);
    }
    struct weir_column *leaf = leaf_of(kind, tree);
    return leaf ? leaf : changed_of(kind, tree);
}

struct weir_column **columns_of(const json_t *command, const char *name)
{
    const json_t *list = json_object_get(command, name);
    return json_is_array(list) ? columns_from(list, 0) : NULL;
}
