/*
 * storage: data directories that Apache Kafka wrote are read batch for batch and record for record as Kafka itself
 * reads them (tests/golden/datadir: data.tar.gz, and expect.jsonl with what Kafka's own classes printed).
 */
#include <dirent.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>

#include "log_fixture.h"
#include "protocol/record.h"
#include "storage/batch_scan.h"

#include <cmocka.h>

struct golden {
    struct log_fixture *f;
    FILE *expect;
    char *line; /* owned by getline */
    size_t line_size;
    int line_number;
    int fd; /* the .log in hand; -1: none */
    char file[300];
    struct batch_scan scan;
    struct record_reader reader;
    bool reading;
};

static void unpack(struct log_fixture *f, const char *folder)
{
    char command[512];
    (void)snprintf(command, sizeof(command),
                   "tar xzf '%s/tests/golden/datadir/%s/data.tar.gz' -C '%s'",
                   getenv("WEIR_SOURCE"), folder, f->path);
    assert_int_equal(system(command), 0);
}

static json_t *next_row(struct golden *g)
{
    if (getline(&g->line, &g->line_size, g->expect) < 0) {
        return NULL;
    }
    g->line_number++;
    json_error_t error;
    json_t *row = json_loads(g->line, 0, &error);
    if (!row) {
        fail_msg("expect.jsonl:%d: %s", g->line_number, error.text);
    }
    return row;
}

static const char *text(json_t *row, const char *key)
{
    const char *value = json_string_value(json_object_get(row, key));
    assert_non_null(value);
    return value;
}

static int64_t number(json_t *row, const char *key)
{
    json_t *value = json_object_get(row, key);
    if (!json_is_integer(value)) {
        fail_msg("no number '%s'", key);
    }
    return json_integer_value(value);
}

static bool yes(json_t *row, const char *key)
{
    return json_is_true(json_object_get(row, key));
}

/* The .log that the row is about. */
static void turn_to_file(struct golden *g, json_t *row)
{
    char file[300];
    (void)snprintf(file, sizeof(file), "%s-%d/%s", text(row, "topic"),
                   (int)number(row, "partition"), text(row, "file"));
    if (g->fd >= 0 && strcmp(file, g->file) == 0) {
        return;
    }
    if (g->fd >= 0) {
        batch_scan_finish(&g->scan);
        (void)close(g->fd);
    }
    struct stat st;
    g->fd = openat(g->f->root_fd, file, O_RDONLY | O_CLOEXEC);
    if (g->fd < 0) { /* the archive may hold a folder of its own */
        fail_msg("%s is not in the archive", file);
    }
    assert_int_equal(fstat(g->fd, &st), 0);
    (void)snprintf(g->file, sizeof(g->file), "%s", file);
    batch_scan_init(&g->scan, g->fd, 0, st.st_size, 128);
}

static void end_of_records(struct golden *g)
{
    struct record r;
    if (g->reading) {
        assert_int_equal(record_next(&g->reader, &r, NULL), 0);
        record_reader_finish(&g->reader);
        g->reading = false;
    }
}

static void check_batch(struct golden *g, json_t *row)
{
    end_of_records(g);
    turn_to_file(g, row);
    assert_int_equal(batch_scan_next(&g->scan), BATCH_SCAN_FOUND);
    const struct batch_header *h = &g->scan.header;
    struct bytes batch;
    assert_true(batch_scan_load(&g->scan, &batch));
    assert_int_equal(g->scan.position, number(row, "position"));
    assert_int_equal(batch_size(h), number(row, "size"));
    assert_int_equal(h->base_offset, number(row, "base_offset"));
    assert_int_equal(batch_last_offset(h), number(row, "last_offset"));
    assert_int_equal(h->record_count, number(row, "count"));
    assert_int_equal(h->leader_epoch, number(row, "leader_epoch"));
    assert_int_equal(h->crc, number(row, "crc"));
    assert_int_equal(batch_crc(batch) == h->crc, yes(row, "crc_ok"));
    assert_string_equal(codec_name((enum codec)(h->attributes & BATCH_CODEC_MASK)),
                        text(row, "codec"));
    assert_int_equal(!!(h->attributes & BATCH_LOG_APPEND_TIME),
                     strcmp(text(row, "timestamp_type"), "LogAppendTime") == 0);
    assert_int_equal(h->max_timestamp, number(row, "max_timestamp"));
    assert_int_equal(h->producer_id, number(row, "producer_id"));
    assert_int_equal(h->producer_epoch, number(row, "producer_epoch"));
    assert_int_equal(h->base_sequence, number(row, "base_sequence"));
    assert_int_equal(!!(h->attributes & BATCH_TRANSACTIONAL), yes(row, "transactional"));
    assert_int_equal(!!(h->attributes & BATCH_CONTROL), yes(row, "control"));
    json_t *horizon = json_object_get(row, "delete_horizon_ms");
    assert_int_equal(!!(h->attributes & BATCH_DELETE_HORIZON), json_is_integer(horizon));
    if (json_is_integer(horizon)) {
        assert_int_equal(h->base_timestamp, json_integer_value(horizon));
    }
    if (yes(row, "crc_ok")) {
        assert_int_equal(record_reader_init(&g->reader, batch, NULL), WEIR_OK);
        g->reading = true;
    }
}

static uint8_t hex_digit(char c)
{
    return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* Is `actual` what the row says: null, text, {"hex": ...} or {"repeat": ..., "n": ...}? */
static void check_blob(struct bytes actual, json_t *expected)
{
    if (json_is_null(expected)) {
        assert_null(actual.data);
        return;
    }
    assert_non_null(actual.data);
    if (json_is_string(expected)) {
        assert_int_equal(actual.len, json_string_length(expected));
        assert_memory_equal(actual.data, json_string_value(expected), actual.len);
        return;
    }
    const char *hex = json_string_value(json_object_get(expected, "hex"));
    if (hex) {
        assert_int_equal(actual.len * 2, strlen(hex));
        for (size_t i = 0; i < actual.len; i++) {
            assert_int_equal(actual.data[i],
                             hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
        }
        return;
    }
    const char *repeat = text(expected, "repeat");
    assert_int_equal(actual.len, number(expected, "n") * (int64_t)strlen(repeat));
    for (size_t i = 0; i < actual.len; i++) {
        assert_int_equal(actual.data[i], repeat[i % strlen(repeat)]);
    }
}

static void check_record(struct golden *g, json_t *row)
{
    struct record r;
    assert_true(g->reading);
    assert_int_equal(record_next(&g->reader, &r, NULL), 1);
    assert_int_equal(r.offset, number(row, "offset"));
    assert_int_equal(r.timestamp, number(row, "timestamp"));
    int32_t base = g->reader.header.base_sequence;
    assert_int_equal(base < 0 ? -1 : sequence_add(base, r.offset_delta), number(row, "sequence"));
    check_blob(r.key, json_object_get(row, "key"));
    check_blob(r.value, json_object_get(row, "value"));
    json_t *headers = json_object_get(row, "headers");
    assert_int_equal(r.header_count, json_array_size(headers));
    struct reader rest;
    struct record_header header;
    reader_init(&rest, r.headers);
    for (size_t i = 0; i < json_array_size(headers); i++) {
        assert_true(record_next_header(&rest, &header));
        check_blob(header.key, json_array_get(json_array_get(headers, i), 0));
        check_blob(header.value, json_array_get(json_array_get(headers, i), 1));
    }
    assert_false(record_next_header(&rest, &header));
}

/* The rest of a file that is no whole batch. */
static void check_tail(struct golden *g, json_t *row)
{
    end_of_records(g);
    turn_to_file(g, row);
    enum batch_scan_state state = batch_scan_next(&g->scan);
    assert_true(state == BATCH_SCAN_TORN || state == BATCH_SCAN_CORRUPT);
    assert_int_equal(g->scan.next, number(row, "position"));
    assert_int_equal(g->scan.end - g->scan.next, number(row, "size"));
}

static void compare_folder(struct log_fixture *f, const char *folder)
{
    char path[512];
    struct golden g = { .f = f, .fd = -1 };
    unpack(f, folder);
    (void)snprintf(path, sizeof(path), "%s/tests/golden/datadir/%s/expect.jsonl",
                   getenv("WEIR_SOURCE"), folder);
    g.expect = fopen(path, "re");
    assert_non_null(g.expect);
    json_t *row;
    while ((row = next_row(&g)) != NULL) {
        const char *kind = text(row, "kind");
        if (strcmp(kind, "batch") == 0) {
            check_batch(&g, row);
        } else if (strcmp(kind, "record") == 0) {
            check_record(&g, row);
        } else if (strcmp(kind, "tail") == 0) {
            check_tail(&g, row);
        }
        json_decref(row);
    }
    end_of_records(&g);
    assert_true(g.line_number > 0);
    batch_scan_finish(&g.scan);
    (void)close(g.fd);
    (void)fclose(g.expect);
    free(g.line);
}

static void every_folder_reads_as_kafka_reads_it(void **state)
{
    struct log_fixture *f = *state;
    char path[512];
    int folders = 0;
    (void)snprintf(path, sizeof(path), "%s/tests/golden/datadir", getenv("WEIR_SOURCE"));
    DIR *dir = opendir(path);
    assert_non_null(dir);
    struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.') {
            /* A folder in the fixture's: it goes with it, also when this one fails. */
            struct log_fixture each = *f;
            print_message("# %s\n", entry->d_name);
            (void)snprintf(each.path, sizeof(each.path), "%.40s/%.40s", f->path, entry->d_name);
            assert_int_equal(mkdir(each.path, 0755), 0);
            each.root_fd = open(each.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
            compare_folder(&each, entry->d_name);
            (void)close(each.root_fd);
            folders++;
        }
    }
    (void)closedir(dir);
    assert_int_equal(folders, 13);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_folder_reads_as_kafka_reads_it, log_fixture_setup,
                                        log_fixture_teardown),
    };
    return cmocka_run_group_tests_name("storage/datadir", tests, NULL, NULL);
}
