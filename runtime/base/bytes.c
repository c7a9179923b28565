/*
 * Byte ranges: see bytes.h.
 */
#include "base/bytes.h"

int bytes_compare(struct bytes a, struct bytes b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common ? memcmp(a.data, b.data, common) : 0;
    if (order != 0) {
        return order;
    }
    return (a.len > b.len) - (a.len < b.len);
}

/* FNV-1a, then a finaliser so that the low bits are good enough for a table of 2^n slots. */
uint64_t bytes_hash(struct bytes b)
{
    uint64_t hash = 14695981039346656037U;
    for (size_t i = 0; i < b.len; i++) {
        hash = (hash ^ b.data[i]) * 1099511628211U;
    }
    hash ^= hash >> 33;
    hash *= 0xff51afd7ed558ccdU;
    return hash ^ (hash >> 33);
}

bool bytes_cut(struct bytes *rest, char separator, struct bytes *out_head)
{
    if (bytes_is_null(*rest)) {
        return false;
    }
    const uint8_t *at = rest->len ? memchr(rest->data, separator, rest->len) : NULL;
    if (!at) {
        *out_head = *rest;
        *rest = (struct bytes){ 0 };
        return true;
    }
    size_t head_len = (size_t)(at - rest->data);
    *out_head = (struct bytes){ rest->data, head_len };
    *rest = (struct bytes){ at + 1, rest->len - head_len - 1 };
    return true;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct bytes bytes_trim(struct bytes b)
{
    while (b.len > 0 && is_blank(b.data[0])) {
        b.data++;
        b.len--;
    }
    while (b.len > 0 && is_blank(b.data[b.len - 1])) {
        b.len--;
    }
    return b;
}

bool bytes_parse_i64(struct bytes b, int64_t *out_value)
{
    bool negative = b.len > 0 && b.data[0] == '-';
    size_t i = b.len > 0 && (b.data[0] == '-' || b.data[0] == '+') ? 1 : 0;
    if (i == b.len) {
        return false;
    }
    int64_t value = 0; /* kept negative: the range has one more number there */
    for (; i < b.len; i++) {
        int digit = b.data[i] - '0';
        if (digit < 0 || digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, digit, &value)) {
            return false;
        }
    }
    if (!negative && value == INT64_MIN) {
        return false;
    }
    *out_value = negative ? value : -value;
    return true;
}

bool bytes_to_text(struct bytes b, char *out, size_t size)
{
    if (b.len >= size) {
        if (size > 0) {
            out[0] = '\0';
        }
        return false;
    }
    if (b.len > 0) {
        memcpy(out, b.data, b.len);
    }
    out[b.len] = '\0';
    return true;
}

bool bytes_has_control(struct bytes b)
{
    for (size_t i = 0; i < b.len; i++) {
        if (b.data[i] < ' ' || b.data[i] == 127) {
            return true;
        }
    }
    return false;
}
