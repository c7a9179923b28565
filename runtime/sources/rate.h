/*
 * The arithmetic of the source rate, for its test. Pure. Thread: any.
 */
#pragma once

#include <stdint.h>

/*
 * The first value that is not given until second `second`: speed grows evenly during the ramp-up, then stays.
 *
 *     rows_per_second 10, ramp-up 4 s    second  0 1 2  3  4  5  6
 *                                        speed   0 2 4  6  8 10 10
 *                                        value   0 2 6 12 20 30 40
 */
int64_t rate_value_at(int64_t second, int64_t rows_per_second, int64_t ramp_up_seconds);
