/*
 * Fast rows of from_json: see json_scan.h. Here is what is the same for all widths.
 */
#include "expressions/json_scan.h"

#include <stdlib.h>

#include "base/mem.h"
#include "columns/utf8.h"
#include "expressions/json_convert.h"
#include "expressions/json_scan_parts.h"

/* --- names --- */

static const uint8_t *skip_blanks(const uint8_t *p, const uint8_t *end)
{
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r')) {
        p++;
    }
    return p;
}

/* A name in quotes without anything special; NULL: it has something. Leaves *p behind it. */
static bool read_name(const uint8_t **p, const uint8_t *end, struct bytes *out)
{
    const uint8_t *start = *p + 1;
    const uint8_t *q = start;
    bool high = false;
    if (*p == end || **p != '"') {
        return false;
    }
    while (q < end && *q != '"' && *q != '\\' && *q >= ' ') {
        high = high || *q >= 0x80;
        q++;
    }
    if (q == end || *q != '"') {
        return false;
    }
    *out = (struct bytes){ start, (size_t)(q - start) };
    *p = q + 1;
    return !high || utf8_is_valid(*out);
}

static int32_t find_field(const struct json_scan *s, struct bytes name)
{
    const struct type *type = s->b->type;
    for (int32_t i = type->field_count - 1; i >= 0; i--) {
        if (i != s->corrupt && bytes_equal(type->fields[i].name, name)) {
            return i;
        }
    }
    return SCAN_UNWANTED;
}

int32_t json_scan_learn(struct json_scan *s, int32_t place, const uint8_t **p, const uint8_t *end)
{
    const uint8_t *start = *p;
    const uint8_t *q = skip_blanks(start, end);
    if (q < end && *q == '}' && place > 0) {
        return SCAN_END;
    }
    if (q == end || *q != (place == 0 ? '{' : ',')) {
        return SCAN_STRANGE;
    }
    q = skip_blanks(q + 1, end);
    if (q < end && *q == '}' && place == 0) {
        return SCAN_END;
    }
    struct bytes name;
    if (!read_name(&q, end, &name)) {
        return SCAN_STRANGE;
    }
    q = skip_blanks(q, end);
    if (q == end || *q != ':') {
        return SCAN_STRANGE;
    }
    q = skip_blanks(q + 1, end);
    if (q == end) {
        return SCAN_STRANGE;
    }
    int32_t field = find_field(s, name);
    if (place < SCAN_STEPS && q - start <= SCAN_STEP_BYTES) {
        struct scan_step *step = &s->steps[place];
        memcpy(step->bytes, start, (size_t)(q - start));
        step->len = (int32_t)(q - start);
        step->field = field;
    }
    *p = q;
    return field;
}

/* --- values --- */

static const uint8_t *skip_digits(const uint8_t *p, const uint8_t *end)
{
    while (p < end && *p >= '0' && *p <= '9') {
        p++;
    }
    return p;
}

const uint8_t *json_scan_number(const uint8_t *p, const uint8_t *end, bool *out_whole)
{
    const uint8_t *start = p;
    p += *p == '-';
    const uint8_t *first = p;
    p = skip_digits(p, end);
    if (p == first || (*first == '0' && p - first > 1)) {
        return NULL;
    }
    *out_whole = true;
    if (p < end && *p == '.') {
        const uint8_t *fraction = ++p;
        p = skip_digits(p, end);
        *out_whole = false;
        if (p == fraction) {
            return NULL;
        }
    }
    if (p < end && (*p | 0x20) == 'e') {
        p++;
        p += p < end && (*p == '+' || *p == '-');
        const uint8_t *exponent = p;
        p = skip_digits(p, end);
        *out_whole = false;
        if (p == exponent) {
            return NULL;
        }
    }
    return p - start <= SCAN_NUMBER ? p : NULL;
}

size_t json_scan_word(const uint8_t *p, const uint8_t *end)
{
    size_t left = (size_t)(end - p);
    if (left >= 4 && (memcmp(p, "true", 4) == 0 || memcmp(p, "null", 4) == 0)) {
        return 4;
    }
    return left >= 5 && memcmp(p, "false", 5) == 0 ? 5 : 0;
}

const uint8_t *json_scan_escaped(struct json_scan *s,
                                 struct builder *b,
                                 const uint8_t *p,
                                 const uint8_t *end)
{
    struct json_reader *r = &s->in->reader;
    r->at = p;
    r->end = end;
    r->surrogates = false;
    buffer_clear(&r->text);
    if (!json_read_string(r, &r->text, '"') || r->surrogates) {
        return NULL;
    }
    builder_text(b, buffer_bytes(&r->text));
    return r->at;
}

/* Up to 18 digits cannot overflow. */
static bool put_short_integer(const struct scan_field *f, struct bytes text)
{
    bool negative = text.data[0] == '-';
    int64_t value = 0;
    for (size_t i = negative; i < text.len; i++) {
        value = value * 10 + (text.data[i] - '0');
    }
    value = negative ? -value : value;
    bool fits =
        f->kind == TYPE_BIGINT || (f->kind == TYPE_INT && value >= INT32_MIN && value <= INT32_MAX);
    if (fits) {
        builder_integer(f->b, value);
    }
    return fits;
}

/* Up to 15 digits and a power of ten of up to 22 are exact, and so is their quotient, rounded once. */
static bool put_short_double(const struct scan_field *f, struct bytes text)
{
    static const double powers[] = { 1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                     1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15 };
    bool negative = text.data[0] == '-';
    int64_t digits = 0;
    size_t behind = 0;
    bool point = false;
    if (text.len > 16 + (size_t)negative || f->kind != TYPE_DOUBLE) {
        return false;
    }
    for (size_t i = negative; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c == '.') {
            point = true;
        } else if (c >= '0' && c <= '9') {
            digits = digits * 10 + (c - '0');
            behind += point;
        } else {
            return false;
        }
    }
    if (digits > 999999999999999) {
        return false;
    }
    double value = (double)digits / powers[behind];
    builder_double(f->b, negative ? -value : value);
    return true;
}

static bool put_number(struct json_scan *s,
                       const struct scan_field *f,
                       struct bytes text,
                       bool whole)
{
    if (f->kind == TYPE_STRING) {
        bool plain = whole && !bytes_equal_text(text, "-0");
        if (plain) {
            builder_text(f->b, text);
        }
        return plain;
    }
    return (whole && text.len <= 18 && put_short_integer(f, text)) || put_short_double(f, text) ||
           json_put_number(s->in, f->b, text, whole);
}

const uint8_t *json_scan_scalar(struct json_scan *s,
                                const struct scan_field *f,
                                const uint8_t *p,
                                const uint8_t *end)
{
    if (*p == '-' || (*p >= '0' && *p <= '9')) {
        bool whole = false;
        const uint8_t *q = json_scan_number(p, end, &whole);
        struct bytes text = { p, (size_t)(q ? q - p : 0) };
        return q && put_number(s, f, text, whole) ? q : NULL;
    }
    size_t len = json_scan_word(p, end);
    if (len == 0) {
        return NULL;
    }
    if (*p == 'n') {
        builder_null(f->b);
    } else if (f->kind == TYPE_BOOLEAN) {
        builder_bool(f->b, *p == 't');
    } else if (f->kind == TYPE_STRING) {
        builder_text(f->b, (struct bytes){ p, len });
    } else {
        return NULL;
    }
    return p + len;
}

/* --- scans --- */

struct json_scan *json_scan_new_path(struct json_input *in,
                                     struct builder *b,
                                     int32_t corrupt,
                                     const struct column *texts,
                                     enum json_scan_path path)
{
    const struct type *type = b->type;
    if (type->kind != TYPE_STRUCT) {
        return NULL;
    }
    for (int32_t i = 0; i < type->field_count; i++) {
        if (type->fields[i].type->kind == TYPE_VOID) {
            return NULL;
        }
    }
    struct json_scan *s = MEM_NEW(struct json_scan);
    s->in = in;
    s->b = b;
    s->corrupt = corrupt;
    int32_t rows = texts->constant ? 1 : texts->length;
    s->limit = (const uint8_t *)texts->values + texts->offsets[rows];
    s->rows = (size_t)texts->length;
    s->field_count = type->field_count;
    s->fields = mem_zalloc((size_t)s->field_count + 1, sizeof(*s->fields));
    for (int32_t i = 0; i < s->field_count; i++) {
        s->fields[i] = (struct scan_field){ b->children[i], type->fields[i].type->kind };
        builder_reserve(b->children[i], texts->length);
    }
    bool wide = path == JSON_PATH_BEST || path == JSON_PATH_AVX2;
    bool best = path != JSON_PATH_PLAIN;
    s->read_row = wide && json_scan_has_avx2()   ? json_scan_row_avx2
                  : best && json_scan_has_sse2() ? json_scan_row_sse2
                                                 : json_scan_row_plain;
    return s;
}

struct json_scan *json_scan_new(struct json_input *in,
                                struct builder *b,
                                int32_t corrupt,
                                const struct column *texts)
{
    return json_scan_new_path(in, b, corrupt, texts, JSON_PATH_BEST);
}

void json_scan_free(struct json_scan *s)
{
    if (s) {
        free(s->fields);
        free(s);
    }
}

/* Room for one more value in each field, of which strings may be as long as the row. */
static bool reserve(struct json_scan *s, size_t len)
{
    for (int32_t i = 0; i < s->field_count; i++) {
        struct builder *b = s->fields[i].b;
        if (b->length == b->capacity) {
            builder_reserve(b, 1);
        }
        if (s->fields[i].kind == TYPE_STRING &&
            b->values_capacity - b->values_len < len + SCAN_MARGIN) {
            if (len > (size_t)INT32_MAX - b->values_len) {
                return false;
            }
            size_t rows = (size_t)b->length + 1;
            size_t guess = b->values_len / rows * ((size_t)s->rows + s->rows / 8);
            size_t capacity = b->length < 32 ? b->values_capacity * 2
                                             : b->values_capacity + b->values_capacity / 2;
            capacity = guess > capacity ? guess : capacity;
            size_t needed = b->values_len + len + SCAN_MARGIN;
            b->values_capacity = capacity > needed ? capacity : needed;
            b->values = mem_resize(b->values, b->values_capacity, 1);
        }
    }
    return true;
}

bool json_scan_row(struct json_scan *s, struct bytes text)
{
    int32_t row = s->b->length;
    const uint8_t *end = text.data + text.len;
    bool wide = s->limit - end >= SCAN_MARGIN; /* not so for the last rows of a column */
    bool read = text.len > 0 && reserve(s, text.len) &&
                (wide ? s->read_row : json_scan_row_plain)(s, text.data, end);
    for (int32_t i = 0; i < s->field_count; i++) {
        struct builder *b = s->fields[i].b;
        if (!read) {
            builder_truncate(b, row);
        } else if (b->length == row) {
            builder_null(b);
        }
    }
    if (read && !s->b->validity && row < s->b->capacity) {
        s->b->length++;
    } else if (read) {
        builder_struct(s->b);
    }
    return read;
}
