/*
 * Java's properties format (java.util.Properties.load), in which Kafka's configuration files are written.
 *
 *     # a comment                       ! another
 *     key=value                         key : value               key value
 *     long.list=one,\                   a line that ends in an odd number of backslashes goes on in the next one, whose
 *               two                     leading blanks do not count
 *     a\:b=C\:\\data\u00e9              escapes: \t \n \r \f \uXXXX, and any other character for itself
 *
 * One deviation: blanks at the end of a value do not count; Kafka strips them from all but plain text. Bytes beyond ASCII are taken
 * as they are.
 *
 * Thread: one at a time.
 */
#pragma once

#include "base/buffer.h"
#include "weir/status.h"

struct properties {
    struct bytes rest;
    int line_number; /* of the last natural line that was read */
    struct buffer raw;
    struct buffer text;
};

struct property {
    struct bytes key;
    struct bytes value;
    bool has_separator; /* "key" alone has none, and counts as "key=" */
    int line_number;    /* where it begins */
};

/* `text` is borrowed. */
void properties_init(struct properties *p, struct bytes text);
void properties_finish(struct properties *p);

/* The next property, in memory that is good until the next call. WEIR_ENOTFOUND at the end; WEIR_EINVAL for an escape that is none:
 * then out->line_number says where. */
WEIR_CHECKED enum weir_status properties_next(struct properties *p,
                                              struct property *out,
                                              struct weir_error *err);
