/*
 * Options of the JSON functions: see json_options.h.
 */
#include "expressions/json_options.h"

#include <strings.h>

#include "expressions/evaluate.h"
#include "expressions/json_conditions.h"

static bool is_named(struct bytes text, const char *name)
{
    return strlen(name) == text.len && strncasecmp(name, (const char *)text.data, text.len) == 0;
}

void json_options_init(struct json_options *o)
{
    *o = (struct json_options){
        .allow = { .single_quotes = true, .not_numbers = true },
        .corrupt_column = bytes_of("_corrupt_record"),
    };
}

void json_options_set(struct json_options *o,
                      struct arena *arena,
                      struct bytes name,
                      struct bytes value)
{
    bool yes = is_named(value, "true");
    const struct {
        const char *name;
        bool *flag;
    } flags[] = {
        { "allowComments", &o->allow.comments },
        { "allowUnquotedFieldNames", &o->allow.unquoted_names },
        { "allowSingleQuotes", &o->allow.single_quotes },
        { "allowNumericLeadingZeros", &o->allow.leading_zeros },
        { "allowBackslashEscapingAnyCharacter", &o->allow.any_escape },
        { "allowUnquotedControlChars", &o->allow.control_characters },
        { "allowNonNumericNumbers", &o->allow.not_numbers },
        { "pretty", &o->pretty },
        { "writeNonAsciiCharacterAsCodePoint", &o->ascii },
        { "primitivesAsString", &o->primitives_as_string },
        { "prefersDecimal", &o->prefers_decimal },
        { "inferTimestamp", &o->infer_timestamp },
        { "dropFieldIfAllNull", &o->drop_all_null },
    };
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        if (is_named(name, flags[i].name)) {
            *flags[i].flag = yes;
            return;
        }
    }
    const struct {
        const char *name;
        struct bytes *text;
    } texts[] = {
        { "dateFormat", &o->date_format },
        { "timestampFormat", &o->timestamp_format },
        { "timestampNTZFormat", &o->timestamp_ntz_format },
        { "columnNameOfCorruptRecord", &o->corrupt_column },
        { "timeZone", &o->zone },
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (is_named(name, texts[i].name)) {
            *texts[i].text = arena_copy(arena, value);
            return;
        }
    }
    if (is_named(name, "mode")) {
        o->fail_fast = is_named(value, "FAILFAST");
        o->drop_malformed = is_named(value, "DROPMALFORMED");
    } else if (is_named(name, "ignoreNullFields")) {
        o->keep_nulls = !yes;
    } else if (is_named(name, "locale")) {
        static const char *const commas[] = { "de", "fr", "it", "es", "ru", "pt", "nl", "pl" };
        for (size_t i = 0; i < sizeof(commas) / sizeof(commas[0]); i++) {
            o->comma_decimals =
                o->comma_decimals ||
                (value.len >= 2 && strncasecmp(commas[i], (const char *)value.data, 2) == 0);
        }
    }
}

static bool read_map(struct analysis *a, const struct expression *e, struct json_options *out)
{
    struct evaluation ev = { .settings = a->settings, .rows = 1, .error = a->error };
    struct column *c = evaluate_once(&ev, e);
    if (!c) {
        return false;
    }
    if (!column_is_null(c, 0)) {
        int32_t first = column_first(c, 0);
        for (int32_t i = first; i < first + column_count(c, 0); i++) {
            if (!column_is_null(c->children[1], i)) {
                json_options_set(out, a->arena, column_text(c->children[0], i),
                                 column_text(c->children[1], i));
            }
        }
    }
    column_release(c);
    return true;
}

bool json_options_read(struct analysis *a,
                       const struct expression *call,
                       int32_t i,
                       struct json_options *out)
{
    json_options_init(out);
    if (i >= call->count) {
        return true;
    }
    const struct expression *e = call->args[i];
    bool is_map = e->kind == EXPRESSION_CALL && e->function &&
                  (strcmp(e->function->name, "map") == 0 || e->type->kind == TYPE_MAP);
    if (!is_map || !expression_is_constant(e)) {
        (void)sql_fail(a->error, &sql_options_not_map,
                       "Invalid options: Must use the `map()` function for options.");
        sql_error_add_line(a->error, a->source, call->span);
        return false;
    }
    if (e->type->key->kind == TYPE_VOID && e->type->element->kind == TYPE_VOID) {
        return true; /* map() */
    }
    if (e->type->key->kind != TYPE_STRING || e->type->element->kind != TYPE_STRING) {
        struct buffer text;
        buffer_init(&text, SQL_ERROR_MAX);
        type_print_sql(&text, e->type);
        (void)sql_fail(
            a->error, &sql_options_not_strings,
            "Invalid options: A type of keys and values in `map()` must be string, but got \"%.*s\".",
            BYTES_ARG(buffer_bytes(&text)));
        buffer_finish(&text);
        sql_error_add_line(a->error, a->source, call->span);
        return false;
    }
    return read_map(a, e, out);
}

bool json_constant_text(struct analysis *a, const struct expression *e, struct bytes *out)
{
    struct scalar value;
    if (e->type->kind != TYPE_STRING || !analysis_constant(a, e, &value) || value.null) {
        return false;
    }
    *out = value.text;
    return true;
}
