/*
 * Uuids: see uuid.h. 16 bytes are 128 bits, 21 characters of 6 bits and one of 2: no padding is written.
 */
#include "base/uuid.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

bool uuid_is_zero(const struct uuid *id)
{
    static const struct uuid zero;
    return uuid_equal(id, &zero);
}

bool uuid_equal(const struct uuid *a, const struct uuid *b)
{
    return memcmp(a->bytes, b->bytes, UUID_SIZE) == 0;
}

struct uuid uuid_random(void)
{
    struct uuid id;
    char text[UUID_TEXT_SIZE];
    do {
        if (getrandom(id.bytes, UUID_SIZE, 0) != UUID_SIZE) {
            abort(); /* 16 bytes never block or fail once the system is up */
        }
        id.bytes[6] = (uint8_t)((id.bytes[6] & 0x0f) | 0x40); /* version 4, as Java's */
        id.bytes[8] = (uint8_t)((id.bytes[8] & 0x3f) | 0x80);
        uuid_format(&id, text);
    } while (text[0] == '-');
    return id;
}

void uuid_format(const struct uuid *id, char out_text[UUID_TEXT_SIZE])
{
    size_t out = 0;
    uint32_t bits = 0;
    int bit_count = 0;
    for (size_t i = 0; i < UUID_SIZE; i++) {
        bits = bits << 8 | id->bytes[i];
        for (bit_count += 8; bit_count >= 6; bit_count -= 6) {
            out_text[out++] = alphabet[bits >> (bit_count - 6) & 63];
        }
    }
    out_text[out++] = alphabet[bits << (6 - bit_count) & 63];
    out_text[out] = '\0';
}

void uuid_format_dashed(const struct uuid *id, char out_text[UUID_DASHED_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    size_t out = 0;
    for (size_t i = 0; i < UUID_SIZE; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            out_text[out++] = '-';
        }
        out_text[out++] = digits[id->bytes[i] >> 4];
        out_text[out++] = digits[id->bytes[i] & 15];
    }
    out_text[out] = '\0';
}

bool uuid_parse(struct bytes text, struct uuid *out_id)
{
    if (text.len != UUID_TEXT_SIZE - 1) {
        return false;
    }
    struct uuid id = { { 0 } };
    size_t out = 0;
    uint32_t bits = 0;
    int bit_count = 0;
    for (size_t i = 0; i < text.len; i++) {
        const char *at = text.data[i] ? strchr(alphabet, text.data[i]) : NULL;
        if (!at) {
            return false;
        }
        bits = bits << 6 | (uint32_t)(at - alphabet);
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            if (out < UUID_SIZE) {
                id.bytes[out++] = (uint8_t)(bits >> bit_count);
            }
        }
    }
    *out_id = id;
    return true;
}
