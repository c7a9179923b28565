/*
 * Fuzz target: the small files that storage keeps beside the records, each read by itself: what is accepted is written again
 * and read back the same, what is not is refused with a line that says why.
 *
 * Input: one byte that chooses the kind of file (producer snapshot, leader-epoch-checkpoint, checkpoint of offsets, abort
 * index), the rest is the file. A snapshot gets the right checksum.
 */
#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/file.h"
#include "base/mem.h"
#include "protocol/be.h"
#include "storage/checkpoint.h"
#include "storage/epoch_cache.h"
#include "storage/producer_state.h"
#include "storage/txn_index.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SNAPSHOT_CRC_AT = 2, SNAPSHOT_BODY_AT = 6, OUTPUT_MAX = 4 << 20, KINDS = 4 };
enum { BASE_OFFSET = 100, END_OFFSET = 200 };

static void read_snapshot(struct bytes file)
{
    struct producer_state state;
    struct producer_state again;
    struct buffer out;
    struct weir_error err = { 0 };
    uint8_t *copy = mem_zalloc(file.len + 1, 1);
    memcpy(copy, file.data, file.len);
    if (file.len >= SNAPSHOT_BODY_AT) {
        uint32_t crc = crc32c(0, copy + SNAPSHOT_BODY_AT, file.len - SNAPSHOT_BODY_AT);
        be_write_i32(copy + SNAPSHOT_CRC_AT, (int32_t)crc);
    }
    producer_state_init(&state);
    producer_state_init(&again);
    buffer_init(&out, OUTPUT_MAX);
    if (producer_state_read(&state, (struct bytes){ copy, file.len }, &err) == WEIR_OK) {
        producer_state_write(&state, &out);
        enum weir_status rc = producer_state_read(&again, buffer_bytes(&out), &err);
        assert(rc == WEIR_OK);
        assert(again.producers.count == state.producers.count);
        assert(producer_state_first_open(&again, -1) == producer_state_first_open(&state, -1));
    } else {
        assert(err.message[0] != '\0' && state.producers.count == 0);
    }
    producer_state_expire(&state, INT64_MAX / 2, 1);
    buffer_finish(&out);
    producer_state_finish(&again);
    producer_state_finish(&state);
    free(copy);
}

static void read_epochs(struct bytes file)
{
    struct epoch_cache cache = { 0 };
    struct epoch_cache again = { 0 };
    struct buffer out;
    struct weir_error err = { 0 };
    buffer_init(&out, OUTPUT_MAX);
    if (epoch_cache_parse(&cache, file, &err) == WEIR_OK) {
        epoch_cache_format(&cache, &out);
        enum weir_status rc = epoch_cache_parse(&again, buffer_bytes(&out), &err);
        assert(rc == WEIR_OK && again.count == cache.count);
        for (size_t i = 0; i < cache.count; i++) {
            assert(cache.entries[i].epoch == again.entries[i].epoch);
            assert(cache.entries[i].start_offset == again.entries[i].start_offset);
            assert(i == 0 || cache.entries[i].epoch > cache.entries[i - 1].epoch);
            assert(i == 0 || cache.entries[i].start_offset > cache.entries[i - 1].start_offset);
        }
    } else {
        assert(err.message[0] != '\0' && cache.count == 0);
    }
    buffer_finish(&out);
    epoch_cache_finish(&again);
    epoch_cache_finish(&cache);
}

static void read_checkpoint(int fd, struct bytes file)
{
    struct checkpoint checkpoint;
    struct checkpoint again;
    struct weir_error err = { 0 };
    checkpoint_init(&checkpoint);
    checkpoint_init(&again);
    enum weir_status rc = file_replace(fd, "checkpoint", file, false, &err);
    assert(rc == WEIR_OK);
    if (checkpoint_read(fd, "checkpoint", &checkpoint, &err) == WEIR_OK) {
        rc = checkpoint_write(fd, "checkpoint", &checkpoint, &err);
        assert(rc == WEIR_OK);
        rc = checkpoint_read(fd, "checkpoint", &again, &err);
        assert(rc == WEIR_OK && again.offsets.count == checkpoint.offsets.count);
    } else {
        assert(err.message[0] != '\0');
    }
    checkpoint_finish(&again);
    checkpoint_finish(&checkpoint);
}

static void read_aborted(int fd, struct bytes file)
{
    struct txn_index index = { 0 };
    struct txn_index again = { 0 };
    struct weir_error err = { 0 };
    enum weir_status rc = file_replace(fd, "txnindex", file, false, &err);
    assert(rc == WEIR_OK);
    if (txn_index_load(&index, fd, "txnindex", BASE_OFFSET, END_OFFSET, &err) == WEIR_OK) {
        for (size_t i = 0; i < index.count; i++) {
            assert(index.entries[i].last_offset >= BASE_OFFSET &&
                   index.entries[i].last_offset < END_OFFSET);
            assert(i == 0 || index.entries[i].last_offset > index.entries[i - 1].last_offset);
        }
        rc = txn_index_load(&again, fd, "txnindex", BASE_OFFSET, END_OFFSET, &err);
        assert(rc == WEIR_OK && again.count == index.count);
    } else {
        assert(err.message[0] != '\0');
    }
    txn_index_finish(&again);
    txn_index_finish(&index);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) {
        return 0;
    }
    struct bytes file = { data + 1, size - 1 };
    char folder[] = "/tmp/weir-files-fuzz-XXXXXX";
    int fd = mkdtemp(folder) ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd < 0) {
        abort();
    }
    switch (data[0] % KINDS) {
    case 0: read_snapshot(file); break;
    case 1: read_epochs(file); break;
    case 2: read_checkpoint(fd, file); break;
    default: read_aborted(fd, file); break;
    }
    (void)close(fd);
    if (file_remove_tree(AT_FDCWD, folder, NULL) < 0) {
        abort();
    }
    return 0;
}
