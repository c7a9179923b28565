/*
 * Fuzz target: a partition's folder of several segments, with every kind of file that can be in it, and the checkpoints of the
 * folder around it. Whatever they say, opening ends; what was opened can be read at every offset and by time, appended to,
 * compacted and shortened; and opening that again finds nothing to repair. (storage_recovery_fuzz.c looks at one .log closer.)
 *
 * Input: one byte of flags, then for each file its number in `names`, an int16 length, and its bytes (the last file may be
 * short of it). A checksum over what fuzzing changed would nearly always be wrong: batches of .log files and snapshots get
 * the right one, unless the flags say not to.
 */
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/file.h"
#include "base/mem.h"
#include "protocol/batch_builder.h"
#include "protocol/be.h"
#include "protocol/reader.h"
#include "storage/checkpoint.h"
#include "storage/log_cleaner.h"
#include "storage/log_retention.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FLAG_CLEAN = 1, FLAG_COMPACTED = 2, FLAG_AS_IS = 4, FLAG_EPOCHS = 8, FLAG_DELETE = 16 };
enum { SNAPSHOT_CRC_AT = 2, SNAPSHOT_BODY_AT = 6, FILE_MAX = 1 << 16, READS_MAX = 64 };
enum { EPOCH_MAX = 5 };

static const char *const names[] = {
    "t-0/00000000000000000000.log",
    "t-0/00000000000000000000.index",
    "t-0/00000000000000000000.timeindex",
    "t-0/00000000000000000000.txnindex",
    "t-0/00000000000000000000.snapshot",
    "t-0/00000000000000000001.log",
    "t-0/00000000000000000001.index",
    "t-0/00000000000000000001.timeindex",
    "t-0/00000000000000000001.txnindex",
    "t-0/00000000000000000001.snapshot",
    "t-0/00000000000000000003.log",
    "t-0/00000000000000000003.index",
    "t-0/00000000000000000003.timeindex",
    "t-0/00000000000000000003.txnindex",
    "t-0/00000000000000000003.snapshot",
    "t-0/00000000000000000008.snapshot",
    "t-0/00000000000000000011.snapshot",
    "t-0/leader-epoch-checkpoint",
    "t-0/partition.metadata",
    "recovery-point-offset-checkpoint",
    "log-start-offset-checkpoint",
};
enum { NAME_COUNT = sizeof(names) / sizeof(names[0]) };

/* --- the folder --- */

static void mend_batches(uint8_t *data, size_t size)
{
    struct bytes rest = { data, size };
    struct bytes batch;
    while (batch_split(&rest, &batch) == BATCH_SPLIT_FOUND) {
        if (batch_is_v2(batch)) {
            be_write_i32((uint8_t *)(uintptr_t)batch.data + BATCH_AT_CRC,
                         (int32_t)batch_crc(batch));
        }
    }
}

static void mend(const char *name, uint8_t *data, size_t size)
{
    struct bytes text = bytes_of(name);
    if (bytes_ends_with(text, bytes_of(".log"))) {
        mend_batches(data, size);
    } else if (bytes_ends_with(text, bytes_of(".snapshot")) && size >= SNAPSHOT_BODY_AT) {
        uint32_t crc = crc32c(0, data + SNAPSHOT_BODY_AT, size - SNAPSHOT_BODY_AT);
        be_write_i32(data + SNAPSHOT_CRC_AT, (int32_t)crc);
    }
}

static void write_files(int root_fd, struct reader *r, unsigned flags)
{
    uint8_t *content = mem_zalloc(FILE_MAX, 1);
    if (mkdirat(root_fd, "t-0", 0755) != 0) {
        abort();
    }
    while (reader_left(r) > 3) {
        const char *name = names[(uint8_t)reader_i8(r) % NAME_COUNT];
        size_t wanted = (uint16_t)reader_i16(r);
        size_t left = reader_left(r);
        struct bytes given = reader_take(r, wanted < left ? wanted : left);
        if (given.len > 0) {
            memcpy(content, given.data, given.len);
        }
        if (!(flags & FLAG_AS_IS)) {
            mend(name, content, given.len);
        }
        if (file_replace(root_fd, name, (struct bytes){ content, given.len }, false, NULL) < 0) {
            abort();
        }
    }
    free(content);
}

/* What a checkpoint says of the partition; 0 where it says nothing, or cannot be read. */
static int64_t checkpointed(int root_fd, const char *file)
{
    struct checkpoint checkpoint;
    struct weir_error err = { 0 };
    checkpoint_init(&checkpoint);
    int64_t offset = 0;
    if (checkpoint_read(root_fd, file, &checkpoint, &err) == WEIR_OK) {
        offset = checkpoint_get(&checkpoint, bytes_of("t"), 0, 0);
    } else {
        assert(err.message[0] != '\0');
    }
    checkpoint_finish(&checkpoint);
    return offset < 0 ? 0 : offset;
}

static struct partition_log *open_log(int root_fd, unsigned flags, struct recovery_report *report)
{
    struct partition_log *log = NULL;
    struct weir_error err = { 0 };
    struct log_open_options options = {
        .root_fd = root_fd,
        .topic = bytes_of("t"),
        .config = log_config_default(),
        .recovery_point = checkpointed(root_fd, "recovery-point-offset-checkpoint"),
        .log_start_offset = checkpointed(root_fd, "log-start-offset-checkpoint"),
        .leader_epoch_max = flags & FLAG_EPOCHS ? EPOCH_MAX : -1,
        .clean = flags & FLAG_CLEAN,
    };
    options.config.compacted = flags & FLAG_COMPACTED;
    options.config.deletes = !options.config.compacted;
    options.config.min_cleanable_dirty_ratio = 0;
    options.config.index_interval_bytes = 64;
    if (partition_log_open(&options, &log, report, &err) < 0) {
        assert(err.message[0] != '\0');
        return NULL;
    }
    return log;
}

/* --- what one does with a log --- */

static enum weir_status count_batch(void *context, struct bytes batch, struct weir_error *err)
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

static void read_everywhere(struct partition_log *log, struct arena *arena)
{
    int64_t start = partition_log_start_offset(log);
    int64_t end = partition_log_end_offset(log);
    assert(start >= 0 && start <= end);
    assert(partition_log_stable_offset(log) <= end);
    for (int64_t i = 0; i < READS_MAX && start + i <= end; i++) {
        struct log_slice slice = { 0 };
        struct log_read_options options = {
            .offset = start + i, .upper_offset = end, .max_bytes = 1 << (i % 16), .min_one = i % 2
        };
        struct aborted_list aborted;
        (void)partition_log_read(log, &options, &slice);
        partition_log_aborted(log, options.offset, end, arena, &aborted);
        log_slice_release(&slice);
        (void)partition_log_epoch_at(log, start + i);
    }
    struct log_time_offset found = { -1, -1, -1 };
    for (int64_t timestamp = 1; timestamp > 0 && timestamp < INT64_MAX / 4; timestamp *= 4) {
        if (partition_log_offset_for_time(log, timestamp, end, &found) == KAFKA_NONE) {
            assert(found.offset < end || found.offset == -1);
        }
    }
    (void)partition_log_max_timestamp(log, &found);
    size_t count;
    free(partition_log_producers(log, &count));
}

static void append_one(struct partition_log *log, unsigned flags, struct arena *arena)
{
    struct batch_builder b;
    struct bytes batch;
    struct append_result result;
    batch_builder_init(&b, 1 << 20);
    batch_builder_add(&b, 1, bytes_of("k"), bytes_of("v"), NULL, 0);
    enum weir_status rc = batch_builder_finish(&b, CODEC_NONE, &batch, NULL);
    assert(rc == WEIR_OK);
    struct append_options options = { .leader_epoch = flags & FLAG_EPOCHS ? EPOCH_MAX : INT32_MAX,
                                      .now_ms = 1,
                                      .arena = arena };
    enum kafka_error error = partition_log_append(log, batch, &options, &result);
    assert(error == KAFKA_NONE);
    assert(result.base_offset == result.end_offset - 1);
    batch_builder_release(&b);
}

/* A compaction that meets records it cannot read leaves everything as it was, and says so. */
static void tend(struct partition_log *log, unsigned flags)
{
    struct weir_error err = { 0 };
    struct log_compacted compacted;
    struct log_retained retained;
    int64_t next = 0;
    if (flags & FLAG_COMPACTED && partition_log_compact(log, 1, &compacted, &err) < 0) {
        assert(err.message[0] != '\0');
    }
    if (flags & FLAG_DELETE) {
        int64_t start;
        int64_t middle = partition_log_start_offset(log) / 2 + partition_log_end_offset(log) / 2;
        (void)partition_log_delete_before(log, middle, &start);
    }
    enum weir_status rc = partition_log_retain(log, INT64_MAX / 2, &retained, &err);
    assert(rc == WEIR_OK);
    rc = partition_log_iterate(log, partition_log_start_offset(log), count_batch, &next, &err);
    assert(rc == WEIR_OK || flags & FLAG_CLEAN);
}

static void use_log(int root_fd, unsigned flags)
{
    struct recovery_report report;
    struct arena arena;
    struct weir_error err;
    arena_init(&arena, 0);
    for (int round = 0; round < 3; round++) {
        struct partition_log *log =
            open_log(root_fd, round < 2 ? flags : flags & ~FLAG_CLEAN, &report);
        if (!log) {
            assert(round == 0 && "a log that was opened does not open again");
            break;
        }
        assert(round == 0 || flags & FLAG_CLEAN || report.bytes_cut == 0);
        read_everywhere(log, &arena);
        if (partition_log_end_offset(log) < INT64_MAX - 10) {
            append_one(log, flags, &arena);
            tend(log, flags);
        }
        if (round == 0) {
            enum weir_status rc = partition_log_close(log, &err);
            assert(rc == WEIR_OK);
        }
        partition_log_free(log);
    }
    arena_finish(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) {
        return 0;
    }
    char path[64];
    (void)snprintf(path, sizeof(path), "%s/weir-fuzz-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(path)) {
        abort();
    }
    int root_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct reader r;
    reader_init(&r, (struct bytes){ data + 1, size - 1 });
    write_files(root_fd, &r, data[0]);
    use_log(root_fd, data[0]);
    (void)close(root_fd);
    if (file_remove_tree(AT_FDCWD, path, NULL) < 0) {
        abort();
    }
    return 0;
}
