/*
 * Scanning rows eight bytes at a time, in plain C: see json_scan_row.inc.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* The top bit of each byte that is zero, and perhaps of those above the lowest such. */
static inline uint64_t zero_bytes(uint64_t x)
{
    return (x - 0x0101010101010101U) & ~x & 0x8080808080808080U;
}

static inline const uint8_t *find_special(const uint8_t *p, const uint8_t *end, uint32_t *high)
{
    while (end - p >= 8) {
        uint64_t x;
        memcpy(&x, p, 8);
        uint64_t quote = zero_bytes(x ^ 0x2222222222222222U);
        uint64_t slash = zero_bytes(x ^ 0x5c5c5c5c5c5c5c5cU);
        uint64_t control = (x - 0x2020202020202020U) & ~x & 0x8080808080808080U;
        if (quote | slash | control) {
            break;
        }
        *high |= (x & 0x8080808080808080U) != 0;
        p += 8;
    }
    while (p < end && *p != '"' && *p != '\\' && *p >= ' ') {
        *high |= *p & 0x80;
        p++;
    }
    return p;
}

#define SCAN_IS_PLAIN
#define SCAN_ROW json_scan_row_plain
#include "expressions/json_scan_row.inc"
