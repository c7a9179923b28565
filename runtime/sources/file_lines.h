/*
 * The lines of a file, or of a part of it, in blocks that stay where they were read.
 *
 *     block      {"a":1}\n{"a":2}\r\n\n{"a":3}\n ....       starts 0 8 17 18 27 ; ends 7 15 17 25
 *
 * A part of a file [from, to) has the lines that begin in (from, to], and the one at 0 if it begins there: so parts that follow each other
 * have each line once. Files whose names end in .gz are decompressed; they have no parts. A byte order mark is passed over.
 *
 * Source: Hadoop's LineRecordReader. Thread: one at a time.
 */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "columns/sql_error.h"

enum {
    LINES_BLOCK = 1 << 20, /* bytes that are read at once */
    LINES_MARGIN = 64,     /* zero bytes behind what was read, for those who look at many at once */
    LINES_MAX_LENGTH = 1 << 30 /* of one line */
};

struct file_part {
    struct bytes path;
    int64_t from;
    int64_t to;
    int64_t size; /* of the file, when it was found */
};

struct line_block {
    int32_t count;
    const uint8_t *text;
    const int32_t *starts; /* count + 1 of them */
    const int32_t *ends;   /* without the line's end */
};

struct file_lines;

/* `separator` null: \n, \r and \r\n. Both are borrowed. NULL: the error is set. */
struct file_lines *file_lines_open(const struct file_part *part,
                                   struct bytes separator,
                                   struct sql_error *error);

/* NULL is taken. */
void file_lines_close(struct file_lines *l);

/* Up to `max` lines, valid until the next call; out->count 0: there are no more. False: the error is set. */
bool file_lines_next(struct file_lines *l,
                     int32_t max,
                     struct line_block *out,
                     struct sql_error *error);

/* All of the file instead. Valid until closed. */
bool file_lines_all(struct file_lines *l, struct bytes *out, struct sql_error *error);

/* Is a file of this name read as a whole? */
bool file_is_compressed(struct bytes path);
