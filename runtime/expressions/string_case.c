/*
 * Letters: upper, lower, initcap, ascii, chr, and lengths.
 *
 * Plain ASCII is done in one pass over all bytes of the column. Everything else goes by Unicode's full mappings (ß is SS, İ is i and a
 * dot), which are Java's and ICU's, in no language in particular.
 */
#include <stdlib.h>
#include <unicase.h>

#include "base/mem.h"
#include "columns/utf8.h"
#include "expressions/string_functions.h"

typedef uint8_t *case_mapping(const uint8_t *text,
                              size_t len,
                              const char *language,
                              uninorm_t form,
                              uint8_t *out,
                              size_t *out_len);

/* Turns the 32 of letters between `first` and its 25 successors: eight bytes at a time, a bit each for "at least" and "above". */
static void map_ascii(uint8_t *to, const uint8_t *from, size_t len, uint8_t first)
{
    static const uint64_t ONES = 0x0101010101010101U;
    static const uint64_t HIGH = 0x8080808080808080U;
    size_t i = 0;
    for (; i + 8 <= len; i += 8) {
        uint64_t word = 0;
        memcpy(&word, from + i, 8);
        uint64_t low = word & ~HIGH;
        uint64_t least = low + ONES * (uint64_t)(128 - first);
        uint64_t above = low + ONES * (uint64_t)(128 - first - 26);
        word ^= ((least ^ above) & ~word & HIGH) >> 2;
        memcpy(to + i, &word, 8);
    }
    for (; i < len; i++) {
        uint8_t c = from[i];
        to[i] = (uint8_t)(c ^ ((uint8_t)((uint8_t)(c - first) < 26) << 5));
    }
}

/* The text mapped, behind what is there. What is no UTF-8 is repaired. */
static void map_text(struct texts *out, struct bytes text, case_mapping *mapping)
{
    struct buffer repaired;
    buffer_init(&repaired, TEXTS_MAX);
    if (!utf8_is_valid(text)) {
        utf8_repair(&repaired, text);
        text = buffer_bytes(&repaired);
    }
    size_t room = text.len * 3 + 16; /* no mapping makes more of a text */
    uint8_t *at = texts_room(out, room);
    if (at) {
        size_t len = room;
        uint8_t *mapped = mapping(text.data, text.len, "", NULL, at, &len);
        if (mapped == at) {
            out->len += len;
        } else if (mapped) {
            texts_add(out, (struct bytes){ mapped, len });
            free(mapped);
        }
    }
    buffer_finish(&repaired);
}

static struct column *map_ascii_column(const struct expression *call,
                                       const struct column *from,
                                       const struct rows *rows,
                                       struct evaluation *ev,
                                       uint8_t first)
{
    struct bytes all = column_all_text(from);
    struct texts t = texts_new(call->type, rows, all.len);
    map_ascii(t.data, all.data, all.len, first);
    t.len = all.len;
    int32_t base = from->offsets[0];
    for (int32_t i = 0; i <= rows->count; i++) {
        t.offsets[i] = from->offsets[i] - base;
    }
    return texts_finish(&t, ev, call);
}

static struct column *map_case(struct evaluation *ev,
                               const struct expression *call,
                               const struct column *from,
                               const struct rows *rows,
                               bool upper)
{
    uint8_t first = upper ? 'a' : 'A';
    struct bytes all = column_all_text(from);
    if (!from->constant && text_is_ascii(all)) {
        return map_ascii_column(call, from, rows, ev, first);
    }
    struct texts t = texts_new(call->type, rows, all.len);
    for (int32_t i = 0; i < rows->count; i++) {
        if (row_counts(rows, i)) {
            struct bytes text = column_text(from, i);
            uint8_t *at = text_is_ascii(text) ? texts_room(&t, text.len) : NULL;
            if (at) {
                map_ascii(at, text.data, text.len, first);
                t.len += text.len;
            } else {
                map_text(&t, text, upper ? u8_toupper : u8_tolower);
            }
        }
        texts_close(&t, i);
    }
    return texts_finish(&t, ev, call);
}

KERNEL(string_upper)
{
    return map_case(ev, call, args[0], rows, true);
}

KERNEL(string_lower)
{
    return map_case(ev, call, args[0], rows, false);
}

void text_lower(struct buffer *out, struct bytes text)
{
    buffer_clear(out);
    if (text_is_ascii(text)) {
        uint8_t *at = buffer_extend(out, text.len);
        if (at) {
            map_ascii(at, text.data, text.len, 'A');
        }
        return;
    }
    struct texts t = { .data = mem_zalloc(16, 1), .capacity = 16 };
    map_text(&t, text, u8_tolower);
    buffer_append(out, t.data, t.len);
    texts_drop(&t);
}

/* In place: the first letter of each word. */
static void capitalize_ascii(uint8_t *text, size_t len)
{
    bool begins = true;
    for (size_t i = 0; i < len; i++) {
        uint8_t c = text[i];
        text[i] = (uint8_t)(begins && c >= 'a' && c <= 'z' ? c - 32 : c);
        begins = c == ' ';
    }
}

/* The first letter of each word a title's, the others small; words end at blanks. */
static enum row_outcome initcap_row(struct row_call *c, int32_t row)
{
    text_lower(&c->scratch, column_text(c->args[0], row));
    struct bytes text = buffer_bytes(&c->scratch);
    bool begins = true;
    if (text_is_ascii(text)) {
        capitalize_ascii(c->scratch.data, c->scratch.len);
        texts_add(&c->out, text);
        return ROW_VALUE;
    }
    for (size_t at = 0; at < text.len;) {
        struct bytes one = { text.data + at, text_width(text, at) };
        if (begins && one.len == 1) {
            texts_add_byte(&c->out, (uint8_t)(*one.data >= 'a' && *one.data <= 'z' ? *one.data - 32
                                                                                   : *one.data));
        } else if (begins) {
            map_text(&c->out, one, u8_totitle);
        } else {
            texts_add(&c->out, one);
        }
        begins = *one.data == ' ';
        at += one.len;
    }
    return ROW_VALUE;
}

KERNEL(string_initcap)
{
    return texts_by_row(ev, call, args, rows, initcap_row);
}

static enum row_outcome ascii_row(struct row_call *c, int32_t row)
{
    struct bytes text = column_text(c->args[0], row);
    size_t at = 0;
    c->number = text.len > 0 ? (int64_t)utf8_next(text, &at) : 0;
    return ROW_VALUE;
}

KERNEL(string_ascii)
{
    return numbers_by_row(ev, call, args, rows, ascii_row);
}

/* Of negative numbers nothing, of others the lowest byte as a character of Latin 1. */
static enum row_outcome chr_row(struct row_call *c, int32_t row)
{
    int64_t code = column_integer(c->args[0], row);
    if (code >= 0) {
        texts_add_character(&c->out, (uint32_t)(code & 0xff));
    }
    return ROW_VALUE;
}

KERNEL(string_chr)
{
    return texts_by_row(ev, call, args, rows, chr_row);
}

/* --- lengths --- */

static struct column *lengths(const struct expression *call,
                              const struct column *from,
                              const struct rows *rows,
                              bool bytes,
                              int32_t unit)
{
    struct vector v = vector_new(call->type, rows);
    int32_t *out = v.values;
    bool plain = bytes || column_is_ascii(from);
    if (plain && !from->constant) {
        for (int32_t i = 0; i < rows->count; i++) {
            out[i] = (from->offsets[i + 1] - from->offsets[i]) * unit;
        }
        return vector_finish(&v);
    }
    for (int32_t i = 0; i < rows->count; i++) {
        if (row_counts(rows, i)) {
            struct bytes text = column_text(from, i);
            out[i] = (int32_t)(plain ? text.len : text_length(text)) * unit;
        }
    }
    return vector_finish(&v);
}

KERNEL(string_length)
{
    (void)ev;
    return lengths(call, args[0], rows, args[0]->type->kind == TYPE_BINARY, 1);
}

KERNEL(string_octet_length)
{
    (void)ev;
    return lengths(call, args[0], rows, true, 1);
}

KERNEL(string_bit_length)
{
    (void)ev;
    return lengths(call, args[0], rows, true, 8);
}
