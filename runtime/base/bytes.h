/*
 * Borrowed byte ranges: a pointer and a length, passed by value, owning nothing.
 *
 * Text and blobs travel as `struct bytes`; NUL-terminated strings exist only at the edge to libc. `data` NULL means
 * "null" where a protocol knows the difference; an empty value has a non-NULL pointer and length 0.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
    const uint8_t *data;
    size_t len;
};

/* For printf: `printf("%.*s", BYTES_ARG(name))`. */
#define BYTES_ARG(b) (int)(b).len, (const char *)((b).data ? (b).data : (const uint8_t *)"")

/* A view of a string literal or any NUL-terminated text; NULL gives the null range. */
static inline struct bytes bytes_of(const char *text);

static inline bool bytes_is_null(struct bytes b);
static inline bool bytes_equal(struct bytes a, struct bytes b);
static inline bool bytes_equal_text(struct bytes a, const char *text);
static inline bool bytes_starts_with(struct bytes b, struct bytes prefix);
static inline bool bytes_ends_with(struct bytes b, struct bytes suffix);

/* Order by unsigned bytes, the shorter first among equals. Negative, 0 or positive. */
int bytes_compare(struct bytes a, struct bytes b);

/* A 64-bit hash that is the same in every run and process. */
uint64_t bytes_hash(struct bytes b);

/* Splits at the first `separator`: what is before it goes to *out_head and the rest stays in *rest.
 * Without a separator the head is everything and the rest becomes null. False when *rest was null. */
bool bytes_cut(struct bytes *rest, char separator, struct bytes *out_head);

/* Without leading and trailing blanks, tabs and line ends. */
struct bytes bytes_trim(struct bytes b);

/* A whole decimal number, nothing else around it. False when it is none or does not fit. */
bool bytes_parse_i64(struct bytes b, int64_t *out_value);

/* Copies into `out` (capacity `size`), terminated; false, and an empty text, when it does not fit. */
bool bytes_to_text(struct bytes b, char *out, size_t size);

/* Does it hold a control character, 0 to 31 or 127? Such text breaks files of lines and fields. */
bool bytes_has_control(struct bytes b);

/* --- inline bodies --- */

static inline struct bytes bytes_of(const char *text)
{
    return (struct bytes){ (const uint8_t *)text, text ? strlen(text) : 0 };
}

static inline bool bytes_is_null(struct bytes b)
{
    return b.data == NULL;
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool bytes_equal_text(struct bytes a, const char *text)
{
    return bytes_equal(a, bytes_of(text));
}

static inline bool bytes_starts_with(struct bytes b, struct bytes prefix)
{
    return b.len >= prefix.len && bytes_equal((struct bytes){ b.data, prefix.len }, prefix);
}

static inline bool bytes_ends_with(struct bytes b, struct bytes suffix)
{
    return b.len >= suffix.len &&
           bytes_equal((struct bytes){ b.data + (b.len - suffix.len), suffix.len }, suffix);
}
