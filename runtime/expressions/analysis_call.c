/*
 * Calls: which function is meant, and what becomes of its arguments. See analysis.h, function.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "expressions/analysis_parts.h"
#include "expressions/coercion.h"
#include "expressions/sql_conditions.h"

/* --- how many arguments --- */

struct arity {
    int32_t least;
    int32_t most; /* -1: any number */
};

static struct arity arity_of(const char *takes)
{
    struct arity arity = { 0 };
    bool optional = false;
    for (const char *c = takes; *c; c++) {
        if (*c == '[' || *c == ']') {
            optional = *c == '[';
        } else if (*c == '*') {
            arity.most = -1;
        } else if (*c != '=') {
            arity.least += !optional;
            arity.most++;
        }
    }
    return arity;
}

static bool wrong_number(struct analysis *a,
                         const struct function *f,
                         int32_t given,
                         struct span span)
{
    struct arity arity = arity_of(f->takes);
    char wanted[64];
    if (arity.most < 0) {
        (void)snprintf(wanted, sizeof(wanted), "> %d", arity.least - 1);
    } else if (arity.most == arity.least) {
        (void)snprintf(wanted, sizeof(wanted), "%d", arity.least);
    } else {
        int len = snprintf(wanted, sizeof(wanted), "[%d", arity.least);
        for (int32_t i = arity.least + 1; i <= arity.most && len < 50; i++) {
            len += snprintf(wanted + len, sizeof(wanted) - (size_t)len, ", %d", i);
        }
        (void)snprintf(wanted + len, sizeof(wanted) - (size_t)len, "]");
    }
    (void)sql_fail(a->error, &sql_wrong_num_args,
                   "The `%s` requires %s parameters but the actual number is %d. Please, refer to "
                   "'https://spark.apache.org/docs/latest/sql-ref-functions.html' for a fix.",
                   f->name, wanted, given);
    if (arity.most >= 0) { /* Spark finds the others out where it has no place at hand */
        sql_error_add_line(a->error, a->source, span);
    }
    return false;
}

static bool number_fits(const struct function *f, int32_t given)
{
    if (!f->takes) {
        return true; /* its resolve() sees to that */
    }
    struct arity arity = arity_of(f->takes);
    return given >= arity.least && (arity.most < 0 || given <= arity.most);
}

/* --- of which types --- */

static const char *const ordinals[] = { "first", "second",  "third",  "fourth", "fifth",
                                        "sixth", "seventh", "eighth", "ninth",  "tenth" };

/* As Spark names what a function wants. */
static const char *wanted_name(char letter)
{
    switch (letter) {
    case 's': return "\"STRING\"";
    case 'B': return "\"BINARY\"";
    case 'b': return "\"BOOLEAN\"";
    case 'y': return "\"TINYINT\"";
    case 'h': return "\"SMALLINT\"";
    case 'i': return "\"INT\"";
    case 'l': return "\"BIGINT\"";
    case 'f': return "\"FLOAT\"";
    case 'd': return "\"DOUBLE\"";
    case 'D': return "\"DATE\"";
    case 'T': return "\"TIMESTAMP\"";
    case 'n': return "\"NUMERIC\"";
    case 'k': return "\"INTEGRAL\"";
    case 'c': return "(\"STRING\" or \"BINARY\")";
    case 'm': return "(\"NUMERIC\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\")";
    case 'a': return "\"ARRAY\"";
    case 'p': return "\"MAP\"";
    case 'o': return "\"ORDERABLE\"";
    default: return "\"ANY\"";
    }
}

bool analysis_unexpected_type(struct analysis *a,
                              const struct expression *call,
                              int32_t i,
                              const char *wanted)
{
    const struct expression *arg = call->args[i];
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    buffer_printf(&text, "The %s parameter requires the %s type, however \"",
                  i < 10 ? ordinals[i] : "next", wanted);
    expression_print_name(&text, arg);
    buffer_append_text(&text, "\" has the type \"");
    type_print_sql(&text, arg->type);
    buffer_append_text(&text, "\".");
    (void)analysis_mismatch(a, call, &sql_mismatch_input_type, "%.*s",
                            BYTES_ARG(buffer_bytes(&text)));
    buffer_finish(&text);
    return false;
}

bool analysis_types_differ(struct analysis *a, const struct expression *call)
{
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    buffer_printf(&text, "Input to `%s` should all be the same type, but it's (",
                  call->function->name);
    for (int32_t i = 0; i < call->count; i++) {
        buffer_append_text(&text, i ? " or \"" : "\"");
        type_print_sql(&text, call->args[i]->type);
        buffer_append_text(&text, "\"");
    }
    buffer_append_text(&text, ").");
    (void)analysis_mismatch(a, call, &sql_mismatch_data_types, "%.*s",
                            BYTES_ARG(buffer_bytes(&text)));
    buffer_finish(&text);
    return false;
}

/* The letter for argument i: '*' repeats the last. */
static char letter_for(const char *takes, int32_t i)
{
    char last = 'x';
    for (const char *c = takes; *c; c++) {
        if (*c == '[' || *c == ']') {
            continue;
        }
        if (*c == '*') {
            return last;
        }
        last = *c;
        if (i-- == 0) {
            return last;
        }
    }
    return last;
}

static bool convert_arguments(struct analysis *a, struct expression *call)
{
    const struct function *f = call->function;
    if (strchr(f->takes, '=')) {
        int32_t first = (int32_t)(strchr(f->takes, '=') - f->takes);
        first = first > 0 ? first - 1 : 0;
        if (!unify_arguments(a, call, first, call->count - first)) {
            return analysis_types_differ(a, call);
        }
    }
    for (int32_t i = 0; i < call->count; i++) {
        char letter = letter_for(f->takes, i);
        if (letter == '=') {
            continue;
        }
        const struct type *type = implicit_type(a->arena, a->settings, call->args[i]->type, letter);
        if (!type) {
            return analysis_unexpected_type(a, call, i, wanted_name(letter));
        }
        analysis_set_arg(call, i, analysis_cast(a, call->args[i], type));
    }
    return true;
}

static const struct type *returned_type(const struct expression *call)
{
    switch (call->function->returns) {
    case 's': return type_simple(TYPE_STRING);
    case 'B': return type_simple(TYPE_BINARY);
    case 'b': return type_simple(TYPE_BOOLEAN);
    case 'y': return type_simple(TYPE_TINYINT);
    case 'h': return type_simple(TYPE_SMALLINT);
    case 'i': return type_simple(TYPE_INT);
    case 'l': return type_simple(TYPE_BIGINT);
    case 'f': return type_simple(TYPE_FLOAT);
    case 'd': return type_simple(TYPE_DOUBLE);
    case 'D': return type_simple(TYPE_DATE);
    case 'T': return type_simple(TYPE_TIMESTAMP);
    case 'v': return type_simple(TYPE_VOID);
    default: return call->args[0]->type;
    }
}

static bool resolve(struct analysis *a, struct expression *call)
{
    const struct function *f = call->function;
    if (f->resolve) {
        return f->resolve(a, call);
    }
    if (!convert_arguments(a, call)) {
        return false;
    }
    call->type = returned_type(call);
    switch (f->nullable) {
    case NULLABLE_ARGUMENTS: call->nullable = arguments_nullable(call); break;
    case NULLABLE_ALWAYS: call->nullable = true; break;
    case NULLABLE_NEVER: call->nullable = false; break;
    }
    return !f->check || f->check(a, call);
}

/* What a conversion of an argument cannot do is told with the whole call's text. */
static void blame_call_for_casts(const struct expression *call)
{
    for (int32_t i = 0; i < call->count; i++) {
        struct expression *arg = (struct expression *)(uintptr_t)call->args[i];
        if (arg->kind == EXPRESSION_CAST && arg->implicit) {
            arg->span = call->span;
            arg->source = call->source;
        }
    }
}

/* Is there a lambda among the arguments of a function that knows none? Then the error is set. */
static bool refuse_lambda(struct analysis *a,
                          const struct function *f,
                          const struct expression *const *args,
                          int32_t count)
{
    static const struct sql_condition misplaced = {
        "INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION", "42K0D", "AnalysisException"
    };
    for (int32_t i = 0; i < count && !f->lambdas; i++) {
        if (args[i]->kind == EXPRESSION_LAMBDA) {
            (void)sql_fail(a->error, &misplaced,
                           "Invalid lambda function call. A lambda function should only be used in "
                           "a higher order function. However, its class is %s, which is not a "
                           "higher order function.",
                           f->name);
            sql_error_add_line(a->error, a->source, args[i]->span);
            return true;
        }
    }
    return false;
}

/* Rows cannot be made in the middle of an expression. */
static bool refuse_generator(struct analysis *a, const struct expression *call)
{
    for (int32_t i = 0; i < call->count; i++) {
        const struct expression *arg = call->args[i];
        if (arg->kind != EXPRESSION_CALL || !arg->function->generator) {
            continue;
        }
        struct buffer text;
        buffer_init(&text, SQL_ERROR_MAX);
        expression_print_name(&text, call);
        (void)sql_fail(a->error, &sql_nested_generator,
                       "The generator is not supported: nested in expressions \"%.*s\".",
                       BYTES_ARG(buffer_bytes(&text)));
        buffer_finish(&text);
        return true;
    }
    return false;
}

static const struct expression *make_call(struct analysis *a,
                                          const struct function *f,
                                          const struct expression *const *args,
                                          int32_t count,
                                          const struct syntax *s,
                                          struct span span)
{
    if (!number_fits(f, count)) {
        (void)wrong_number(a, f, count, span);
        return NULL;
    }
    if (refuse_lambda(a, f, args, count)) {
        return NULL;
    }
    struct expression *call =
        analysis_new(a, f->aggregate ? EXPRESSION_AGGREGATE : EXPRESSION_CALL, span, args, count);
    call->function = f;
    call->name = bytes_of(f->printed ? f->printed : f->name);
    call->deterministic = call->deterministic && !f->random;
    if (s) {
        call->distinct = s->distinct;
        call->ignore_nulls = s->ignore_nulls;
        call->filter = s->filter ? analyze(a, s->filter) : NULL;
        if (s->filter && !call->filter) {
            return NULL;
        }
    }
    if (refuse_generator(a, call) || !resolve(a, call)) {
        return NULL;
    }
    blame_call_for_casts(call);
    return call;
}

/* --- from syntax --- */

/* Who is told that a function does not exist looks for a mistake of their own, where it is this engine that lacks it. */
static const char *why_unresolved(struct bytes name)
{
    return function_is_unwritten(name) ? ": Spark has this function, Weir does not have it yet"
                                       : "";
}

static const struct function *find_function(struct analysis *a, const struct syntax *s)
{
    const struct function *f = function_find(s->text);
    if (!f) {
        struct bytes name = s->text;
        (void)sql_fail(a->error, &sql_unresolved_routine,
                       "Cannot resolve routine `%.*s` on search path [`system`.`builtin`, "
                       "`system`.`session`, `spark_catalog`.`default`]%s.",
                       BYTES_ARG(name), why_unresolved(name));
        sql_error_add_line(a->error, a->source, s->span);
    }
    return f;
}

const struct expression *analysis_call_syntax(struct analysis *a,
                                              const struct syntax *s,
                                              const struct expression *const *args)
{
    const struct function *f = find_function(a, s);
    return f ? make_call(a, f, args, args ? s->count : 0, s, s->span) : NULL;
}

/* count(*) counts rows: it is count(1). Other functions take all columns. */
const struct expression *analysis_call_of_star(struct analysis *a, const struct syntax *s)
{
    const struct function *f = find_function(a, s);
    if (!f) {
        return NULL;
    }
    if (strcmp(f->name, "count") == 0) {
        struct expression like = { .span = s->args[0]->span };
        const struct expression *one = analysis_literal(a, scalar_int(1), &like);
        return make_call(a, f, &one, 1, s, s->span);
    }
    const struct expression **args = NULL;
    int32_t count = 0;
    if (!analyze_projection(a, s->args, 1, &args, &count)) {
        return NULL;
    }
    for (int32_t i = 0; i < count; i++) {
        args[i] = args[i]->args[0]; /* without the alias */
    }
    return make_call(a, f, args, count, s, s->span);
}

const struct expression *analysis_call(struct analysis *a,
                                       const char *name,
                                       const struct expression *const *args,
                                       int32_t count,
                                       struct span span)
{
    const struct function *f = function_find(bytes_of(name));
    if (!f) {
        (void)sql_fail(a->error, &sql_unresolved_routine, "Cannot resolve routine `%s`%s.", name,
                       why_unresolved(bytes_of(name)));
        return NULL;
    }
    return make_call(a, f, args, count, NULL, span);
}

bool analysis_is_bare_function(struct bytes name)
{
    static const char *const names[] = { "current_date",    "current_timestamp", "current_user",
                                         "current_catalog", "current_database",  "user",
                                         "localtimestamp" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (name.len == strlen(names[i]) &&
            strncasecmp((const char *)name.data, names[i], name.len) == 0) {
            return function_find(name) != NULL;
        }
    }
    return false;
}

/* --- casts that cannot be --- */

bool analysis_refuse_cast(struct analysis *a, const struct expression *cast)
{
    const struct type *from = cast->args[0]->type;
    const struct type *to = cast->type;
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    const struct sql_condition *condition = &sql_mismatch_cast;
    buffer_append_text(&text, "cannot cast \"");
    type_print_sql(&text, from);
    buffer_append_text(&text, "\" to \"");
    type_print_sql(&text, to);
    buffer_append_text(&text, "\"");
    const char *advice = cast->cast_mode != CAST_LEGACY ? cast_advice(from, to) : NULL;
    if (advice) {
        condition = &sql_mismatch_cast_function;
        buffer_append_text(&text, ".\nTo convert values from \"");
        type_print_sql(&text, from);
        buffer_append_text(&text, "\" to \"");
        type_print_sql(&text, to);
        buffer_printf(&text, "\", you can use the functions %s instead.", advice);
    } else if (cast->cast_mode == CAST_ANSI && cast_allowed(from, to, CAST_LEGACY)) {
        condition = &sql_mismatch_cast_conf;
        buffer_append_text(&text, " with ANSI mode on.\nIf you have to cast \"");
        type_print_sql(&text, from);
        buffer_append_text(&text, "\" to \"");
        type_print_sql(&text, to);
        buffer_append_text(&text, "\", you can set \"spark.sql.ansi.enabled\" as 'false'.");
    } else {
        buffer_append_text(&text, ".");
    }
    (void)analysis_mismatch(a, cast, condition, "%.*s", BYTES_ARG(buffer_bytes(&text)));
    buffer_finish(&text);
    return false;
}

/* --- lambdas --- */

const struct expression *analysis_unbound_lambda(struct analysis *a, const struct syntax *s)
{
    struct expression *e = analysis_new(a, EXPRESSION_LAMBDA, s->span, NULL, 0);
    e->extra = s;
    e->type = type_simple(TYPE_VOID);
    e->parameters = s->part_count;
    return e;
}

const struct expression *analysis_bind_lambda(struct analysis *a,
                                              const struct expression *unbound,
                                              const struct type *const *types,
                                              const bool *nullable,
                                              int32_t count)
{
    const struct syntax *s = unbound->extra;
    int32_t used = s->part_count < count ? s->part_count : count;
    const struct expression **variables =
        ARENA_NEW(a->arena, const struct expression *, (size_t)count);
    int32_t first = a->variables;
    a->variables += count;
    for (int32_t i = 0; i < used; i++) {
        struct expression *v = analysis_new(a, EXPRESSION_VARIABLE, s->span, NULL, 0);
        v->name = s->parts[i];
        v->type = types[i];
        v->nullable = nullable[i];
        v->index = first + i;
        variables[i] = v;
    }
    struct lambda_scope scope = {
        .outer = a->scope, .count = used, .names = s->parts, .variables = variables
    };
    a->scope = &scope;
    const struct expression *body = analyze(a, s->args[0]);
    a->scope = scope.outer;
    if (!body) {
        return NULL;
    }
    struct expression *lambda = analysis_new(a, EXPRESSION_LAMBDA, s->span, &body, 1);
    lambda->index = first;
    lambda->parameters = count;
    lambda->type = body->type;
    lambda->nullable = body->nullable;
    return lambda;
}
