/*
 * SELECT statements: see select.h. Queries in queries are bounded by the parser, verbs over verbs here.
 */
#include "plan/select.h"

#include <stdlib.h>
#include <strings.h>

#include "base/mem.h"
#include "expressions/evaluate.h"
#include "expressions/inline_table.h"
#include "expressions/parser.h"
#include "plan/plan_conditions.h"

struct selecting {
    struct arena *arena;
    const struct select_request *request;
    struct bytes text;
    struct select *out;
    struct sql_error *error;
};

/* --- verbs --- */

/* NULL: there are too many, and the error is set. */
static const struct logical *verb(struct selecting *s,
                                  struct logical l,
                                  const struct logical *first,
                                  const struct logical *second)
{
    int32_t deepest = first ? first->depth : 0;
    deepest = second && second->depth > deepest ? second->depth : deepest;
    if (deepest >= PLAN_MAX_DEPTH) {
        (void)sql_fail(s->error, &plan_too_large, "The plan has more than %d operators in a row.",
                       PLAN_MAX_DEPTH);
        return NULL;
    }
    struct logical *made = ARENA_NEW(s->arena, struct logical, 1);
    *made = l;
    made->input_count = second ? 2 : first ? 1 : 0;
    made->inputs[0] = first;
    made->inputs[1] = second;
    made->depth = deepest + 1;
    made->source = s->text;
    return made;
}

static const struct logical *build_query(struct selecting *s, const struct syntax_query *q);

/* --- FROM --- */

static const struct logical *rows_of(struct selecting *s,
                                     struct batch *rows,
                                     const struct type *schema,
                                     struct bytes name)
{
    s->out->batches =
        mem_resize(s->out->batches, (size_t)s->out->batch_count + 1, sizeof(struct batch *));
    s->out->batches[s->out->batch_count++] = rows;
    return verb(s,
                (struct logical){ .verb = VERB_ROWS, .rows = rows, .schema = schema, .name = name },
                NULL, NULL);
}

static const struct logical *one_row(struct selecting *s)
{
    const struct type *none = type_struct(s->arena, NULL, 0);
    struct column *no_columns[1] = { NULL };
    return rows_of(s, batch_new(none, no_columns, 1), none, (struct bytes){ 0 });
}

static const struct logical *values(struct selecting *s, const struct syntax_source *source)
{
    struct inline_table table;
    if (!inline_table_of(s->arena, s->request->settings, source->values, &table, s->error)) {
        bool told = strcmp(s->error->condition->exception, "ParseException") == 0;
        if (told) {
            sql_error_add_fragment(s->error, s->text, source->span);
            sql_error_prepend(s->error, "\n");
        }
        return NULL;
    }
    return rows_of(s, table.rows, table.schema,
                   table.qualifiers ? table.qualifiers[0] : (struct bytes){ 0 });
}

/* "`a`.`b`" of the first parts. */
static struct bytes quoted(struct selecting *s, const struct syntax_source *source, int32_t count)
{
    struct bytes name = bytes_of("");
    for (int32_t i = 0; i < count; i++) {
        name = arena_printf(s->arena, "%.*s%s`%.*s`", BYTES_ARG(name), i ? "." : "",
                            BYTES_ARG(source->parts[i]));
    }
    return name;
}

static void no_table(struct selecting *s, const struct syntax_source *source)
{
    struct bytes plain = source->parts[0];
    for (int32_t i = 1; i < source->part_count; i++) {
        plain = arena_printf(s->arena, "%.*s, %.*s", BYTES_ARG(plain), BYTES_ARG(source->parts[i]));
    }
    if (source->part_count > 2) {
        (void)sql_fail(s->error, &plan_namespace,
                       "spark_catalog requires a single-part namespace, but got %.*s.",
                       BYTES_ARG(quoted(s, source, source->part_count - 1)));
        return;
    }
    (void)sql_fail(
        s->error, &plan_table_not_found,
        "The table or view %.*s cannot be found. Verify the spelling and correctness of the schema "
        "and catalog.\nIf you did not qualify the name with a schema, verify the current_schema() "
        "output, or qualify the name with the correct schema and catalog.\nTo tolerate the error on "
        "drop use DROP VIEW IF EXISTS or DROP TABLE IF EXISTS.",
        BYTES_ARG(quoted(s, source, source->part_count)));
    sql_error_add_line(s->error, s->text, source->span);
    sql_error_add(s->error, ";\n'UnresolvedRelation [%.*s], [], false\n", BYTES_ARG(plain));
}

static const struct logical *table(struct selecting *s, const struct syntax_source *source)
{
    const struct logical *found = NULL;
    if (source->part_count != 1 || !s->request->find_table ||
        !s->request->find_table(s->request->context, source->parts[0], &found)) {
        no_table(s, source);
        return NULL;
    }
    struct logical alias = { .verb = VERB_ALIAS, .name = source->parts[0] };
    return verb(s, alias, found, NULL);
}

static void no_function(struct selecting *s, const struct syntax_source *source)
{
    struct bytes name = quoted(s, source, source->part_count);
    (void)sql_fail(
        s->error, &plan_table_function,
        "Could not resolve %.*s to a table-valued function.\nPlease make sure that %.*s is defined "
        "as a table-valued function and that all required parameters are provided correctly.\nIf "
        "%.*s is not defined, please create the table-valued function before using it.\nFor more "
        "information about defining table-valued functions, please refer to the Apache Spark "
        "documentation.",
        BYTES_ARG(name), BYTES_ARG(name), BYTES_ARG(name));
    sql_error_add_line(s->error, s->text, source->span);
}

/* A constant number of 64 bits. False: the error is set. */
static bool range_bound(struct selecting *s, const struct syntax *syntax, int64_t *out)
{
    struct analysis a = { .arena = s->arena,
                          .settings = s->request->settings,
                          .input = type_struct(s->arena, NULL, 0),
                          .source = s->text,
                          .error = s->error };
    const struct expression *e = analyze(&a, syntax);
    struct scalar value = { 0 };
    if (!e) {
        return false;
    }
    bool known = type_is_integral(e->type) &&
                 analysis_constant(&a, analysis_cast(&a, e, type_simple(TYPE_BIGINT)), &value) &&
                 !value.null;
    *out = value.integer;
    return known || (sql_failed(s->error)
                         ? false
                         : sql_fail(s->error, &plan_illegal_argument,
                                    "The bounds of range() must be constant whole numbers."));
}

/* range(end), range(start, end), range(start, end, step); how it is split is not for statements to say here. */
static const struct logical *range(struct selecting *s, const struct syntax_source *source)
{
    int64_t bounds[4] = { 0 };
    bool named = source->part_count == 1 && source->parts[0].len == 5 &&
                 strncasecmp((const char *)source->parts[0].data, "range", 5) == 0;
    if (!named || source->arg_count > 4) {
        no_function(s, source);
        return NULL;
    }
    for (int32_t i = 0; i < source->arg_count; i++) {
        if (!range_bound(s, source->args[i], &bounds[i])) {
            return NULL;
        }
    }
    struct logical l = { .verb = VERB_RANGE, .end = bounds[0], .step = 1 };
    if (source->arg_count > 1) {
        l.start = bounds[0];
        l.end = bounds[1];
        l.step = source->arg_count > 2 ? bounds[2] : 1;
    }
    return verb(s, l, NULL, NULL);
}

static const struct logical *build_source(struct selecting *s, const struct syntax_source *source)
{
    if (source->values) {
        return values(s, source);
    }
    const struct logical *l = source->query           ? build_query(s, source->query)
                              : source->arg_count > 0 ? range(s, source)
                                                      : table(s, source);
    if (l && source->column_count > 0) {
        struct logical named = { .verb = VERB_TO_DF,
                                 .names = source->columns,
                                 .name_count = source->column_count };
        l = verb(s, named, l, NULL);
    }
    if (l && !bytes_is_null(source->alias)) {
        l = verb(s, (struct logical){ .verb = VERB_ALIAS, .name = source->alias }, l, NULL);
    }
    return l;
}

/* --- SELECT --- */

static const struct logical *filter(struct selecting *s,
                                    const struct logical *input,
                                    const struct syntax *condition)
{
    const struct syntax **list = ARENA_NEW(s->arena, const struct syntax *, 1);
    list[0] = condition;
    return verb(s, (struct logical){ .verb = VERB_FILTER, .list = list, .list_count = 1 }, input,
                NULL);
}

static const struct logical *build_select(struct selecting *s, const struct syntax_query *q)
{
    const struct logical *l = q->from ? build_source(s, q->from) : one_row(s);
    if (l && q->where) {
        l = filter(s, l, q->where);
    }
    if (!l) {
        return NULL;
    }
    struct logical selected = { .verb = q->grouped ? VERB_AGGREGATE : VERB_PROJECT,
                                .list = q->list,
                                .list_count = q->list_count,
                                .keys = q->keys,
                                .key_count = q->key_count,
                                .ordinals = true };
    l = verb(s, selected, l, NULL);
    return l && q->having ? filter(s, l, q->having) : l;
}

static const struct logical *build_body(struct selecting *s, const struct syntax_query *q)
{
    if (!q->left) {
        return build_select(s, q);
    }
    const struct logical *left = build_query(s, q->left);
    const struct logical *right = left ? build_query(s, q->right) : NULL;
    return right ? verb(s, (struct logical){ .verb = VERB_UNION }, left, right) : NULL;
}

/* --- ORDER BY, LIMIT --- */

static const struct logical *sort(struct selecting *s,
                                  const struct syntax_query *q,
                                  const struct logical *input)
{
    const struct syntax **list = ARENA_NEW(s->arena, const struct syntax *, (size_t)q->sort_count);
    struct sort_order *orders = ARENA_NEW(s->arena, struct sort_order, (size_t)q->sort_count);
    for (int32_t i = 0; i < q->sort_count; i++) {
        list[i] = q->sorts[i].key;
        orders[i] = (struct sort_order){ q->sorts[i].descending, q->sorts[i].nulls_last };
    }
    struct logical l = { .verb = VERB_SORT,
                         .list = list,
                         .list_count = q->sort_count,
                         .orders = orders,
                         .ordinals = true };
    return verb(s, l, input, NULL);
}

static bool refuse_limit(struct selecting *s,
                         const struct sql_condition *condition,
                         const struct expression *e,
                         const char *why)
{
    struct buffer name;
    buffer_init(&name, SQL_ERROR_MAX);
    expression_print_name(&name, e);
    (void)sql_fail(s->error, condition, "The limit like expression \"%.*s\" is invalid. %s",
                   BYTES_ARG(buffer_bytes(&name)), why);
    sql_error_add_line(s->error, s->text, e->span);
    buffer_finish(&name);
    return false;
}

static bool limit_value(struct selecting *s, const struct syntax *syntax, int32_t *out)
{
    struct analysis a = { .arena = s->arena,
                          .settings = s->request->settings,
                          .input = type_struct(s->arena, NULL, 0),
                          .source = s->text,
                          .error = s->error };
    const struct expression *e = analyze(&a, syntax);
    struct scalar value;
    if (!e) {
        return false;
    }
    if (!expression_is_constant(e)) {
        return refuse_limit(s, &plan_limit_foldable, e,
                            "The limit expression must evaluate to a constant value.");
    }
    if (e->type->kind != TYPE_INT) {
        struct buffer type;
        buffer_init(&type, SQL_ERROR_MAX);
        type_print_sql(&type, e->type);
        struct bytes why =
            arena_printf(s->arena, "The limit expression must be integer type, but got \"%.*s\".",
                         BYTES_ARG(buffer_bytes(&type)));
        buffer_finish(&type);
        return refuse_limit(s, &plan_limit_type, e, arena_text(s->arena, why));
    }
    if (!analysis_constant(&a, e, &value)) {
        return false;
    }
    if (value.null) {
        return refuse_limit(s, &plan_limit_null, e,
                            "The evaluated limit expression must not be null.");
    }
    if (value.integer < 0) {
        struct bytes why = arena_printf(
            s->arena, "The limit expression must be equal to or greater than 0, but got %lld.",
            (long long)value.integer);
        return refuse_limit(s, &plan_negative_limit, e, arena_text(s->arena, why));
    }
    *out = (int32_t)value.integer;
    return true;
}

static const struct logical *build_query(struct selecting *s, const struct syntax_query *q)
{
    const struct logical *l = build_body(s, q);
    if (l && q->distinct) {
        l = verb(s, (struct logical){ .verb = VERB_DISTINCT }, l, NULL);
    }
    if (l && q->sort_count > 0) {
        l = sort(s, q, l);
    }
    struct logical limit = { .verb = VERB_LIMIT };
    if (!l || !q->limit) {
        return l;
    }
    return limit_value(s, q->limit, &limit.limit) ? verb(s, limit, l, NULL) : NULL;
}

bool select_parse(struct arena *arena,
                  const struct select_request *request,
                  struct bytes text,
                  struct select *out,
                  struct sql_error *error)
{
    struct selecting s = {
        .arena = arena, .request = request, .text = text, .out = out, .error = error
    };
    const struct syntax_query *query = NULL;
    *out = (struct select){ 0 };
    if (parse_query(arena, text, &query, error)) {
        out->plan = build_query(&s, query);
    }
    if (!out->plan) {
        select_finish(out);
        return false;
    }
    return true;
}

void select_finish(struct select *s)
{
    for (int32_t i = 0; i < s->batch_count; i++) {
        batch_free(s->batches[i]);
    }
    free(s->batches);
    *s = (struct select){ 0 };
}
