/*
 * Parts of strings and more of them: substring, trim, pad, repeat, reverse, split_part.
 *
 * Places are counted in characters, from 1; from the end where they are negative. Where a whole column is ASCII, characters are bytes.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "expressions/coercion.h"
#include "expressions/string_functions.h"

/* --- substring, left, right --- */

/* Characters [start, end) of the text, either of which may be outside of it. */
static struct bytes cut_characters(struct bytes text, int64_t start, int64_t end, bool plain)
{
    if (end <= start || end <= 0 || start >= (int64_t)text.len) {
        return (struct bytes){ text.data, 0 };
    }
    size_t first = start > 0 ? (size_t)start : 0;
    size_t count = (size_t)end - first;
    if (!plain) {
        size_t begin = text_index(text, first);
        struct bytes rest = { text.data + begin, text.len - begin };
        return (struct bytes){ rest.data, count >= rest.len ? rest.len : text_index(rest, count) };
    }
    size_t left = text.len - first;
    return (struct bytes){ text.data + first, count < left ? count : left };
}

/* Spark's substring: place 0 is place 1. */
static struct bytes cut_from(struct bytes text, int64_t place, int64_t count, bool plain)
{
    int64_t start = place > 0 ? place - 1 : 0;
    if (place < 0) {
        start = (int64_t)(plain ? text.len : text_length(text)) + place;
    }
    int64_t end = start + count;
    return cut_characters(text, start, end > INT32_MAX ? INT32_MAX : end, plain);
}

static struct column *substrings(struct evaluation *ev,
                                 const struct expression *call,
                                 const struct column *from,
                                 const struct column *place,
                                 const struct column *count,
                                 const struct rows *rows)
{
    bool plain = from->type->kind == TYPE_BINARY || column_is_ascii(from);
    struct texts t = texts_new(call->type, rows, column_all_text(from).len);
    for (int32_t i = 0; i < rows->count; i++) {
        if (row_counts(rows, i)) {
            int64_t first = place ? column_integer(place, i) : 1;
            int64_t length = count ? column_integer(count, i) : INT32_MAX;
            texts_add(&t, cut_from(column_text(from, i), first, length, plain));
        }
        texts_close(&t, i);
    }
    return texts_finish(&t, ev, call);
}

KERNEL(string_substring)
{
    return substrings(ev, call, args[0], args[1], call->count > 2 ? args[2] : NULL, rows);
}

KERNEL(string_left)
{
    return substrings(ev, call, args[0], NULL, args[1], rows);
}

static enum row_outcome right_row(struct row_call *c, int32_t row)
{
    int64_t count = column_integer(c->args[1], row);
    struct bytes text = column_text(c->args[0], row);
    if (count > 0) {
        texts_add(&c->out, cut_from(text, -count, INT32_MAX, text_is_ascii(text)));
    }
    return ROW_VALUE;
}

KERNEL(string_right)
{
    return texts_by_row(ev, call, args, rows, right_row);
}

bool check_string_substring(struct analysis *a, struct expression *call)
{
    call_add_literal(a, call, 3, scalar_int(INT32_MAX));
    return true;
}

/* --- trim --- */

enum trim_side {
    TRIM_LEFT = 1,
    TRIM_RIGHT = 2,
};

static int trim_sides(const struct expression *call)
{
    const char *name = call->function->name;
    if (strcmp(name, "ltrim") == 0 || strcmp(name, "trim leading") == 0) {
        return TRIM_LEFT;
    }
    bool right = strcmp(name, "rtrim") == 0 || strcmp(name, "trim trailing") == 0;
    return right ? TRIM_RIGHT : TRIM_LEFT | TRIM_RIGHT;
}

/* The text comes first where the parser or btrim put it there, and last in trim(what, text). */
static int trim_subject(const struct expression *call)
{
    const char *name = call->function->name;
    return name[0] == 'b' || strchr(name, ' ') ? 0 : call->count - 1;
}

static struct bytes trim_blanks(struct bytes text, int sides)
{
    while ((sides & TRIM_RIGHT) && text.len > 0 && text.data[text.len - 1] == ' ') {
        text.len--;
    }
    while ((sides & TRIM_LEFT) && text.len > 0 && text.data[0] == ' ') {
        text.data++;
        text.len--;
    }
    return text;
}

/* Where the last character begins. */
static size_t last_character(struct bytes text)
{
    size_t at = text.len - 1;
    while (at > 0 && text.len - at < 4 && (text.data[at] & 0xc0) == 0x80) {
        at--;
    }
    return at + text_width(text, at) == text.len ? at : text.len - 1;
}

static bool has_character(struct bytes set, struct bytes one)
{
    for (size_t at = 0; at < set.len; at += text_width(set, at)) {
        if (bytes_equal((struct bytes){ set.data + at, text_width(set, at) }, one)) {
            return true;
        }
    }
    return false;
}

static struct bytes trim_set(struct bytes text, struct bytes set, int sides)
{
    while ((sides & TRIM_LEFT) && text.len > 0) {
        size_t width = text_width(text, 0);
        if (!has_character(set, (struct bytes){ text.data, width })) {
            break;
        }
        text.data += width;
        text.len -= width;
    }
    while ((sides & TRIM_RIGHT) && text.len > 0) {
        size_t at = last_character(text);
        if (!has_character(set, (struct bytes){ text.data + at, text.len - at })) {
            break;
        }
        text.len = at;
    }
    return text;
}

KERNEL(string_trim)
{
    int sides = trim_sides(call);
    int subject = trim_subject(call);
    const struct column *from = args[subject];
    const struct column *set = call->count > 1 ? args[1 - subject] : NULL;
    struct texts t = texts_new(call->type, rows, column_all_text(from).len);
    for (int32_t i = 0; i < rows->count; i++) {
        if (row_counts(rows, i)) {
            struct bytes text = column_text(from, i);
            texts_add(&t,
                      set ? trim_set(text, column_text(set, i), sides) : trim_blanks(text, sides));
        }
        texts_close(&t, i);
    }
    return texts_finish(&t, ev, call);
}

/* "trim(a)", "TRIM(LEADING x FROM a)". */
void print_trim(struct buffer *out, const struct expression *call, expression_printer *argument)
{
    int sides = trim_sides(call);
    int subject = trim_subject(call);
    if (call->count == 1) {
        buffer_append_text(out, sides == TRIM_LEFT    ? "ltrim("
                                : sides == TRIM_RIGHT ? "rtrim("
                                                      : "trim(");
    } else {
        buffer_append_text(out, sides == TRIM_LEFT    ? "TRIM(LEADING "
                                : sides == TRIM_RIGHT ? "TRIM(TRAILING "
                                                      : "TRIM(BOTH ");
        argument(out, call->args[1 - subject]);
        buffer_append_text(out, " FROM ");
    }
    argument(out, call->args[subject]);
    buffer_append_text(out, ")");
}

/* --- pad, repeat, space, reverse --- */

static void add_times(struct texts *out, struct bytes text, size_t times)
{
    if (text.len == 0 || times == 0) {
        return;
    }
    uint8_t *at = texts_room(out, text.len * times);
    if (!at) {
        return;
    }
    for (size_t i = 0; i < times; i++) {
        memcpy(at + i * text.len, text.data, text.len);
    }
    out->len += text.len * times;
}

static enum row_outcome pad_row(struct row_call *c, int32_t row)
{
    struct bytes text = column_text(c->args[0], row);
    struct bytes pad = column_text(c->args[2], row);
    int64_t wanted = column_integer(c->args[1], row);
    bool binary = c->call->type->kind == TYPE_BINARY;
    int64_t length = (int64_t)(binary ? text.len : text_length(text));
    int64_t missing = wanted - length;
    if (missing <= 0 || pad.len == 0) {
        texts_add(&c->out, cut_characters(text, 0, wanted, binary));
        return ROW_VALUE;
    }
    bool left = c->call->function->name[0] == 'l';
    int64_t pad_length = (int64_t)(binary ? pad.len : text_length(pad));
    if (!left) {
        texts_add(&c->out, text);
    }
    add_times(&c->out, pad, (size_t)(missing / pad_length));
    texts_add(&c->out, cut_characters(pad, 0, missing % pad_length, binary));
    if (left) {
        texts_add(&c->out, text);
    }
    return ROW_VALUE;
}

KERNEL(string_pad)
{
    return texts_by_row(ev, call, args, rows, pad_row);
}

/* Binary with binary or alone, anything else as strings. */
bool resolve_string_pad(struct analysis *a, struct expression *call)
{
    bool binary = call->args[0]->type->kind == TYPE_BINARY &&
                  (call->count == 2 || call->args[2]->type->kind == TYPE_BINARY);
    struct scalar pad = scalar_text(bytes_of(binary ? "" : " "));
    if (binary) {
        pad.type = type_simple(TYPE_BINARY);
        pad.text = (struct bytes){ (const uint8_t *)"\0", 1 };
    }
    call_add_literal(a, call, 3, pad);
    for (int32_t i = 0; i < 3; i++) {
        char letter = i == 1 ? 'i' : binary ? 'B' : 's';
        const struct type *type = implicit_type(a->arena, a->settings, call->args[i]->type, letter);
        if (!type) {
            return analysis_unexpected_type(a, call, i, i == 1 ? "\"INT\"" : "\"STRING\"");
        }
        analysis_set_arg(call, i, analysis_cast(a, call->args[i], type));
    }
    call->type = type_simple(binary ? TYPE_BINARY : TYPE_STRING);
    call->nullable = arguments_nullable(call);
    return true;
}

static enum row_outcome repeat_row(struct row_call *c, int32_t row)
{
    int64_t times = column_integer(c->args[1], row);
    add_times(&c->out, column_text(c->args[0], row), times > 0 ? (size_t)times : 0);
    return ROW_VALUE;
}

KERNEL(string_repeat)
{
    return texts_by_row(ev, call, args, rows, repeat_row);
}

static enum row_outcome space_row(struct row_call *c, int32_t row)
{
    int64_t times = column_integer(c->args[0], row);
    add_times(&c->out, bytes_of(" "), times > 0 ? (size_t)times : 0);
    return ROW_VALUE;
}

KERNEL(string_space)
{
    return texts_by_row(ev, call, args, rows, space_row);
}

static enum row_outcome reverse_row(struct row_call *c, int32_t row)
{
    struct bytes text = column_text(c->args[0], row);
    uint8_t *out = texts_room(&c->out, text.len);
    if (!out) {
        return ROW_FAILED;
    }
    for (size_t at = 0; at < text.len;) {
        size_t width = text_width(text, at);
        memcpy(out + text.len - at - width, text.data + at, width);
        at += width;
    }
    c->out.len += text.len;
    return ROW_VALUE;
}

static struct column *reverse_lists(const struct expression *call,
                                    struct column *list,
                                    const struct rows *rows)
{
    int32_t total = 0;
    for (int32_t i = 0; i < rows->count; i++) {
        total += row_counts(rows, i) ? column_count(list, i) : 0;
    }
    int32_t *chosen = mem_zalloc((size_t)total + 1, sizeof(*chosen));
    int32_t *offsets = mem_zalloc((size_t)rows->count + 1, sizeof(*offsets));
    int32_t at = 0;
    for (int32_t i = 0; i < rows->count; i++) {
        int32_t count = row_counts(rows, i) ? column_count(list, i) : 0;
        for (int32_t k = count; k > 0; k--) {
            chosen[at++] = column_first(list, i) + k - 1;
        }
        offsets[i + 1] = at;
    }
    struct column *child = column_take(list->children[0], chosen, total);
    struct vector nulls = vector_new(type_simple(TYPE_BOOLEAN), rows);
    uint8_t *validity = nulls.validity;
    nulls.validity = NULL;
    vector_drop(&nulls);
    free(chosen);
    return column_new(call->type, rows->count,
                      &(struct column_buffers){ .null_count = rows->null_count,
                                                .validity = validity,
                                                .offsets = offsets,
                                                .children = &child });
}

KERNEL(string_reverse)
{
    return call->type->kind == TYPE_ARRAY ? reverse_lists(call, args[0], rows)
                                          : texts_by_row(ev, call, args, rows, reverse_row);
}

bool resolve_string_reverse(struct analysis *a, struct expression *call)
{
    const struct type *type = call->args[0]->type;
    if (type->kind != TYPE_ARRAY) {
        type = implicit_type(a->arena, a->settings, type, 's');
        if (!type) {
            return analysis_unexpected_type(a, call, 0, "(\"STRING\" or \"ARRAY\")");
        }
        analysis_set_arg(call, 0, analysis_cast(a, call->args[0], type));
    }
    call->type = type;
    call->nullable = arguments_nullable(call);
    return true;
}

/* --- pieces between separators --- */

/* Piece number `n` (from 0) when `text` is cut at `separator`; false: there are not so many. */
static bool find_piece(struct bytes text, struct bytes separator, int64_t n, struct bytes *out)
{
    size_t from = 0;
    for (;;) {
        size_t end = separator.len ? text_find(text, separator, from) : text.len + 1;
        bool last = end > text.len;
        if (n == 0) {
            *out = (struct bytes){ text.data + from, (last ? text.len : end) - from };
            return true;
        }
        if (last) {
            return false;
        }
        from = end + separator.len;
        n--;
    }
}

static int64_t count_pieces(struct bytes text, struct bytes separator)
{
    int64_t count = 1;
    size_t at = separator.len ? text_find(text, separator, 0) : text.len + 1;
    while (at <= text.len) {
        count++;
        at = text_find(text, separator, at + separator.len);
    }
    return count;
}

static enum row_outcome split_part_row(struct row_call *c, int32_t row)
{
    static const struct sql_condition zero = { "INVALID_INDEX_OF_ZERO", "22003",
                                               "SparkRuntimeException" };
    struct bytes text = column_text(c->args[0], row);
    struct bytes separator = column_text(c->args[1], row);
    int64_t n = column_integer(c->args[2], row);
    if (n == 0) {
        (void)evaluation_fail(c->ev, c->call, &zero,
                              "The index 0 is invalid. An index shall be either < 0 or > 0 (the "
                              "first element has index 1).");
        return ROW_FAILED;
    }
    int64_t index = n > 0 ? n - 1 : count_pieces(text, separator) + n;
    struct bytes piece = { 0 };
    if (index >= 0 && find_piece(text, separator, index, &piece)) {
        texts_add(&c->out, piece);
    }
    return ROW_VALUE;
}

KERNEL(string_split_part)
{
    return texts_by_row(ev, call, args, rows, split_part_row);
}

/* Where `part` begins at or before `from`, -1: nowhere. */
static int64_t find_backwards(struct bytes text, struct bytes part, int64_t from)
{
    int64_t most = (int64_t)text.len - (int64_t)part.len;
    for (int64_t at = from < most ? from : most; at >= 0; at--) {
        if (memcmp(text.data + at, part.data, part.len) == 0) {
            return at;
        }
    }
    return -1;
}

static enum row_outcome substring_index_row(struct row_call *c, int32_t row)
{
    struct bytes text = column_text(c->args[0], row);
    struct bytes separator = column_text(c->args[1], row);
    int64_t count = column_integer(c->args[2], row);
    if (separator.len == 0 || count == 0) {
        return ROW_VALUE;
    }
    int64_t at = count > 0 ? -1 : (int64_t)text.len + 1;
    for (; count > 0; count--) {
        at = (int64_t)text_find(text, separator, (size_t)(at + 1));
        if (at > (int64_t)text.len) {
            texts_add(&c->out, text);
            return ROW_VALUE;
        }
        if (count == 1) {
            texts_add(&c->out, (struct bytes){ text.data, (size_t)at });
            return ROW_VALUE;
        }
    }
    for (; count < 0; count++) {
        at = find_backwards(text, separator, at - 1);
        if (at < 0) {
            texts_add(&c->out, text);
            return ROW_VALUE;
        }
    }
    size_t after = (size_t)at + separator.len;
    texts_add(&c->out, (struct bytes){ text.data + after, text.len - after });
    return ROW_VALUE;
}

KERNEL(string_substring_index)
{
    return texts_by_row(ev, call, args, rows, substring_index_row);
}
