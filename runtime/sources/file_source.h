/*
 * What the file formats' entries in the table of sources are made of.
 */
#pragma once

#include "sources/file_format.h"
#include "sources/source.h"

bool file_source_schema(const struct file_format *format,
                        const struct source_request *r,
                        bool streaming,
                        struct arena *arena,
                        const struct type **out,
                        struct sql_error *error);

struct scan *file_source_read(const struct file_format *format,
                              const struct source_request *r,
                              const struct type *schema,
                              const int32_t *columns,
                              int32_t column_count,
                              struct sql_error *error);

/* A stream over a folder (file_stream.c). */
struct source *file_stream_open(const struct file_format *format,
                                const struct source_request *r,
                                const struct type *schema,
                                struct sql_error *error);

/* The request as formats see it; it borrows from `r`. */
struct file_request file_request_of(const struct file_format *format,
                                    const struct source_request *r);
