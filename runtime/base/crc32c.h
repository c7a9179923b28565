/*
 * CRC-32C (Castagnoli), the checksum of Kafka's record batches.
 *
 * Uses the instructions of SSE 4.2 and PCLMULQDQ where the processor has them, found at run time; a table otherwise. Thread: any.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Of `len` bytes; `crc` continues an earlier range, 0 starts. */
uint32_t crc32c(uint32_t crc, const void *data, size_t len);

/* The portable version, for the test that compares the two. */
uint32_t crc32c_portable(uint32_t crc, const void *data, size_t len);
