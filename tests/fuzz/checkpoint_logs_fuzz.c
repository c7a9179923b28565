/*
 * Fuzz target: the text files of a checkpoint. What is accepted is written again and reads the same; what is not is refused with a line that
 * names the file.
 *
 * Input: one byte that chooses the kind of file (offsets, commit, schema of a store; and in a folder: metadata, an operator's metadata, a
 * compacted log), the rest is the file.
 */
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "checkpoint/batch_log.h"
#include "checkpoint/metadata_log.h"
#include "checkpoint/state_schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { KINDS = 6, TEXT_MAX = 16 << 20, PATH_SIZE = 200 };

static void read_offsets(struct bytes file, struct arena *arena)
{
    struct log_fault fault;
    struct batch_offsets o;
    struct batch_offsets again;
    struct buffer text;
    if (!batch_log_parse_offsets(file, arena, &o, &fault)) {
        assert(fault.damage != LOG_GOOD);
        return;
    }
    buffer_init(&text, TEXT_MAX);
    batch_log_print_offsets(&text, &o);
    bool good = batch_log_parse_offsets(buffer_bytes(&text), arena, &again, &fault);
    assert(good);
    assert(again.watermark_ms == o.watermark_ms && again.timestamp_ms == o.timestamp_ms);
    assert(again.conf_count == o.conf_count);
    for (int32_t i = 0; i < o.conf_count; i++) {
        assert(bytes_equal(again.conf[i].name, o.conf[i].name));
        assert(bytes_equal(again.conf[i].value, o.conf[i].value));
    }
    assert(again.source_count <= o.source_count); /* an empty line at the end is none */
    for (int32_t i = 0; i < again.source_count; i++) {
        assert(bytes_equal(again.offsets[i], o.offsets[i]));
    }
    buffer_finish(&text);
}

static void read_commit(struct bytes file, struct arena *arena)
{
    struct log_fault fault;
    struct buffer text;
    int64_t watermark_ms;
    int64_t again;
    if (!batch_log_parse_commit(file, arena, &watermark_ms, &fault)) {
        assert(fault.damage != LOG_GOOD);
        return;
    }
    buffer_init(&text, TEXT_MAX);
    batch_log_print_commit(&text, watermark_ms);
    bool good = batch_log_parse_commit(buffer_bytes(&text), arena, &again, &fault);
    assert(good && again == watermark_ms);
    buffer_finish(&text);
}

static void read_type(struct bytes json, struct arena *arena)
{
    struct buffer text;
    const struct type *type = state_schema_type(json, arena);
    if (!type) {
        return;
    }
    buffer_init(&text, TEXT_MAX);
    type_print_json(&text, type);
    const struct type *again = state_schema_type(buffer_bytes(&text), arena);
    assert(again && type_equal(type, again) && state_schema_compatible(type, again));
    buffer_clear(&text);
    state_schema_print_type(&text, type);
    assert(text.len > 0);
    buffer_finish(&text);
}

static void read_schema(struct bytes file, struct arena *arena)
{
    struct bytes texts[2];
    struct buffer again;
    if (!state_schema_parse(file, arena, &texts[0], &texts[1])) {
        read_type(file, arena);
        return;
    }
    read_type(texts[0], arena);
    read_type(texts[1], arena);
    buffer_init(&again, TEXT_MAX);
    state_schema_print(&again, texts[0], texts[1]);
    bool good = state_schema_parse(buffer_bytes(&again), arena, &texts[0], &texts[1]);
    assert(good);
    buffer_finish(&again);
}

static void put(const char *root, const char *folder, const char *name, struct bytes file)
{
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof(path), "%s/%s", root, folder);
    if (file_make_dirs(path, NULL) < 0) {
        abort();
    }
    (void)snprintf(path, sizeof(path), "%s/%s/%s", root, folder, name);
    if (file_replace(AT_FDCWD, path, file, false, NULL) < 0) {
        abort();
    }
}

static void refused(struct sql_error *error, const char *root)
{
    assert(sql_failed(error) && strstr(error->message, root));
    sql_error_finish(error);
}

static void open_metadata(struct bytes file, const char *root)
{
    struct sql_error error = { 0 };
    put(root, ".", "metadata", file);
    struct checkpoint *c = checkpoint_open(&(struct checkpoint_options){ .root = root }, &error);
    if (c) {
        assert(strlen(checkpoint_id(c)) == 36);
    } else {
        refused(&error, root);
    }
    checkpoint_close(c);
}

static void check_operators(struct bytes file, const char *root)
{
    struct sql_error error = { 0 };
    const struct checkpoint_operator o = { .name = "dedupe",
                                           .key_schema = bytes_of("{}"),
                                           .value_schema = bytes_of("{}"),
                                           .partitions = 1 };
    put(root, "state/0/_metadata", "metadata", file);
    put(root, "commits", "0", bytes_of("v1\n{}"));
    struct checkpoint *c = checkpoint_open(&(struct checkpoint_options){ .root = root }, &error);
    if (!checkpoint_check_operators(c, &o, 1, &error)) {
        refused(&error, root);
    }
    checkpoint_close(c);
}

static void read_log(struct bytes file, const char *root, struct arena *arena)
{
    struct sql_error error = { 0 };
    struct metadata_log log;
    const struct bytes *lines;
    const int64_t *numbers;
    int32_t count;
    put(root, ".", "1.compact", file);
    bool good = metadata_log_open(&log, root, false, 2, &error);
    assert(good);
    if (metadata_log_lines(&log, arena, &lines, &numbers, &count, &error)) {
        int32_t before = count;
        const struct bytes line = bytes_of("{\"one\":\"more\"}");
        enum metadata_log_written done = LOG_WRITTEN;
        for (int64_t i = 2; i <= 3 && done == LOG_WRITTEN; i++) {
            done = metadata_log_add(&log, i, &line, 1, &error);
        }
        assert(done == LOG_WRITTEN);
        good = metadata_log_lines(&log, arena, &lines, &numbers, &count, &error);
        assert(good && count == before + 2);
    } else {
        refused(&error, root);
    }
    metadata_log_finish(&log);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) {
        return 0;
    }
    struct bytes file = { data + 1, size - 1 };
    char root[] = "/tmp/weir-checkpoint-fuzz-XXXXXX";
    int kind = data[0] % KINDS;
    struct arena arena;
    arena_init(&arena, 0);
    if (kind > 2 && !mkdtemp(root)) {
        abort();
    }
    switch (kind) {
    case 0: read_offsets(file, &arena); break;
    case 1: read_commit(file, &arena); break;
    case 2: read_schema(file, &arena); break;
    case 3: open_metadata(file, root); break;
    case 4: check_operators(file, root); break;
    default: read_log(file, root, &arena); break;
    }
    arena_finish(&arena);
    if (kind > 2 && file_remove_tree(AT_FDCWD, root, NULL) < 0) {
        abort();
    }
    return 0;
}
