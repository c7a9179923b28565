/*
 * Patterns: like, rlike and the regexp_ functions, split: see function.h.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "columns/builder.h"
#include "expressions/analysis.h"
#include "expressions/sql_conditions.h"
#include "expressions/string_functions.h"
#include "expressions/string_regex.h"

static const struct expression nowhere = { .span = { -1, -1 } };

static bool check_pattern(struct analysis *a, struct expression *call)
{
    regex_prepare(a, call, 1);
    return true;
}

/* --- rlike, regexp_count, regexp_instr --- */

static void print_upper(struct buffer *out,
                        const struct expression *call,
                        expression_printer *argument)
{
    buffer_printf(out, "%.*s(", BYTES_ARG(call->name));
    argument(out, call->args[0]);
    buffer_append_text(out, ", ");
    argument(out, call->args[1]);
    buffer_append_text(out, ")");
}

typedef bool match_row(struct regex *r, struct bytes text, int64_t *out);

static bool row_matches(struct regex *r, struct bytes text, int64_t *out)
{
    enum regex_outcome outcome = regex_find(r, text, 0);
    *out = outcome == REGEX_FOUND;
    return outcome != REGEX_FAILED;
}

static bool row_count(struct regex *r, struct bytes text, int64_t *out)
{
    enum regex_outcome outcome = regex_find(r, text, 0);
    while (outcome == REGEX_FOUND) {
        (*out)++;
        outcome = regex_find(r, text, regex_next(r, text));
    }
    return outcome != REGEX_FAILED;
}

/* Places are Java's: characters beyond U+FFFF are two. */
static bool row_place(struct regex *r, struct bytes text, int64_t *out)
{
    enum regex_outcome outcome = regex_find(r, text, 0);
    for (size_t at = 0; outcome == REGEX_FOUND && at < r->at[0]; at += text_width(text, at)) {
        *out += text_width(text, at) == 4 ? 2 : 1;
    }
    *out += outcome == REGEX_FOUND;
    return outcome != REGEX_FAILED;
}

static struct column *match_rows(struct evaluation *ev,
                                 const struct expression *call,
                                 struct column *const *args,
                                 const struct rows *rows,
                                 match_row *match)
{
    struct vector v = vector_new(call->type, rows);
    struct regex r;
    regex_open(&r, ev, call, rows->count);
    bool ok = true;
    for (int32_t i = 0; ok && i < rows->count; i++) {
        int64_t value = 0;
        if (!row_counts(rows, i)) {
            continue;
        }
        ok = regex_use(&r, column_text(args[1], i)) && match(&r, column_text(args[0], i), &value);
        if (call->type->kind == TYPE_INT) {
            ((int32_t *)v.values)[i] = (int32_t)value;
        } else if (value) {
            bit_set(v.values, i);
        }
    }
    regex_close(&r);
    if (!ok) {
        vector_drop(&v);
        return NULL;
    }
    return vector_finish(&v);
}

static KERNEL(rlike)
{
    return match_rows(ev, call, args, rows, row_matches);
}

static KERNEL(regexp_count)
{
    return match_rows(ev, call, args, rows, row_count);
}

static KERNEL(regexp_instr)
{
    return match_rows(ev, call, args, rows, row_place);
}

/* --- regexp_extract, regexp_substr, regexp_extract_all --- */

static bool check_extract(struct analysis *a, struct expression *call)
{
    call_add_literal(a, call, 3, scalar_int(1));
    regex_prepare(a, call, 1);
    return true;
}

static bool check_instr(struct analysis *a, struct expression *call)
{
    call_add_literal(a, call, 3, scalar_int(0));
    regex_prepare(a, call, 1);
    return true;
}

/* The text of a group of the last match; empty where it took no part. False: there is no such group. */
static bool group_text(struct regex *r, struct bytes text, int64_t index, struct bytes *out)
{
    static const struct sql_condition bad = { "INVALID_PARAMETER_VALUE.REGEX_GROUP_INDEX", "22023",
                                              "SparkRuntimeException" };
    if (index < 0 || index > r->groups) {
        (void)evaluation_fail(r->ev, &nowhere, &bad,
                              "The value of parameter(s) `idx` in `%s` is invalid: Expects group "
                              "index between 0 and %d, but got %lld.",
                              r->call->function->name, r->groups, (long long)index);
        return false;
    }
    size_t begin = r->at[2 * index];
    bool there = begin != PCRE2_UNSET && r->at[2 * index + 1] >= begin;
    *out = there ? (struct bytes){ text.data + begin, r->at[2 * index + 1] - begin }
                 : (struct bytes){ text.data, 0 };
    return true;
}

static KERNEL(regexp_extract)
{
    bool substr = call->count < 3; /* regexp_substr: the whole, and null for nothing */
    struct texts t = texts_new(call->type, rows, column_all_text(args[0]).len);
    struct regex r;
    regex_open(&r, ev, call, rows->count);
    bool ok = true;
    for (int32_t i = 0; ok && i < rows->count; i++) {
        if (row_counts(rows, i)) {
            struct bytes text = column_text(args[0], i);
            ok = regex_use(&r, column_text(args[1], i));
            enum regex_outcome outcome = ok ? regex_find(&r, text, 0) : REGEX_FAILED;
            struct bytes found = { 0 };
            ok = outcome != REGEX_FAILED &&
                 (outcome == REGEX_NONE ||
                  group_text(&r, text, substr ? 0 : column_integer(args[2], i), &found));
            texts_add(&t, found);
            if (substr && found.len == 0) {
                texts_null(&t, i);
            }
        }
        texts_close(&t, i);
    }
    regex_close(&r);
    if (!ok) {
        texts_drop(&t);
        return NULL;
    }
    return texts_finish(&t, ev, call);
}

static const struct type *strings_type(struct analysis *a, bool element_nullable)
{
    return type_array(a->arena, type_simple(TYPE_STRING), element_nullable);
}

static bool check_extract_all(struct analysis *a, struct expression *call)
{
    call->type = strings_type(a, true);
    return check_extract(a, call);
}

static KERNEL(regexp_extract_all)
{
    struct builder *b = builder_new(call->type);
    struct regex r;
    regex_open(&r, ev, call, rows->count);
    bool ok = true;
    for (int32_t i = 0; ok && i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            builder_null(b);
            continue;
        }
        struct bytes text = column_text(args[0], i);
        ok = regex_use(&r, column_text(args[1], i));
        enum regex_outcome outcome = ok ? regex_find(&r, text, 0) : REGEX_FAILED;
        while (outcome == REGEX_FOUND) {
            struct bytes found;
            if (!group_text(&r, text, column_integer(args[2], i), &found)) {
                outcome = REGEX_FAILED;
                break;
            }
            builder_text(builder_child(b, 0), found);
            outcome = regex_find(&r, text, regex_next(&r, text));
        }
        ok = outcome != REGEX_FAILED;
        builder_list(b);
    }
    regex_close(&r);
    if (!ok) {
        builder_free(b);
        return NULL;
    }
    return builder_finish(b);
}

/* --- regexp_replace --- */

static bool check_regexp_replace(struct analysis *a, struct expression *call)
{
    call_add_literal(a, call, 4, scalar_int(1));
    regex_prepare(a, call, 1);
    const struct expression *e = call->args[3];
    if (!expression_is_constant(e)) {
        return analysis_mismatch(a, call, &sql_non_foldable,
                                 "the input `position` should be a foldable \"INT\" expression; "
                                 "however, got \"%.*s\".",
                                 BYTES_ARG(e->name));
    }
    struct scalar position;
    if (!analysis_constant(a, e, &position)) {
        return !sql_failed(a->error);
    }
    if (!position.null && position.integer <= 0) {
        return analysis_mismatch(
            a, call, &sql_mismatch_value_range,
            "The position must be between (0, 2147483647] (current value = %lld).",
            (long long)position.integer);
    }
    return true;
}

/* $1 or ${name} at `at`; the group's number, -1: it is none. */
static int64_t replacement_group(const struct regex *r, struct bytes with, size_t *at)
{
    size_t i = *at + 1;
    if (i < with.len && with.data[i] == '{') {
        char name[64];
        const uint8_t *close = memchr(with.data + i, '}', with.len - i);
        struct bytes text = { with.data + i + 1, close ? (size_t)(close - with.data) - i - 1 : 0 };
        int number = -1;
        if (close && !r->literal && bytes_to_text(text, name, sizeof(name))) {
            number = pcre2_substring_number_from_name(r->code, (PCRE2_SPTR)name);
        }
        *at = close ? (size_t)(close - with.data) + 1 : with.len;
        return number > 0 ? number : -1;
    }
    if (i >= with.len || with.data[i] < '0' || with.data[i] > '9') {
        return -1;
    }
    int64_t number = with.data[i++] - '0';
    while (i < with.len && with.data[i] >= '0' && with.data[i] <= '9' &&
           number * 10 + (with.data[i] - '0') <= r->groups) {
        number = number * 10 + (with.data[i++] - '0');
    }
    *at = i;
    return number <= r->groups ? number : -1;
}

/* False: it names a group that is not there. */
static bool add_replacement(struct regex *r,
                            struct texts *out,
                            struct bytes text,
                            struct bytes with)
{
    for (size_t at = 0; at < with.len;) {
        uint8_t c = with.data[at];
        if (c == '\\') {
            if (++at == with.len) {
                return false;
            }
            texts_add_byte(out, with.data[at++]);
        } else if (c == '$') {
            int64_t group = replacement_group(r, with, &at);
            if (group < 0) {
                return false;
            }
            size_t begin = r->at[2 * group];
            if (begin != PCRE2_UNSET) {
                texts_add(out, (struct bytes){ text.data + begin, r->at[2 * group + 1] - begin });
            }
        } else {
            texts_add_byte(out, c);
            at++;
        }
    }
    return true;
}

/* What is before `position` stays, and the pattern does not see it. */
static bool replace_row(
    struct regex *r, struct texts *out, struct bytes source, struct bytes with, int64_t position)
{
    static const struct sql_condition bad = { "INVALID_REGEXP_REPLACE", "22023",
                                              "SparkRuntimeException" };
    size_t skipped = position > 1 ? text_index(source, (size_t)position - 1) : 0;
    texts_add(out, (struct bytes){ source.data, skipped });
    struct bytes text = { source.data + skipped, source.len - skipped };
    size_t done = 0;
    enum regex_outcome outcome =
        skipped == source.len && skipped > 0 ? REGEX_NONE : regex_find(r, text, 0);
    while (outcome == REGEX_FOUND && !out->overflow) {
        texts_add(out, (struct bytes){ text.data + done, r->at[0] - done });
        if (!add_replacement(r, out, text, with)) {
            (void)evaluation_fail(r->ev, &nowhere, &bad,
                                  "Could not perform regexp_replace for source = \"%.*s\", pattern "
                                  "= \"%.*s\", replacement = \"%.*s\" and position = %lld.",
                                  BYTES_ARG(source), BYTES_ARG(r->pattern), BYTES_ARG(with),
                                  (long long)position);
            return false;
        }
        done = r->at[1];
        outcome = regex_find(r, text, regex_next(r, text));
    }
    texts_add(out, (struct bytes){ text.data + done, text.len - done });
    return outcome != REGEX_FAILED;
}

static KERNEL(regexp_replace)
{
    struct texts t = texts_new(call->type, rows, column_all_text(args[0]).len);
    struct regex r;
    regex_open(&r, ev, call, rows->count);
    bool ok = true;
    for (int32_t i = 0; ok && i < rows->count; i++) {
        if (row_counts(rows, i)) {
            ok = regex_use(&r, column_text(args[1], i)) &&
                 replace_row(&r, &t, column_text(args[0], i), column_text(args[2], i),
                             column_integer(args[3], i));
        }
        texts_close(&t, i);
    }
    regex_close(&r);
    if (!ok) {
        texts_drop(&t);
        return NULL;
    }
    return texts_finish(&t, ev, call);
}

/* --- split --- */

static bool check_split(struct analysis *a, struct expression *call)
{
    call_add_literal(a, call, 3, scalar_int(-1));
    regex_prepare(a, call, 1);
    call->type = strings_type(a, false);
    return true;
}

static struct bytes between(struct bytes text, size_t from, size_t to)
{
    return (struct bytes){ text.data + from, to - from };
}

/* Between characters; the last piece has what is left. */
static void split_characters(struct builder *pieces, struct bytes text, int64_t limit)
{
    size_t at = 0;
    for (int64_t n = 1; at < text.len && (limit <= 0 || n < limit); n++) {
        size_t width = text_width(text, at);
        builder_text(pieces, between(text, at, at + width));
        at += width;
    }
    if (at < text.len) {
        builder_text(pieces, between(text, at, text.len));
    }
}

/* Java's String.split with a limit that is not 0: what is empty at the end stays, an empty match at the start does not count. */
static bool split_text(struct regex *r, struct builder *pieces, struct bytes text, int64_t limit)
{
    size_t done = 0;
    int64_t count = 0;
    enum regex_outcome outcome = limit == 1 ? REGEX_NONE : regex_find(r, text, 0);
    while (outcome == REGEX_FOUND) {
        if (r->at[1] > 0) {
            builder_text(pieces, between(text, done, r->at[0] > done ? r->at[0] : done));
            done = r->at[1];
            count++;
        }
        outcome =
            limit > 0 && count >= limit - 1 ? REGEX_NONE : regex_find(r, text, regex_next(r, text));
    }
    builder_text(pieces, between(text, done, text.len));
    return outcome != REGEX_FAILED;
}

static KERNEL(split)
{
    struct builder *b = builder_new(call->type);
    builder_reserve(b, rows->count);
    struct regex r;
    regex_open(&r, ev, call, rows->count);
    bool ok = true;
    for (int32_t i = 0; ok && i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            builder_null(b);
            continue;
        }
        struct bytes text = column_text(args[0], i);
        struct bytes pattern = column_text(args[1], i);
        int64_t limit = column_integer(args[2], i);
        if (text.len > 0 && pattern.len == 0) {
            split_characters(builder_child(b, 0), text, limit);
        } else {
            ok = regex_use(&r, pattern) && split_text(&r, builder_child(b, 0), text, limit);
        }
        builder_list(b);
    }
    regex_close(&r);
    if (!ok) {
        builder_free(b);
        return NULL;
    }
    return builder_finish(b);
}

const struct function functions_regex[] = {
    { .name = "like",
      .takes = "ss[s]",
      .returns = 'b',
      .check = check_like,
      .evaluate = string_like,
      .print = print_like },
    { .name = "ilike",
      .takes = "ss[s]",
      .returns = 'b',
      .check = check_like,
      .evaluate = string_like },
    { .name = "like any",
      .printed = "likeany",
      .takes = "ss*",
      .returns = 'b',
      .nullable = NULLABLE_ALWAYS,
      .check = check_like_any,
      .evaluate = string_like_any,
      .print = print_like_any },
    { .name = "like all",
      .printed = "likeall",
      .takes = "ss*",
      .returns = 'b',
      .nullable = NULLABLE_ALWAYS,
      .check = check_like_any,
      .evaluate = string_like_any,
      .print = print_like_any },
    { .name = "not like any",
      .printed = "notlikeany",
      .takes = "ss*",
      .returns = 'b',
      .nullable = NULLABLE_ALWAYS,
      .check = check_like_any,
      .evaluate = string_like_any,
      .print = print_like_any },
    { .name = "not like all",
      .printed = "notlikeall",
      .takes = "ss*",
      .returns = 'b',
      .nullable = NULLABLE_ALWAYS,
      .check = check_like_any,
      .evaluate = string_like_any,
      .print = print_like_any },
    { .name = "rlike",
      .printed = "RLIKE",
      .takes = "ss",
      .returns = 'b',
      .check = check_pattern,
      .evaluate = rlike,
      .print = print_upper },
    { .name = "regexp",
      .printed = "REGEXP",
      .takes = "ss",
      .returns = 'b',
      .check = check_pattern,
      .evaluate = rlike,
      .print = print_upper },
    { .name = "regexp_like",
      .printed = "REGEXP_LIKE",
      .takes = "ss",
      .returns = 'b',
      .check = check_pattern,
      .evaluate = rlike,
      .print = print_upper },
    { .name = "regexp_count",
      .takes = "ss",
      .returns = 'i',
      .check = check_pattern,
      .evaluate = regexp_count },
    { .name = "regexp_instr",
      .takes = "ss[i]",
      .returns = 'i',
      .check = check_instr,
      .evaluate = regexp_instr },
    { .name = "regexp_extract",
      .takes = "ss[i]",
      .returns = 's',
      .check = check_extract,
      .evaluate = regexp_extract },
    { .name = "regexp_substr",
      .takes = "ss",
      .returns = 's',
      .nullable = NULLABLE_ALWAYS,
      .check = check_pattern,
      .evaluate = regexp_extract },
    { .name = "regexp_extract_all",
      .takes = "ss[i]",
      .returns = 's',
      .check = check_extract_all,
      .evaluate = regexp_extract_all },
    { .name = "regexp_replace",
      .takes = "sss[i]",
      .returns = 's',
      .check = check_regexp_replace,
      .evaluate = regexp_replace },
    { .name = "split", .takes = "ss[i]", .returns = 's', .check = check_split, .evaluate = split },
    { 0 },
};
