/*
 * Files as logs name them: one JSON object a line.
 *
 *     <checkpoint>/sources/0/3    {"path":"file:///in/a%20b.json","timestamp":1700000000000,"batchId":3}
 *     <out>/_spark_metadata/5     {"path":"file:///out/part-00000-<uuid>-c000.json","size":412,"isDir":false,
 *                                 "modificationTime":1700000000000,"blockReplication":1,"blockSize":33554432,"action":"add"}
 *
 * Source: FileStreamSource.FileEntry, SinkFileStatus, and java.net.URI for the paths. Pure; thread: any.
 */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"

/* What a file source has seen. */
struct seen_file {
    struct bytes path; /* absolute */
    int64_t timestamp_ms;
    int64_t batch;
};

/* What a file sink has written. */
struct written_file {
    struct bytes path; /* absolute */
    int64_t size;
    int64_t modified_ms;
    bool deleted; /* action "delete" */
};

/* "file:///in/a%20b.json": what a URI's path may not have is in hexadecimal. */
void file_uri_print(struct buffer *out, struct bytes path);

/* The path of a URI, decoded, in the arena; plain paths are taken too. False: it names no local file. */
bool file_uri_read(struct bytes uri, struct arena *arena, struct bytes *out_path);

void seen_file_print(struct buffer *out, const struct seen_file *file);
void written_file_print(struct buffer *out, const struct written_file *file);

/* One line; texts live in the arena. False: it is none. */
bool seen_file_read(struct bytes line, struct arena *arena, struct seen_file *out);
bool written_file_read(struct bytes line, struct arena *arena, struct written_file *out);
