/*
 * The index of functions: see function.h.
 */
#include <strings.h>

#include "expressions/function.h"

static const struct function *const tables[] = {
    functions_arithmetic, functions_comparison, functions_logic,     functions_conditional,
    functions_string,     functions_regex,      functions_datetime,  functions_collection,
    functions_conversion, functions_json,       functions_aggregate, functions_hash,
    functions_math,       functions_generator,  functions_misc,
};

const struct function *function_find(struct bytes name)
{
    for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++) {
        for (const struct function *f = tables[t]; f->name; f++) {
            if (strlen(f->name) == name.len &&
                strncasecmp(f->name, (const char *)name.data, name.len) == 0) {
                return f;
            }
        }
    }
    return NULL;
}
