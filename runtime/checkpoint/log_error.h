/*
 * What can be wrong with a file of a log, and how it is said: Spark's words for it, the file's name, and what to do.
 *
 * Source: HDFSMetadataLog, OffsetSeqLog, CommitLog of Spark 4.1. Thread: any.
 */
#pragma once

#include "base/bytes.h"
#include "columns/sql_error.h"
#include "weir/status.h"

enum log_damage {
    LOG_GOOD,
    LOG_INCOMPLETE,    /* it ends too early */
    LOG_NO_VERSION,    /* it does not begin with v1 */
    LOG_OTHER_VERSION, /* but with another number */
    LOG_NO_JSON,       /* a line that should be JSON is none */
    LOG_NO_FIELD,      /* a field is missing, or of another type */
    LOG_NO_SCHEMA,     /* a schema that is none */
};

struct log_fault {
    enum log_damage damage;
    bool commit;        /* of a commit log: Spark words it differently */
    struct bytes found; /* the first line: NO_VERSION; borrowed from the text */
    int32_t version;    /* OTHER_VERSION */
    int32_t line;       /* from 1: NO_JSON */
    int64_t column;     /* bytes, from 1: NO_JSON */
    const char *field;  /* NO_FIELD */
};

/* All return false. */
bool log_fail_damaged(const char *path, const struct log_fault *fault, struct sql_error *error);
bool log_fail_reading(const struct weir_error *why, struct sql_error *error);
bool log_fail_writing(const struct weir_error *why, struct sql_error *error);
/* Another's words for what is wrong with a file are set: adds its name, and what to do. */
bool log_advise_restore(const char *path, struct sql_error *error);
bool log_fail_concurrent(int64_t batch, struct sql_error *error);

/* "batch 3 doesn't exist", and the file that is missing. */
bool log_fail_missing(const char *path, int64_t batch, struct sql_error *error);

/* The first line of a log: is it v1? Cuts it off. */
bool log_cut_version(struct bytes *rest, struct log_fault *fault);

/* The next line, without its end (also one of Windows); false: there is none. A line end at the very end begins no line. */
bool log_cut_line(struct bytes *rest, struct bytes *out_line);
