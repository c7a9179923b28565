/*
 * weir/json.h with any bytes: it answers or refuses, within the slice and within the caller's buffer.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "weir/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* A copy of just this size, so that one byte too far is seen. */
    uint8_t *exact = malloc(size + (size == 0));
    assert(exact);
    if (size > 0) {
        memcpy(exact, data, size);
    }
    static const char *const names[] = { "name", "amount", "", "missing" };
    struct weir_slice object = { exact, size };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char out[16];
        if (weir_json_text(object, names[i], out, sizeof(out), NULL) == WEIR_OK) {
            assert(strlen(out) < sizeof(out));
        }
    }
    free(exact);
    return 0;
}
