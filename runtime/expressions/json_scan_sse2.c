/*
 * Scanning rows 16 bytes at a time: see json_scan_row.inc. On machines without SSE2 there is nothing here.
 */
#include "expressions/json_scan_parts.h"

#ifdef __SSE2__

#include <emmintrin.h>

/* Rows come here only with SCAN_MARGIN bytes behind them. */
static inline const uint8_t *find_special(const uint8_t *p, const uint8_t *end, uint32_t *high)
{
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i slash = _mm_set1_epi8('\\');
    const __m128i control = _mm_set1_epi8(0x1f);
    for (; p < end; p += 16) {
        __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i special = _mm_or_si128(_mm_cmpeq_epi8(x, quote), _mm_cmpeq_epi8(x, slash));
        special = _mm_or_si128(special, _mm_cmpeq_epi8(_mm_min_epu8(x, control), x));
        uint32_t found = (uint32_t)_mm_movemask_epi8(special);
        uint32_t above = (uint32_t)_mm_movemask_epi8(x);
        if (found) {
            *high |= above & (found ^ (found - 1));
            return p + __builtin_ctz(found);
        }
        *high |= above;
    }
    return end;
}

#define SCAN_ROW json_scan_row_sse2
#include "expressions/json_scan_row.inc"

bool json_scan_has_sse2(void)
{
    return true;
}

#else

bool json_scan_row_sse2(struct json_scan *s, const uint8_t *p, const uint8_t *end)
{
    return json_scan_row_plain(s, p, end);
}

bool json_scan_has_sse2(void)
{
    return false;
}

#endif
