/*
 * The two clocks, kept apart: timers run on the monotonic one (a jump of the wall clock must not expire a session),
 * records are stamped with the real one. State machines get the time as an argument and never call these.
 *
 * Thread: any. Unit: milliseconds unless the name says otherwise.
 */
#pragma once

#include <stdint.h>

int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_us(void);

/* Since 1970-01-01 UTC. */
int64_t clock_realtime_ms(void);
