/*
 * The files of a metadata log, from inside: shared by metadata_log.c and metadata_log_compact.c.
 */
#pragma once

#include <limits.h>

#include "checkpoint/metadata_log.h"

struct log_file_name {
    int64_t number;
    bool compact;
};

struct log_listing {
    struct log_file_name *names; /* owned; by number, the plain one before the compact one */
    int32_t count;
};

bool log_file_name_parse(const char *text, struct log_file_name *out);
void log_file_path(const struct metadata_log *log, struct log_file_name name, char out[PATH_MAX]);

bool log_folder_list(const struct metadata_log *log,
                     struct log_listing *out,
                     struct sql_error *error);
void log_listing_finish(struct log_listing *l);

/* out->data NULL: there is none. */
bool log_file_read(const struct metadata_log *log,
                   struct log_file_name name,
                   struct arena *arena,
                   struct bytes *out,
                   struct sql_error *error);
enum metadata_log_written log_file_write(const struct metadata_log *log,
                                         struct log_file_name name,
                                         struct bytes text,
                                         struct sql_error *error);
