/*
 * For tests of logs: a temporary folder that goes away, logs in it, and batches to put there.
 */
#pragma once

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "protocol/batch_builder.h"
#include "storage/partition_log.h"

#include <cmocka.h>

struct log_fixture {
    char path[128];
    int root_fd;
    struct arena arena;
    struct log_config config;
    struct recovery_report report; /* of the last open */
    struct weir_error err;
};

static inline int log_fixture_setup(void **state)
{
    struct log_fixture *f = calloc(1, sizeof(*f));
    /* In memory where there is a place for that: what is tested is never what a power cut leaves, and fsync takes long. */
    (void)snprintf(f->path, sizeof(f->path), "%s/weir-log-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(f->path));
    f->root_fd = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(f->root_fd >= 0);
    arena_init(&f->arena, 0);
    f->config = log_config_default();
    *state = f;
    return 0;
}

static inline int log_fixture_teardown(void **state)
{
    struct log_fixture *f = *state;
    arena_finish(&f->arena);
    (void)close(f->root_fd);
    if (file_remove_tree(AT_FDCWD, f->path, &f->err) < 0) {
        print_error("%s\n", f->err.message);
    }
    free(f);
    return 0;
}

static inline struct log_open_options log_fixture_options(const struct log_fixture *f, bool clean)
{
    return (struct log_open_options){
        .root_fd = f->root_fd,
        .topic = bytes_of("t"),
        .config = f->config,
        .leader_epoch_max = 0,
        .clean = clean,
    };
}

static inline struct partition_log *log_fixture_open(struct log_fixture *f, bool clean)
{
    struct log_open_options options = log_fixture_options(f, clean);
    struct partition_log *log = NULL;
    if (partition_log_open(&options, &log, &f->report, &f->err) < 0) {
        print_error("%s\n", f->err.message);
    }
    assert_non_null(log);
    return log;
}

/* A batch of `count` records "key-<n>" / "value-<n>", n from `first`, one millisecond apart from `timestamp` on. */
struct batch_spec {
    int first;
    int count;
    int64_t timestamp;
    enum codec codec;
    int64_t producer_id; /* with `sequence`; 0: none */
    int16_t producer_epoch;
    int32_t sequence;
    int16_t attributes;
};

static inline struct bytes make_batch(struct arena *arena, const struct batch_spec *spec)
{
    struct batch_builder b;
    struct bytes batch;
    batch_builder_init(&b, 16 << 20);
    b.header.attributes = spec->attributes;
    if (spec->producer_id > 0) {
        b.header.producer_id = spec->producer_id;
        b.header.producer_epoch = spec->producer_epoch;
        b.header.base_sequence = spec->sequence;
    }
    for (int i = 0; i < spec->count; i++) {
        struct bytes key = arena_printf(arena, "key-%u", (unsigned)spec->first + (unsigned)i);
        struct bytes value = arena_printf(arena, "value-%u", (unsigned)spec->first + (unsigned)i);
        batch_builder_add(&b, spec->timestamp + i, key, value, NULL, 0);
    }
    assert_int_equal(batch_builder_finish(&b, spec->codec, &batch, NULL), WEIR_OK);
    batch = arena_copy(arena, batch);
    batch_builder_release(&b);
    return batch;
}

static inline struct append_result append_spec(struct log_fixture *f,
                                               struct partition_log *log,
                                               const struct batch_spec *spec)
{
    struct append_options options = { .origin = BATCH_ORIGIN_CLIENT,
                                      .zstd_allowed = true,
                                      .now_ms = spec->timestamp,
                                      .arena = &f->arena };
    struct append_result result;
    (void)partition_log_append(log, make_batch(&f->arena, spec), &options, &result);
    return result;
}

/* The slice's bytes, in the arena; releases it. */
static inline struct bytes slice_bytes(struct arena *arena, struct log_slice *slice)
{
    struct bytes b = { (const uint8_t *)"", 0 };
    if (slice->file) {
        uint8_t *data = arena_alloc(arena, 1, (size_t)slice->length);
        assert_int_equal(file_pread(slice->file->fd, data, (size_t)slice->length, slice->position),
                         slice->length);
        b = (struct bytes){ data, (size_t)slice->length };
    }
    log_slice_release(slice);
    return b;
}
