/*
 * Scanning rows 32 bytes at a time: see json_scan_row.inc. Compiled for AVX2 whatever the program is compiled for, and
 * asked only where the machine has it.
 */
#include "expressions/json_scan_parts.h"

#ifdef __x86_64__

#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,bmi")
#endif

/* Rows come here only with SCAN_MARGIN bytes behind them. */
static inline const uint8_t *find_special(const uint8_t *p, const uint8_t *end, uint32_t *high)
{
    const __m256i quote = _mm256_set1_epi8('"');
    const __m256i slash = _mm256_set1_epi8('\\');
    const __m256i control = _mm256_set1_epi8(0x1f);
    for (; p < end; p += 32) {
        __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)p);
        __m256i special = _mm256_or_si256(_mm256_cmpeq_epi8(x, quote), _mm256_cmpeq_epi8(x, slash));
        special = _mm256_or_si256(special, _mm256_cmpeq_epi8(_mm256_min_epu8(x, control), x));
        uint32_t found = (uint32_t)_mm256_movemask_epi8(special);
        uint32_t above = (uint32_t)_mm256_movemask_epi8(x);
        if (found) {
            *high |= above & (found ^ (found - 1));
            return p + __builtin_ctz(found);
        }
        *high |= above;
    }
    return end;
}

#define SCAN_ROW json_scan_row_avx2
#include "expressions/json_scan_row.inc"

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

bool json_scan_has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi");
}

#else

bool json_scan_row_avx2(struct json_scan *s, const uint8_t *p, const uint8_t *end)
{
    return json_scan_row_plain(s, p, end);
}

bool json_scan_has_avx2(void)
{
    return false;
}

#endif
