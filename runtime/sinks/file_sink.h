/*
 * File sinks: streams that append files to a folder, exactly once, and batches that write a folder.
 *
 *     stream    <path>/part-00000-<uuid>-c000.json            written under their own names; those that _spark_metadata does not
 *               <path>/k=a/part-00000-<uuid>.c000.json         name (a batch that failed) are none
 *               <path>/_spark_metadata/<batch>                 one line a file: its coming makes the batch
 *
 *     batch     <path>/_temporary/<uuid>/...                   written there, moved when all are complete
 *               <path>/part-00000-<uuid>-c000.json
 *               <path>/_SUCCESS                                empty: it is complete
 *
 * A batch of a stream that comes again after it was logged is passed over; one that was not logged is written anew.
 *
 * Source: FileStreamSink, ManifestFileCommitProtocol, FileFormatWriter, HadoopMapReduceCommitProtocol of Spark 4.1.
 */
#pragma once

#include <pthread.h>

#include "base/arena.h"
#include "checkpoint/file_entry.h"
#include "checkpoint/metadata_log.h"
#include "sinks/file_encoder.h"
#include "sinks/sink.h"

enum { UUID_LETTERS = 36 };

/* A file that is complete. */
struct sunk_file {
    int32_t partition;
    char *path; /* owned: where it is */
    char *name; /* owned: below the sink's path */
    int64_t size;
    int64_t modified_ms;
};

struct file_sink {
    struct sink base;
    struct arena arena;
    const struct file_encoder_format *format;
    struct options options;
    struct sql_settings settings;
    struct file_encoding encoding;
    const struct type *schema;
    bool batch;
    bool sync;
    char *path;    /* absolute */
    char *staging; /* batch: where files are written first; owned */
    char uuid[UUID_LETTERS + 1];
    bool zipped;
    int64_t max_rows; /* of a file; 0: any */

    int32_t key_count;             /* partitionBy */
    int32_t *keys;                 /* columns of the schema */
    const struct bytes *key_names; /* as they were given */
    int32_t data_count;
    int32_t *data;

    struct metadata_log log; /* stream */
    bool logs;
    bool skips;            /* nothing is to be done for this batch */
    bool replaces;         /* batch: what is there goes */
    bool replaces_folders; /* ... but only in folders that get new files */

    pthread_mutex_t lock; /* the rest, while writers run */
    struct sunk_file *files;
    int32_t file_count;
    int32_t file_capacity;
    int32_t writers; /* opened in this batch */
};

/* What the formats' entries in the table of sinks open. */
struct sink *file_sink_open(const struct file_encoder_format *format,
                            const struct sink_request *r,
                            struct sql_error *error);

/* --- between the sink's files --- */

/* A writer of one partition's rows (file_writer.c). NULL: the error is set. */
struct row_writer *file_writer_open(struct file_sink *s,
                                    int32_t partition,
                                    struct sql_error *error);

/* Takes a complete file; any thread. */
void file_sink_take(struct file_sink *s, const struct sunk_file *file);

/* [TASK_WRITE_FAILED] with the reason. Returns false. */
bool file_sink_fail(const struct file_sink *s,
                    const struct weir_error *why,
                    struct sql_error *error);

/* A random UUID: "b37f0c52-...". */
void file_sink_uuid(char out[UUID_LETTERS + 1]);

/* Batches (file_batch.c): what is there before; and making the files count. False: the error is set. */
bool file_batch_begin(struct file_sink *s, struct bytes save_mode, struct sql_error *error);
bool file_batch_commit(struct file_sink *s, struct sql_error *error);
void file_batch_abort(struct file_sink *s);
