/*
 * Fuzz target: whatever is in a partition's folder, opening it ends, and what it leaves is a log: every batch is whole
 * and in order, it can be appended to, and opening it again finds nothing more to repair.
 *
 * Input: one byte of flags (1: after a clean stop, 2: compacted), one byte n, 8 n bytes of .index, the rest is the .log.
 */
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "protocol/batch_builder.h"
#include "storage/partition_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FLAG_CLEAN = 1, FLAG_COMPACTED = 2, PREFIX = 2, ENTRY = 8 };

static enum weir_status check_batch(void *context, struct bytes batch, struct weir_error *err)
{
    (void)err;
    int64_t *next = context;
    struct batch_header h;
    assert(batch_intact(batch));
    batch_header_read(batch.data, &h);
    assert(h.base_offset >= *next);
    *next = batch_next_offset(&h);
    return WEIR_OK;
}

static struct partition_log *open_log(int root_fd, unsigned flags, struct recovery_report *report)
{
    struct partition_log *log = NULL;
    struct log_open_options options = {
        .root_fd = root_fd,
        .topic = bytes_of("t"),
        .config = log_config_default(),
        .leader_epoch_max = -1,
        .clean = flags & FLAG_CLEAN,
    };
    options.config.compacted = flags & FLAG_COMPACTED;
    struct weir_error err;
    if (partition_log_open(&options, &log, report, &err) < 0) {
        return NULL; /* refused with a message: formats of long ago */
    }
    return log;
}

static void append_one(struct partition_log *log)
{
    struct batch_builder b;
    struct bytes batch;
    struct arena a;
    struct append_result result;
    arena_init(&a, 0);
    batch_builder_init(&b, 1 << 20);
    batch_builder_add(&b, 1, bytes_of("k"), bytes_of("v"), NULL, 0);
    enum weir_status rc = batch_builder_finish(&b, CODEC_NONE, &batch, NULL);
    assert(rc == WEIR_OK);
    struct append_options options = { .leader_epoch = INT32_MAX, .now_ms = 1, .arena = &a };
    enum kafka_error error = partition_log_append(log, batch, &options, &result);
    assert(error == KAFKA_NONE);
    batch_builder_release(&b);
    arena_finish(&a);
}

static void open_twice(int root_fd, unsigned flags)
{
    struct recovery_report report;
    for (int round = 0; round < 2; round++) {
        struct partition_log *log = open_log(root_fd, flags, &report);
        if (!log) {
            return;
        }
        int64_t next = 0;
        struct weir_error err;
        /* After a clean stop only the tail was checked; a damaged middle may then be found here. */
        enum weir_status rc = partition_log_iterate(log, 0, check_batch, &next, &err);
        if (!(flags & FLAG_CLEAN)) {
            assert(rc == WEIR_OK);
            assert(next == partition_log_end_offset(log) || next == 0);
            assert(round == 0 || report.bytes_cut == 0);
        }
        if (partition_log_end_offset(log) < INT64_MAX - 10) {
            append_one(log);
        }
        partition_log_free(log);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < PREFIX || size < PREFIX + (size_t)data[1] * ENTRY) {
        return 0;
    }
    char path[] = "/tmp/weir-fuzz-XXXXXX";
    if (!mkdtemp(path)) {
        abort();
    }
    int root_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct bytes index = { data + PREFIX, (size_t)data[1] * ENTRY };
    struct bytes log = { index.data + index.len, size - PREFIX - index.len };
    if (mkdirat(root_fd, "t-0", 0755) != 0 ||
        file_replace(root_fd, "t-0/00000000000000000000.log", log, false, NULL) < 0 ||
        file_replace(root_fd, "t-0/00000000000000000000.index", index, false, NULL) < 0 ||
        file_replace(root_fd, "t-0/00000000000000000000.timeindex", index, false, NULL) < 0) {
        abort();
    }
    open_twice(root_fd, data[0]);
    (void)close(root_fd);
    if (file_remove_tree(AT_FDCWD, path, NULL) < 0) {
        abort();
    }
    return 0;
}
