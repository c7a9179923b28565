/*
 * storage: the files that we write next to a log are Kafka's, byte for byte. Data directories of Apache Kafka lose their
 * indexes, snapshots and leader epochs, are opened, and what comes back is compared with what was there.
 */
#include <dirent.h>
#include <string.h>

#include "log_fixture.h"

#include <cmocka.h>

enum { FILES_MAX = 64 };

struct kept_file {
    char path[300];
    struct bytes content;
};

static void unpack(struct log_fixture *f, const char *folder)
{
    char command[512];
    (void)snprintf(command, sizeof(command),
                   "tar xzf '%s/tests/golden/datadir/%s/data.tar.gz' -C '%s'",
                   getenv("WEIR_SOURCE"), folder, f->path);
    assert_int_equal(system(command), 0);
}

static struct bytes content_of(struct log_fixture *f, const char *path)
{
    struct buffer b;
    buffer_init(&b, 16 << 20);
    if (file_read(f->root_fd, path, &b, &f->err) < 0) {
        fail_msg("%s", f->err.message);
    }
    struct bytes copy = arena_copy(&f->arena, buffer_bytes(&b));
    buffer_finish(&b);
    return copy;
}

/* Takes the files of one suffix out of "<topic>-<partition>" and remembers them. */
static int take_files(struct log_fixture *f,
                      const char *log,
                      const char *suffix,
                      struct kept_file *out)
{
    int count = 0;
    DIR *dir = fdopendir(openat(f->root_fd, log, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    assert_non_null(dir);
    struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        size_t len = strlen(entry->d_name);
        if (len < strlen(suffix) || strcmp(entry->d_name + len - strlen(suffix), suffix) != 0) {
            continue;
        }
        assert_true(count < FILES_MAX);
        (void)snprintf(out[count].path, sizeof(out[count].path), "%s/%s", log, entry->d_name);
        out[count].content = content_of(f, out[count].path);
        assert_int_equal(unlinkat(f->root_fd, out[count].path, 0), 0);
        count++;
    }
    (void)closedir(dir);
    assert_true(count > 0);
    return count;
}

static void compare_files(struct log_fixture *f, const struct kept_file *files, int count)
{
    for (int i = 0; i < count; i++) {
        struct bytes now = content_of(f, files[i].path);
        if (!bytes_equal(now, files[i].content)) {
            fail_msg("%s: %zu bytes, Kafka's were %zu, or they differ", files[i].path, now.len,
                     files[i].content.len);
        }
    }
}

static void open_and_close(struct log_fixture *f, const char *topic, int partition)
{
    struct log_open_options options = log_fixture_options(f, false);
    struct partition_log *log = NULL;
    options.topic = bytes_of(topic);
    options.partition = partition;
    options.leader_epoch_max = -1;
    if (partition_log_open(&options, &log, &f->report, &f->err) < 0) {
        fail_msg("%s", f->err.message);
    }
    assert_int_equal(f->report.bytes_cut, 0);
    assert_int_equal(partition_log_close(log, &f->err), WEIR_OK);
    partition_log_free(log);
}

/* One kind of file of one log, lost and made again. */
static void make_again(struct log_fixture *f, const char *topic, int partition, const char *suffix)
{
    struct kept_file files[FILES_MAX];
    char log[300];
    (void)snprintf(log, sizeof(log), "%s-%d", topic, partition);
    int count = take_files(f, log, suffix, files);
    open_and_close(f, topic, partition);
    compare_files(f, files, count);
}

static void indexes_are_made_again_as_kafka_made_them(void **state)
{
    struct log_fixture *f = *state;
    unpack(f, "segments");
    f->config.index_interval_bytes = 200;
    make_again(f, "segments", 0, ".index");
    make_again(f, "segments", 0, ".timeindex");
    f->config.index_interval_bytes = 4096;
    make_again(f, "append-time", 0, ".index");
    make_again(f, "append-time", 0, ".timeindex");
    make_again(f, "size-roll", 0, ".index");
    make_again(f, "size-roll", 0, ".timeindex");
}

static void producer_snapshots_are_made_again_as_kafka_made_them(void **state)
{
    struct log_fixture *f = *state;
    unpack(f, "idempotent");
    make_again(f, "idempotent", 0, ".snapshot");
    make_again(f, "idempotent", 1, ".snapshot");
    unpack(f, "codecs");
    make_again(f, "codec-none", 0, ".snapshot");
}

/* Kafka left older snapshots behind, from the rolls of its time; a close writes the one of the end. */
static void newest_snapshot_again(struct log_fixture *f, const char *topic, int partition)
{
    struct kept_file files[FILES_MAX];
    char log[300];
    (void)snprintf(log, sizeof(log), "%s-%d", topic, partition);
    int count = take_files(f, log, ".snapshot", files);
    struct kept_file *newest = &files[0];
    for (int i = 1; i < count; i++) {
        newest = strcmp(files[i].path, newest->path) > 0 ? &files[i] : newest;
    }
    open_and_close(f, topic, partition);
    compare_files(f, newest, 1);
}

static void transactions_are_in_the_snapshots_too(void **state)
{
    struct log_fixture *f = *state;
    unpack(f, "transactions");
    newest_snapshot_again(f, "txn", 0);
    newest_snapshot_again(f, "txn", 1);
    newest_snapshot_again(f, "txn-open", 0);
}

static void aborted_transactions_are_found_again_in_the_log(void **state)
{
    struct log_fixture *f = *state;
    struct kept_file snapshots[FILES_MAX];
    unpack(f, "transactions");
    (void)take_files(f, "txn-0", ".snapshot", snapshots); /* so that all of the log is read again */
    (void)take_files(f, "txn-1", ".snapshot", snapshots);
    make_again(f, "txn", 0, ".txnindex");
    make_again(f, "txn", 1, ".txnindex");
}

static void leader_epochs_are_made_again_from_the_batches(void **state)
{
    struct log_fixture *f = *state;
    unpack(f, "leader-epochs");
    make_again(f, "epochs", 0, "leader-epoch-checkpoint");
}

static void an_open_transaction_holds_the_stable_offset(void **state)
{
    struct log_fixture *f = *state;
    struct log_open_options options = log_fixture_options(f, false);
    struct partition_log *log = NULL;
    unpack(f, "transactions");
    options.topic = bytes_of("txn-open");
    assert_int_equal(partition_log_open(&options, &log, &f->report, &f->err), WEIR_OK);
    assert_int_equal(partition_log_end_offset(log), 1);
    assert_int_equal(partition_log_stable_offset(log), 0);
    partition_log_free(log);
}

#define LOG_TEST(name) \
    cmocka_unit_test_setup_teardown(name, log_fixture_setup, log_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOG_TEST(indexes_are_made_again_as_kafka_made_them),
        LOG_TEST(producer_snapshots_are_made_again_as_kafka_made_them),
        LOG_TEST(transactions_are_in_the_snapshots_too),
        LOG_TEST(aborted_transactions_are_found_again_in_the_log),
        LOG_TEST(leader_epochs_are_made_again_from_the_batches),
        LOG_TEST(an_open_transaction_holds_the_stable_offset),
    };
    return cmocka_run_group_tests_name("storage/kafka_files", tests, NULL, NULL);
}
