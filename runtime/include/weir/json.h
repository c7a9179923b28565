/*
 * Reading single fields of a JSON object, as the labs' transactions need it.
 *
 * Not a JSON library: it finds one member of the outermost object by its name and gives its text. What stands inside
 * other members is skipped over, whatever it is. Input is checked only as far as it has to be read.
 *
 * Thread: any. Errors: WEIR_EPROTO when the text is not a JSON object up to the member, WEIR_ENOTFOUND when there is
 * no such member, WEIR_ETOOBIG when the text does not fit.
 */
#pragma once

#include "weir/record.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The member `name` of `object` as terminated text: a string without quotes and escapes, a number, true, false or null
 * as it is written. An object or array is WEIR_EPROTO: it is no text. `size` is that of `out`, its terminator
 * included. Of several members of one name the first counts. */
WEIR_API WEIR_CHECKED enum weir_status weir_json_text(
    struct weir_slice object, const char *name, char *out, size_t size, struct weir_error *err);

#ifdef __cplusplus
}
#endif
