/*
 * Error messages: see error.h. A message that does not fit is cut, never overrun.
 */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum weir_status weir_fail(struct weir_error *err, enum weir_status status, const char *format, ...)
{
    if (!err) {
        return status;
    }
    va_list args;
    va_start(args, format);
    err->status = status;
    (void)vsnprintf(err->message, sizeof(err->message), format, args);
    va_end(args);
    return status;
}

enum weir_status weir_fail_errno(struct weir_error *err, const char *format, ...)
{
    int code = errno;
    if (!err) {
        return WEIR_EIO;
    }
    char what[WEIR_ERROR_MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(what, sizeof(what), format, args);
    va_end(args);

    char reason[128];
    const char *text =
        strerror_r(code, reason, sizeof(reason)); /* the GNU one: may point elsewhere */
    return weir_fail(err, WEIR_EIO, "%.*s: %s", WEIR_ERROR_MESSAGE_MAX / 2, what, text);
}
