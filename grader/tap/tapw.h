/*
 * Writes TAP: a version line, a plan, test points, and one YAML block a point.
 *
 * The shape is TAP 13 (which Debian's prove reads) with a TAP 14 body: descriptions escape '\' and '#'. Whatever text
 * goes in, the stream stays well formed: text is made printable, and nothing of it begins a line of its own. The
 * writer gathers in memory and puts each whole point out with one write, so a crash never leaves half a point.
 *
 * Thread: one.
 */
#pragma once

#include "base/buffer.h"
#include "base/bytes.h"
#include "weir/status.h"

enum tap_directive { TAP_NONE, TAP_SKIP };

struct tapw {
    int fd; /* borrowed */
    struct buffer out;
    bool in_block;
    bool failed; /* sticky: the reader is gone */
};

void tapw_init(struct tapw *w, int fd);
void tapw_finish(struct tapw *w);

void tapw_version_and_plan(struct tapw *w, size_t count);
/* A comment line. */
void tapw_comment(struct tapw *w, const char *text);
void tapw_bail_out(struct tapw *w, const char *reason);

/* One test point. Its YAML block follows, opened by the first tapw_text() and the like; tapw_end() writes it out. */
void tapw_point(struct tapw *w, bool ok, size_t number, const char *description);
void tapw_skipped(struct tapw *w, size_t number, const char *description, const char *reason);
void tapw_text(struct tapw *w, const char *key, struct bytes value);
void tapw_i64(struct tapw *w, const char *key, int64_t value);
/* A list: `count` texts under one key. Nothing at all for an empty one. */
void tapw_list(struct tapw *w, const char *key, const struct bytes *values, size_t count);
void tapw_end(struct tapw *w);
