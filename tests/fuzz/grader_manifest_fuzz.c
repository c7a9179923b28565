/*
 * Any bytes as a lab.yaml: read or refused with a message, never a crash; what is read holds together.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "manifest/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct manifest m;
    struct weir_error err = { 0 };
    arena_init(&arena, 0);
    if (manifest_parse((struct bytes){ data, size }, "lab.yaml", &arena, &m, &err) < 0) {
        assert(err.message[0] != '\0');
    } else {
        int64_t sum = 0;
        for (size_t i = 0; i < m.check_count; i++) {
            sum += m.checks[i].points;
            for (size_t k = 0; k < m.checks[i].uses.count; k++) {
                assert(manifest_program(&m, m.checks[i].uses.items[k]));
            }
        }
        assert(sum == m.points);
    }
    arena_finish(&arena);
    return 0;
}
