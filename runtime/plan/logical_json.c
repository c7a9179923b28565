/*
 * Verbs as JSON: see logical.h. Members that say nothing are left out.
 *
 *     {"verb":"filter","list":[{...}],"inputs":[{"verb":"read","relation":{"format":"rate","streaming":true,"schema":"...","options":[...]}}]}
 */
#include "expressions/json_write.h"
#include "expressions/parser.h"
#include "plan/plan_json.h"

static const char *const verbs[VERB_COUNT] = {
    [VERB_READ] = "read",
    [VERB_ROWS] = "rows",
    [VERB_RANGE] = "range",
    [VERB_PROJECT] = "project",
    [VERB_WITH_COLUMNS] = "withColumns",
    [VERB_RENAME] = "rename",
    [VERB_DROP] = "drop",
    [VERB_TO_DF] = "toDF",
    [VERB_FILTER] = "filter",
    [VERB_AGGREGATE] = "aggregate",
    [VERB_DISTINCT] = "distinct",
    [VERB_LIMIT] = "limit",
    [VERB_UNION] = "union",
    [VERB_SORT] = "sort",
    [VERB_ALIAS] = "alias",
    [VERB_WATERMARK] = "watermark",
};

static int32_t inputs_of(enum verb verb)
{
    return verb == VERB_UNION ? 2 : verb > VERB_RANGE;
}

/* --- writing --- */

static void print_schema(struct buffer *out, const struct type *schema)
{
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    type_print_ddl(&text, schema);
    plan_json_text(out, "schema", buffer_bytes(&text));
    buffer_finish(&text);
}

static void print_relation(struct buffer *out, const struct relation *r)
{
    buffer_append_text(out, ",\"relation\":{\"format\":");
    json_write_text(out, r->format, JSON_CHARACTERS);
    buffer_append_text(out, r->streaming ? ",\"streaming\":true" : "");
    buffer_append_text(out, r->given_schema ? ",\"givenSchema\":true" : "");
    print_schema(out, r->schema);
    for (int32_t i = 0; i < r->options.count; i++) {
        buffer_append_text(out, i ? ",{\"name\":" : ",\"options\":[{\"name\":");
        json_write_text(out, r->options.entries[i].name, JSON_CHARACTERS);
        plan_json_text(out, "value", r->options.entries[i].value);
        buffer_append_text(out, "}");
    }
    buffer_append_text(out, r->options.count > 0 ? "]}" : "}");
}

static void print_list(struct buffer *out,
                       const char *name,
                       const struct syntax *const *list,
                       int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        if (i == 0) {
            buffer_printf(out, ",\"%s\":[", name);
        } else {
            buffer_append_text(out, ",");
        }
        syntax_print_json(out, list[i]);
    }
    buffer_append_text(out, count > 0 ? "]" : "");
}

static void print_orders(struct buffer *out, const struct logical *l)
{
    for (int32_t i = 0; l->orders && i < l->list_count; i++) {
        buffer_append_text(out, i ? "," : ",\"orders\":[");
        buffer_printf(out, "{\"descending\":%s,\"nullsLast\":%s}",
                      l->orders[i].descending ? "true" : "false",
                      l->orders[i].nulls_last ? "true" : "false");
    }
    buffer_append_text(out, l->orders && l->list_count > 0 ? "]" : "");
}

void logical_print_json(struct buffer *out, const struct logical *l)
{
    buffer_printf(out, "{\"verb\":\"%s\"", verbs[l->verb]);
    if (l->relation) {
        print_relation(out, l->relation);
    }
    if (l->schema) {
        print_schema(out, l->schema);
    }
    if (l->rows) {
        buffer_printf(out, ",\"rows\":%d", l->rows->rows);
    }
    if (l->verb == VERB_RANGE) {
        buffer_printf(out, ",\"start\":%lld,\"end\":%lld,\"step\":%lld", (long long)l->start,
                      (long long)l->end, (long long)l->step);
        if (l->splits > 0) {
            buffer_printf(out, ",\"splits\":%d", l->splits);
        }
    }
    print_list(out, "list", l->list, l->list_count);
    print_list(out, "keys", l->keys, l->key_count);
    print_orders(out, l);
    plan_json_texts(out, "names", l->names, l->name_count);
    plan_json_text(out, "name", l->name);
    plan_json_text(out, "delay", l->delay);
    if (l->verb == VERB_LIMIT) {
        buffer_printf(out, ",\"limit\":%d", l->limit);
    }
    buffer_append_text(out, l->ordinals ? ",\"ordinals\":true" : "");
    for (int32_t i = 0; i < l->input_count; i++) {
        buffer_append_text(out, i ? "," : ",\"inputs\":[");
        logical_print_json(out, l->inputs[i]);
    }
    buffer_append_text(out, l->input_count > 0 ? "]}" : "}");
}

/* --- reading --- */

struct reading {
    struct arena *arena;
    struct sql_error *error;
};

static bool read_schema(struct reading *r, const struct json_node *node, const struct type **out)
{
    struct bytes text = json_node_text(node, "schema");
    if (bytes_is_null(text)) {
        return true;
    }
    if (text.len == 0) {
        *out = type_struct(r->arena, NULL, 0);
        return true;
    }
    return parse_schema(r->arena, text, false, out, r->error);
}

static bool read_relation(struct reading *r, const struct json_node *node, struct logical *l)
{
    struct relation *relation = ARENA_NEW(r->arena, struct relation, 1);
    relation->format = json_node_text(node, "format");
    relation->streaming = json_node_bool(node, "streaming");
    relation->given_schema = json_node_bool(node, "givenSchema");
    const struct json_node *list = json_node_list(node, "options");
    for (const struct json_node *n = list->first; n; n = n->next) {
        struct bytes name = json_node_text(n, "name");
        struct bytes value = json_node_text(n, "value");
        if (bytes_is_null(name) || bytes_is_null(value)) {
            return plan_json_fail(r->error, "an option without name or value");
        }
        relation->options = options_with(r->arena, relation->options, name, value);
    }
    l->relation = relation;
    if (!read_schema(r, node, &relation->schema)) {
        return false;
    }
    return (relation->schema && !bytes_is_null(relation->format)) ||
           plan_json_fail(r->error, "a relation without format or schema");
}

static bool read_list(struct reading *r,
                      const struct json_node *list,
                      const struct syntax *const **out,
                      int32_t *out_count)
{
    const struct syntax **items = ARENA_NEW(r->arena, const struct syntax *, (size_t)list->count);
    int32_t count = 0;
    for (const struct json_node *n = list->first; n; n = n->next) {
        items[count] = syntax_read_json(r->arena, n, r->error);
        if (!items[count++]) {
            return false;
        }
    }
    *out = items;
    *out_count = count;
    return true;
}

static bool read_orders(struct reading *r, const struct json_node *list, struct logical *l)
{
    struct sort_order *orders = ARENA_NEW(r->arena, struct sort_order, (size_t)list->count);
    int32_t i = 0;
    for (const struct json_node *n = list->first; n; n = n->next) {
        orders[i++] =
            (struct sort_order){ json_node_bool(n, "descending"), json_node_bool(n, "nullsLast") };
    }
    l->orders = l->verb == VERB_SORT ? orders : NULL;
    return l->verb != VERB_SORT || list->count == l->list_count ||
           plan_json_fail(r->error, "a sort without an order for each key");
}

/* What each verb must have, so that nobody else need ask. */
static bool check(struct reading *r, const struct logical *l)
{
    bool ok = true;
    switch (l->verb) {
    case VERB_READ: ok = l->relation != NULL; break;
    case VERB_ROWS: ok = l->schema != NULL; break;
    case VERB_FILTER: ok = l->list_count == 1; break;
    case VERB_WITH_COLUMNS:
        for (int32_t i = 0; i < l->list_count; i++) {
            ok = ok && l->list[i]->kind == SYNTAX_ALIAS && !bytes_is_null(l->list[i]->text);
        }
        break;
    case VERB_RENAME: ok = l->name_count % 2 == 0; break;
    case VERB_ALIAS: ok = !bytes_is_null(l->name); break;
    case VERB_WATERMARK: ok = !bytes_is_null(l->name) && !bytes_is_null(l->delay); break;
    case VERB_RANGE:
    case VERB_PROJECT:
    case VERB_DROP:
    case VERB_TO_DF:
    case VERB_AGGREGATE:
    case VERB_DISTINCT:
    case VERB_LIMIT:
    case VERB_UNION:
    case VERB_SORT:
    case VERB_COUNT: break;
    }
    return ok || plan_json_fail(r->error, "a \"%s\" without all that it needs", verbs[l->verb]);
}

static const struct logical *read_verb(struct reading *r, const struct json_node *node, int depth);

static bool read_inputs(struct reading *r,
                        const struct json_node *list,
                        struct logical *l,
                        int depth)
{
    if (list->count != inputs_of(l->verb)) {
        return plan_json_fail(r->error, "a \"%s\" with %d inputs", verbs[l->verb], list->count);
    }
    l->depth = 1;
    for (const struct json_node *n = list->first; n; n = n->next) {
        const struct logical *input = read_verb(r, n, depth + 1);
        if (!input) {
            return false;
        }
        l->inputs[l->input_count++] = input;
        l->depth = input->depth >= l->depth ? input->depth + 1 : l->depth;
    }
    return true;
}

static bool read_name(struct reading *r, const struct json_node *node, struct logical *l)
{
    struct bytes name = json_node_text(node, "verb");
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        if (bytes_equal_text(name, verbs[verb])) {
            l->verb = (enum verb)verb;
            return true;
        }
    }
    return plan_json_fail(r->error, "an unknown verb, \"%.*s\"", BYTES_ARG(name));
}

static const struct logical *read_verb(struct reading *r, const struct json_node *node, int depth)
{
    struct logical *l = ARENA_NEW(r->arena, struct logical, 1);
    const struct json_node *relation = json_node_find(node, "relation");
    if (depth > PLAN_MAX_DEPTH) {
        (void)plan_json_fail(r->error, "more than %d verbs in a row", PLAN_MAX_DEPTH);
        return NULL;
    }
    l->start = json_node_integer(node, "start");
    l->end = json_node_integer(node, "end");
    l->step = json_node_integer(node, "step");
    int64_t splits = json_node_integer(node, "splits");
    l->splits = splits > 0 && splits <= INT32_MAX ? (int32_t)splits : 0;
    int64_t limit = json_node_integer(node, "limit");
    l->limit = (int32_t)limit;
    l->ordinals = json_node_bool(node, "ordinals");
    l->name = json_node_text(node, "name");
    l->delay = json_node_text(node, "delay");
    bool ok = read_name(r, node, l) && (!relation || read_relation(r, relation, l)) &&
              read_schema(r, node, &l->schema) &&
              read_list(r, json_node_list(node, "list"), &l->list, &l->list_count) &&
              read_list(r, json_node_list(node, "keys"), &l->keys, &l->key_count) &&
              read_orders(r, json_node_list(node, "orders"), l) &&
              plan_json_read_texts(r->arena, json_node_list(node, "names"), &l->names,
                                   &l->name_count, r->error) &&
              (limit == l->limit || plan_json_fail(r->error, "a limit that is too large")) &&
              check(r, l) && read_inputs(r, json_node_list(node, "inputs"), l, depth);
    return ok ? l : NULL;
}

bool logical_read_json(struct arena *arena,
                       struct bytes text,
                       const struct logical **out,
                       struct sql_error *error)
{
    struct reading r = { .arena = arena, .error = error };
    const struct json_node *root = NULL;
    struct bytes copy = arena_copy(arena, text); /* names and texts may point into it */
    if (!json_node_read(arena, copy, &root, error)) {
        return false;
    }
    *out = read_verb(&r, root, 1);
    return *out != NULL;
}
