/*
 * Status codes and error messages: what every fallible function of Weir returns.
 *
 * A fallible function returns `enum weir_status`: zero, or a negative code, so `if (rc < 0)` reads the same
 * everywhere. The details go to a `struct weir_error` that the caller supplies (or NULL where it does not care):
 * one line, set once, by the function that found the fault.
 */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

enum weir_status {
    WEIR_OK = 0,
    WEIR_EIO = -1,       /* the operating system refused: a file, a socket, a process */
    WEIR_EPROTO = -2,    /* the peer sent bytes that break the protocol */
    WEIR_ETOOBIG = -3,   /* a limit would be exceeded */
    WEIR_ENOTFOUND = -4, /* an expected, ordinary "no such thing" */
    WEIR_EINVAL = -5,    /* the caller or the user gave something that cannot be meant */
    WEIR_EEXIST = -6,    /* it is there already */
    WEIR_ECORRUPT = -7,  /* bytes on disk that do not check out */
    WEIR_ETIMEOUT = -8,  /* the time allowed ran out */
    WEIR_EBROKER = -9,   /* the broker answered with an error code; the message names it */
};

enum { WEIR_ERROR_MESSAGE_MAX = 512 };

struct weir_error {
    enum weir_status status;
    char message[WEIR_ERROR_MESSAGE_MAX]; /* one line without a line end; always terminated */
};

#define WEIR_CHECKED __attribute__((warn_unused_result))

/* Marks what the libraries export; everything else stays hidden. */
#define WEIR_API __attribute__((visibility("default")))

#ifdef __cplusplus
}
#endif
