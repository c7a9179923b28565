/*
 * Strings in strings: instr, locate, contains, find_in_set, replace, translate, overlay, levenshtein, soundex.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "expressions/coercion.h"
#include "expressions/string_functions.h"

/* --- places --- */

/* The character (from 1) where `part` begins, at or behind character `start` (from 0); 0: nowhere. */
static int64_t place_of(struct bytes text, struct bytes part, size_t start)
{
    if (part.len == 0) {
        return 1;
    }
    size_t from = text_index(text, start);
    size_t at = text_find(text, part, from);
    return at > text.len ? 0 : (int64_t)text_length((struct bytes){ text.data, at }) + 1;
}

static enum row_outcome instr_row(struct row_call *c, int32_t row)
{
    c->number = place_of(column_text(c->args[0], row), column_text(c->args[1], row), 0);
    return ROW_VALUE;
}

KERNEL(string_instr)
{
    return numbers_by_row(ev, call, args, rows, instr_row);
}

static enum row_outcome locate_row(struct row_call *c, int32_t row)
{
    if (column_is_null(c->args[0], row) || column_is_null(c->args[1], row)) {
        return ROW_NULL;
    }
    int64_t start = column_is_null(c->args[2], row) ? 0 : column_integer(c->args[2], row);
    c->number = start < 1 ? 0
                          : place_of(column_text(c->args[1], row), column_text(c->args[0], row),
                                     (size_t)start - 1);
    return ROW_VALUE;
}

KERNEL(string_locate)
{
    return numbers_by_row(ev, call, args, rows, locate_row);
}

bool check_string_locate(struct analysis *a, struct expression *call)
{
    call_add_literal(a, call, 3, scalar_int(1));
    call->nullable = call->args[0]->nullable || call->args[1]->nullable;
    return true;
}

/* --- contains, startswith, endswith --- */

KERNEL(string_contains)
{
    (void)ev;
    char what = call->function->name[0];
    struct vector v = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            continue;
        }
        struct bytes text = column_text(args[0], i);
        struct bytes part = column_text(args[1], i);
        bool found = what == 's'   ? bytes_starts_with(text, part)
                     : what == 'e' ? bytes_ends_with(text, part)
                                   : text_find(text, part, 0) <= text.len;
        if (found) {
            bit_set(v.values, i);
        }
    }
    return vector_finish(&v);
}

/* Two strings, or two binaries, of which Spark thinks that the answer may be null. */
bool resolve_string_contains(struct analysis *a, struct expression *call)
{
    bool binary =
        call->args[0]->type->kind == TYPE_BINARY && call->args[1]->type->kind == TYPE_BINARY;
    for (int32_t i = 0; !binary && i < 2; i++) {
        const struct type *type = implicit_type(a->arena, a->settings, call->args[i]->type, 's');
        if (!type) {
            return analysis_unexpected_type(a, call, i, "\"STRING\"");
        }
        analysis_set_arg(call, i, analysis_cast(a, call->args[i], type));
    }
    call->type = type_simple(TYPE_BOOLEAN);
    call->nullable = binary || arguments_nullable(call);
    return true;
}

static enum row_outcome find_in_set_row(struct row_call *c, int32_t row)
{
    struct bytes word = column_text(c->args[0], row);
    struct bytes rest = column_text(c->args[1], row);
    struct bytes item;
    c->number = 0;
    if (word.len > 0 && memchr(word.data, ',', word.len)) {
        return ROW_VALUE;
    }
    for (int64_t n = 1; bytes_cut(&rest, ',', &item); n++) {
        if (bytes_equal(item, word)) {
            c->number = n;
            break;
        }
    }
    return ROW_VALUE;
}

KERNEL(string_find_in_set)
{
    return numbers_by_row(ev, call, args, rows, find_in_set_row);
}

/* --- replace, translate, overlay --- */

static enum row_outcome replace_row(struct row_call *c, int32_t row)
{
    struct bytes text = column_text(c->args[0], row);
    struct bytes search = column_text(c->args[1], row);
    struct bytes with = column_text(c->args[2], row);
    size_t done = 0;
    if (search.len > 0) {
        for (size_t at = text_find(text, search, 0); at <= text.len && !c->out.overflow;
             at = text_find(text, search, done)) {
            texts_add(&c->out, (struct bytes){ text.data + done, at - done });
            texts_add(&c->out, with);
            done = at + search.len;
        }
    }
    texts_add(&c->out, (struct bytes){ text.data + done, text.len - done });
    return ROW_VALUE;
}

KERNEL(string_replace)
{
    return texts_by_row(ev, call, args, rows, replace_row);
}

bool check_string_replace(struct analysis *a, struct expression *call)
{
    call_add_literal(a, call, 3, scalar_text(bytes_of("")));
    return true;
}

/* The character that takes the place of `one`; false: it has none, and goes. */
static bool translated(struct bytes from, struct bytes to, struct bytes one, struct bytes *out)
{
    size_t other = 0;
    for (size_t at = 0; at < from.len;) {
        size_t width = text_width(from, at);
        bool left = other < to.len;
        size_t other_width = left ? text_width(to, other) : 0;
        if (bytes_equal((struct bytes){ from.data + at, width }, one)) {
            *out = (struct bytes){ to.data + other, other_width };
            return left;
        }
        at += width;
        other += other_width;
    }
    *out = one;
    return true;
}

static void translate_text(struct texts *out, struct bytes text, struct bytes from, struct bytes to)
{
    for (size_t at = 0; at < text.len;) {
        struct bytes one = { text.data + at, text_width(text, at) };
        struct bytes other;
        if (translated(from, to, one, &other)) {
            texts_add(out, other);
        }
        at += one.len;
    }
}

enum { GOES = 256 };

/* For texts of ASCII: what becomes of each byte. */
static void make_table(uint16_t table[256], struct bytes from, struct bytes to)
{
    for (size_t i = 0; i < 256; i++) {
        table[i] = (uint16_t)i;
    }
    for (size_t i = from.len; i > 0; i--) { /* the first of several counts */
        table[from.data[i - 1]] = i <= to.len ? to.data[i - 1] : GOES;
    }
}

static void translate_by_table(struct texts *out, struct bytes text, const uint16_t table[256])
{
    uint8_t *at = texts_room(out, text.len);
    size_t len = 0;
    for (size_t i = 0; at && i < text.len; i++) {
        at[len] = (uint8_t)table[text.data[i]];
        len += table[text.data[i]] != GOES;
    }
    out->len += len;
}

KERNEL(string_translate)
{
    uint16_t table[256];
    bool plain = args[1]->constant && args[2]->constant && column_is_ascii(args[1]) &&
                 column_is_ascii(args[2]);
    if (plain) {
        make_table(table, column_all_text(args[1]), column_all_text(args[2]));
    }
    struct texts t = texts_new(call->type, rows, column_all_text(args[0]).len);
    for (int32_t i = 0; i < rows->count; i++) {
        if (row_counts(rows, i)) {
            struct bytes text = column_text(args[0], i);
            if (plain) { /* bytes of other characters stay as they are */
                translate_by_table(&t, text, table);
            } else {
                translate_text(&t, text, column_text(args[1], i), column_text(args[2], i));
            }
        }
        texts_close(&t, i);
    }
    return texts_finish(&t, ev, call);
}

static size_t place_index(struct bytes text, int64_t place, bool binary)
{
    if (place <= 0) {
        return 0;
    }
    if (binary) {
        return (size_t)place < text.len ? (size_t)place : text.len;
    }
    return text_index(text, (size_t)place);
}

static enum row_outcome overlay_row(struct row_call *c, int32_t row)
{
    struct bytes text = column_text(c->args[0], row);
    struct bytes with = column_text(c->args[1], row);
    int64_t place = column_integer(c->args[2], row);
    int64_t length = column_integer(c->args[3], row);
    bool binary = c->call->type->kind == TYPE_BINARY;
    if (length < 0) {
        length = (int64_t)(binary ? with.len : text_length(with));
    }
    int64_t after = place + length; /* a place as substring() takes it */
    int64_t all = after < 0 ? (int64_t)(binary ? text.len : text_length(text)) : 0;
    int64_t skip = after > 0 ? after - 1 : after < 0 ? all + after : 0;
    texts_add(&c->out, (struct bytes){ text.data, place_index(text, place - 1, binary) });
    texts_add(&c->out, with);
    size_t at = place_index(text, skip, binary);
    texts_add(&c->out, (struct bytes){ text.data + at, text.len - at });
    return ROW_VALUE;
}

KERNEL(string_overlay)
{
    return texts_by_row(ev, call, args, rows, overlay_row);
}

bool resolve_string_overlay(struct analysis *a, struct expression *call)
{
    call_add_literal(a, call, 4, scalar_int(-1));
    bool binary =
        call->args[0]->type->kind == TYPE_BINARY && call->args[1]->type->kind == TYPE_BINARY;
    for (int32_t i = 0; i < 4; i++) {
        char letter = i > 1 ? 'i' : binary ? 'B' : 's';
        const struct type *type = implicit_type(a->arena, a->settings, call->args[i]->type, letter);
        if (!type) {
            return analysis_unexpected_type(a, call, i,
                                            i > 1 ? "\"INT\"" : "(\"STRING\" or \"BINARY\")");
        }
        analysis_set_arg(call, i, analysis_cast(a, call->args[i], type));
    }
    call->type = type_simple(binary ? TYPE_BINARY : TYPE_STRING);
    call->nullable = arguments_nullable(call);
    return true;
}

/* --- likeness --- */

/* The text's characters, each by where it begins; one more for the end. */
static size_t *character_starts(struct bytes text, size_t *out_count)
{
    size_t *starts = mem_zalloc(text.len + 1, sizeof(*starts));
    size_t count = 0;
    for (size_t at = 0; at < text.len; at += text_width(text, at)) {
        starts[count++] = at;
    }
    starts[count] = text.len;
    *out_count = count;
    return starts;
}

static struct bytes character_at(struct bytes text, const size_t *starts, size_t i)
{
    return (struct bytes){ text.data + starts[i], starts[i + 1] - starts[i] };
}

/* One row of the table at a time. -1: nobody wants it any more, and the error is set. */
static int64_t edit_distance(struct evaluation *ev, struct bytes a, struct bytes b)
{
    size_t rows = 0;
    size_t columns = 0;
    size_t *a_at = character_starts(a, &rows);
    size_t *b_at = character_starts(b, &columns);
    int32_t *line = mem_zalloc(columns + 1, sizeof(*line));
    for (size_t k = 0; k <= columns; k++) {
        line[k] = (int32_t)k;
    }
    bool stopped = false;
    for (size_t i = 0; i < rows && !stopped; i++) {
        int32_t diagonal = line[0];
        line[0] = (int32_t)i + 1;
        for (size_t k = 0; k < columns; k++) {
            bool same = bytes_equal(character_at(a, a_at, i), character_at(b, b_at, k));
            int32_t best = diagonal + !same;
            best = line[k] + 1 < best ? line[k] + 1 : best;
            best = line[k + 1] + 1 < best ? line[k + 1] + 1 : best;
            diagonal = line[k + 1];
            line[k + 1] = best;
        }
        stopped = evaluation_stopped(ev);
    }
    int64_t distance = stopped ? -1 : line[columns];
    free(line);
    free(a_at);
    free(b_at);
    return distance;
}

static enum row_outcome levenshtein_row(struct row_call *c, int32_t row)
{
    struct bytes a = column_text(c->args[0], row);
    struct bytes b = column_text(c->args[1], row);
    c->number = edit_distance(c->ev, a, b);
    if (c->number < 0) {
        return ROW_FAILED;
    }
    if (c->call->count > 2 && c->number > column_integer(c->args[2], row)) {
        c->number = -1;
    }
    return ROW_VALUE;
}

KERNEL(string_levenshtein)
{
    return numbers_by_row(ev, call, args, rows, levenshtein_row);
}

static uint8_t ascii_upper(uint8_t c)
{
    return c >= 'a' && c <= 'z' ? (uint8_t)(c - 32) : c;
}

static enum row_outcome soundex_row(struct row_call *c, int32_t row)
{
    static const char CODES[] = "01230127022455012623017202";
    struct bytes text = column_text(c->args[0], row);
    uint8_t first = text.len > 0 ? ascii_upper(text.data[0]) : 0;
    if (first < 'A' || first > 'Z') {
        texts_add(&c->out, text);
        return ROW_VALUE;
    }
    uint8_t sound[4] = { first, '0', '0', '0' };
    size_t len = 1;
    char last = CODES[first - 'A'];
    for (size_t i = 1; i < text.len && len < 4; i++) {
        uint8_t letter = ascii_upper(text.data[i]);
        if (letter < 'A' || letter > 'Z') {
            last = '0';
            continue;
        }
        char code = CODES[letter - 'A'];
        if (code == '7') {
            continue;
        }
        if (code != '0' && code != last) {
            sound[len++] = (uint8_t)code;
        }
        last = code;
    }
    texts_add(&c->out, (struct bytes){ sound, 4 });
    return ROW_VALUE;
}

KERNEL(string_soundex)
{
    return texts_by_row(ev, call, args, rows, soundex_row);
}
