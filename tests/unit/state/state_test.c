/*
 * state/state: versions in memory and in files: what is committed is there after a restart, in the same order; what failed is not; every
 * damage is an error that names the file; the files that remain are those that Spark leaves.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "state/state.h"
#include "state/state_store.h"

#include <cmocka.h>

enum { PATH_SIZE = 200 };

struct fixture {
    char root[64];
    struct state_provider *provider;
    struct sql_error error;
};

static struct state_options options_of(const struct fixture *f)
{
    return (struct state_options){ .root = f->root,
                                   .min_deltas_for_snapshot = 4,
                                   .min_batches_to_retain = 5,
                                   .max_versions_in_memory = 2,
                                   .run_id = "the-run" };
}

static void restart(struct fixture *f)
{
    struct state_options options = options_of(f);
    state_provider_free(f->provider);
    f->provider = state_provider_new(&options);
    sql_error_finish(&f->error);
}

static int set_up(void **state)
{
    struct fixture *f = MEM_NEW(struct fixture);
    (void)snprintf(f->root, sizeof(f->root), "/tmp/weir-state-test-XXXXXX");
    assert_non_null(mkdtemp(f->root));
    restart(f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    state_provider_free(f->provider);
    sql_error_finish(&f->error);
    assert_int_equal(file_remove_tree(AT_FDCWD, f->root, NULL), WEIR_OK);
    free(f);
    return 0;
}

static struct state_store *open_at(struct fixture *f, int64_t version)
{
    return state_open(f->provider, 0, 0, "", version, &f->error);
}

/* Batch N puts n<N>=N, counts "all" up, and removes what batch N - 3 put. */
static void work(struct state_store *s, int64_t batch)
{
    char key[32];
    int64_t all = 0;
    struct bytes value;
    if (state_get(s, bytes_of("all"), &value)) {
        memcpy(&all, value.data, sizeof(all));
    }
    assert_int_equal(all, batch);
    all++;
    state_put(s, bytes_of("all"), (struct bytes){ (uint8_t *)&all, sizeof(all) });
    (void)snprintf(key, sizeof(key), "n%d", (int)batch);
    state_put(s, bytes_of(key), (struct bytes){ (uint8_t *)&batch, sizeof(batch) });
    (void)snprintf(key, sizeof(key), "n%d", (int)batch - 3);
    assert_int_equal(state_remove(s, bytes_of(key)), batch >= 3);
}

static void run_batch(struct fixture *f, int64_t batch)
{
    struct state_store *s = open_at(f, batch);
    assert_non_null(s);
    work(s, batch);
    assert_true(state_commit(s, &f->error));
}

static void run_batches(struct fixture *f, int64_t from, int64_t below)
{
    for (int64_t batch = from; batch < below; batch++) {
        run_batch(f, batch);
    }
}

/* What `version` batches leave: "all", then the last three in their order. */
static void has_version(struct fixture *f, int64_t version)
{
    struct state_store *s = open_at(f, version);
    if (!s) {
        fail_msg("version %d: %s", (int)version, f->error.message);
    }
    struct bytes key;
    struct bytes value;
    size_t position = 0;
    char expected[32];
    int64_t number;
    int64_t first = version > 3 ? version - 3 : 0;
    for (int64_t i = first - 1; version > 0 && i < version; i++) {
        assert_true(state_next(s, &position, &key, &value));
        (void)snprintf(expected, sizeof(expected), "n%d", (int)i);
        assert_true(bytes_equal_text(key, i < first ? "all" : expected));
        memcpy(&number, value.data, sizeof(number));
        assert_int_equal(number, i < first ? version : i);
    }
    assert_false(state_next(s, &position, &key, &value));
    assert_int_equal(state_count(s), version == 0 ? 0 : version - first + 1);
    state_abort(s);
}

static void path_of(const struct fixture *f, const char *name, char out[PATH_SIZE])
{
    (void)snprintf(out, PATH_SIZE, "%s/0/0/%s", f->root, name);
}

static void a_batch_reads_its_version_and_writes_the_next(void **state)
{
    struct fixture *f = *state;
    has_version(f, 0);
    run_batches(f, 0, 20);
    has_version(f, 20);
    restart(f);
    has_version(f, 20);
    for (int64_t v = 19; v >= 0; v--) { /* the older ones are there too, from the files */
        has_version(f, v);
    }
    run_batches(f, 20, 23); /* and it goes on */
    restart(f);
    has_version(f, 23);
}

static void a_batch_that_failed_has_left_nothing(void **state)
{
    struct fixture *f = *state;
    run_batches(f, 0, 5);
    struct state_store *s = open_at(f, 5);
    work(s, 5);
    state_put(s, bytes_of("n3"), bytes_of("something else, and longer"));
    state_abort(s);
    has_version(f, 5);
    run_batches(f, 5, 7);
    restart(f);
    has_version(f, 7);
}

static void the_last_batch_may_be_run_again(void **state)
{
    struct fixture *f = *state;
    run_batches(f, 0, 6);
    for (int again = 0; again < 3;
         again++) { /* it was committed here, but the query failed elsewhere */
        run_batch(f, 5);
        has_version(f, 6);
    }
    run_batches(f, 6, 8);
    run_batch(f, 3); /* further back is in the files */
    has_version(f, 4);
    restart(f);
    has_version(f, 4);
}

static void hits_and_misses_are_counted_as_spark_does(void **state)
{
    struct fixture *f = *state;
    run_batches(f, 0, 3);
    struct state_store *s = open_at(f, 3);
    struct state_counters c = state_counters(s);
    assert_int_equal(c.cache_hits, 3); /* not the open of version 0 */
    assert_int_equal(c.cache_misses, 0);
    assert_int_equal(c.last_snapshot, -1);
    assert_int_equal(c.current_version_bytes, 3 + 8 + 3 * (2 + 8));
    assert_true(state_memory(s) > (size_t)c.current_version_bytes);
    state_abort(s);
    restart(f);
    run_batches(f, 3, 5);
    s = open_at(f, 5);
    c = state_counters(s);
    assert_int_equal(c.cache_hits, 2);
    assert_int_equal(c.cache_misses, 1);
    state_abort(s);
}

static void stores_of_one_partition_have_their_own_folders(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = { "left-keyToNumValues", "left-keyWithIndexToValue" };
    char path[PATH_SIZE];
    struct bytes value;
    for (int i = 0; i < 2; i++) {
        struct state_store *s = state_open(f->provider, 1, 2, names[i], 0, &f->error);
        state_put(s, bytes_of("k"), bytes_of(names[i]));
        assert_true(state_commit(s, &f->error));
        (void)snprintf(path, sizeof(path), "%s/1/2/%s/1.delta", f->root, names[i]);
        assert_int_equal(access(path, F_OK), 0);
    }
    restart(f);
    for (int i = 0; i < 2; i++) {
        struct state_store *s = state_open(f->provider, 1, 2, names[i], 1, &f->error);
        assert_true(state_get(s, bytes_of("k"), &value));
        assert_true(bytes_equal_text(value, names[i]));
        state_abort(s);
    }
}

/* --- maintenance --- */

/* The paths of the folder that tests/golden/checkpoints lists for the query. */
static void assert_same_files(const struct fixture *f, const char *query)
{
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof(path), "%s/tests/golden/checkpoints/listings.txt",
                   getenv("WEIR_SOURCE")); /* NOLINT(concurrency-mt-unsafe): one thread */
    struct buffer golden;
    struct state_listing files;
    char folder[PATH_SIZE];
    buffer_init(&golden, 1 << 20);
    assert_int_equal(file_read(AT_FDCWD, path, &golden, NULL), WEIR_OK);
    (void)snprintf(folder, sizeof(folder), "%s/0/0", f->root);
    assert_int_equal(state_folder_list(folder, &files, NULL), WEIR_OK);
    struct bytes rest = buffer_bytes(&golden);
    struct bytes line;
    struct bytes word;
    int32_t expected = 0;
    while (bytes_cut(&rest, '\n', &line)) {
        (void)bytes_cut(&line, ' ', &word);
        bool ours = bytes_equal_text(word, query);
        if (!ours || !bytes_cut(&line, ' ', &word) ||
            !bytes_starts_with(line, bytes_of("state/0/0/")) || memchr(line.data, '_', line.len)) {
            continue;
        }
        expected++;
        (void)snprintf(path, sizeof(path), "%s/%.*s", f->root, (int)line.len - 6,
                       (const char *)line.data + 6);
        if (access(path, F_OK) != 0) {
            fail_msg("there is no %s", path);
        }
    }
    assert_true(expected > 0);
    assert_int_equal(files.count, expected);
    state_listing_finish(&files);
    buffer_finish(&golden);
}

static void the_files_that_remain_are_sparks(void **state)
{
    struct fixture *f = *state;
    for (int64_t batch = 0; batch < 25; batch++) {
        run_batch(f, batch);
        if (batch >=
            7) { /* when Spark's maintenance came for the first time: 8, 13, 18 and 23 got snapshots */
            state_retain_from(f->provider, batch - 5);
            state_maintain(f->provider);
        }
    }
    assert_same_files(f, "recovery_state_files/checkpoint");
    struct state_store *s = open_at(f, 25);
    assert_int_equal(state_counters(s).last_snapshot, 23);
    state_abort(s);
    restart(f);
    for (int64_t v = 25; v >= 18; v--) {
        has_version(f, v);
    }
    assert_null(open_at(f, 17));
}

static void few_batches_leave_a_delta_each(void **state)
{
    struct fixture *f = *state;
    run_batches(f, 0, 4);
    state_maintain(f->provider);
    assert_same_files(f, "recovery_listing_operators/checkpoint_agg");
}

static void what_may_be_asked_for_again_is_kept(void **state)
{
    struct fixture *f = *state;
    state_retain_from(f->provider, 2);
    for (int64_t batch = 0; batch < 40; batch++) {
        run_batch(f, batch);
        state_maintain(f->provider);
    }
    restart(f);
    has_version(f, 2);
    state_retain_from(f->provider, 30);
    has_version(f, 40);
    state_maintain(f->provider);
    has_version(f, 30);
    assert_null(open_at(f, 2));
}

static void a_snapshot_of_another_history_is_not_believed(void **state)
{
    struct fixture *f = *state;
    char path[PATH_SIZE];
    struct bytes value;
    run_batches(f, 0, 5);
    state_maintain(f->provider);
    path_of(f, "5.snapshot", path);
    assert_int_equal(access(path, F_OK), 0);
    restart(f);
    struct state_store *s = open_at(f, 4); /* batch 4 is run again, and does something else */
    state_put(s, bytes_of("other"), bytes_of("x"));
    assert_true(state_commit(s, &f->error));
    restart(f);
    s = open_at(f, 5);
    assert_true(state_get(s, bytes_of("other"), &value));
    state_abort(s);
}

static void a_version_that_is_taken_back_meanwhile_gets_no_snapshot(void **state)
{
    struct fixture *f = *state;
    char path[PATH_SIZE];
    struct state_moment m;
    run_batches(f, 0, 5);
    struct state_store *s = open_at(f, 5);
    state_abort(s);
    buffer_init(&m.snapshot, 1 << 20);
    assert_true(state_look(s, &m));
    assert_true(m.due && m.version == 5);
    run_batch(f, 4); /* while the snapshot is compressed */
    state_write_snapshot(s, &m);
    path_of(f, "5.snapshot", path);
    assert_int_equal(access(path, F_OK), -1);
    buffer_clear(&m.snapshot);
    assert_true(state_look(s, &m));
    run_batch(f, 5); /* going on does no harm */
    state_write_snapshot(s, &m);
    assert_int_equal(access(path, F_OK), 0);
    buffer_finish(&m.snapshot);
}

/* --- damage --- */

static void write_text(const char *path, struct bytes text)
{
    struct weir_error err;
    assert_int_equal(file_replace(AT_FDCWD, path, text, false, &err), WEIR_OK);
}

static void read_text(const char *path, struct buffer *out)
{
    buffer_init(out, 1 << 20);
    assert_int_equal(file_read(AT_FDCWD, path, out, NULL), WEIR_OK);
}

static void refused(struct fixture *f, int64_t version, const char *condition, const char *file)
{
    restart(f);
    assert_null(open_at(f, version));
    assert_string_equal(f->error.condition->name, condition);
    assert_string_equal(f->error.condition->state, "58030");
    if (!strstr(f->error.message, file) || !strstr(f->error.message, "\nRestore the file")) {
        fail_msg("%s", f->error.message);
    }
}

static void a_missing_delta_is_named_as_spark_names_it(void **state)
{
    struct fixture *f = *state;
    char path[PATH_SIZE];
    char expected[1024];
    run_batches(f, 0, 3);
    path_of(f, "2.delta", path);
    assert_int_equal(unlink(path), 0);
    refused(f, 3, "CANNOT_LOAD_STATE_STORE.CANNOT_READ_DELTA_FILE_NOT_EXISTS", path);
    (void)snprintf(expected, sizeof(expected),
                   "[CANNOT_LOAD_STATE_STORE.CANNOT_READ_DELTA_FILE_NOT_EXISTS] An error occurred "
                   "during loading state. Error reading delta file file:%s of "
                   "HDFSStateStoreProvider[stateStoreProviderId=StateStoreProviderId[ "
                   "storeId=StateStoreId[ operatorId=0, partitionId=0, storeName=default ], "
                   "queryRunId=the-run ]]: file:%s does not exist. SQLSTATE: 58030\nRestore",
                   path, path);
    assert_memory_equal(f->error.message, expected, strlen(expected));
    restart(f);
    assert_null(state_open(f->provider, 7, 0, "", 1, &f->error)); /* an operator that is new */
    assert_non_null(strstr(f->error.message, "/7/0/1.delta does not exist"));
}

static void every_cut_and_every_changed_byte_is_found(void **state)
{
    struct fixture *f = *state;
    char path[PATH_SIZE];
    struct buffer whole;
    run_batches(f, 0, 3);
    path_of(f, "2.delta", path);
    read_text(path, &whole);
    for (size_t len = 0; len < whole.len; len++) {
        write_text(path, (struct bytes){ whole.data, len });
        refused(f, 3, "CANNOT_LOAD_STATE_STORE.UNCATEGORIZED", path);
    }
    for (size_t at = 0; at < whole.len; at++) {
        whole.data[at] ^= 0x20;
        write_text(path, buffer_bytes(&whole));
        refused(f, 3, "CANNOT_LOAD_STATE_STORE.UNCATEGORIZED", path);
        whole.data[at] ^= 0x20;
    }
    buffer_append_text(&whole, "x");
    write_text(path, buffer_bytes(&whole));
    refused(f, 3, "CANNOT_LOAD_STATE_STORE.UNCATEGORIZED", path);
    assert_non_null(strstr(f->error.message, "[CHECKPOINT_FILE_CHECKSUM_VERIFICATION_FAILED]"));
    write_text(path, (struct bytes){ whole.data, whole.len - 1 });
    restart(f);
    has_version(f, 3);
    buffer_finish(&whole);
}

static void a_file_by_another_name_is_refused(void **state)
{
    struct fixture *f = *state;
    char from[PATH_SIZE];
    char to[PATH_SIZE];
    run_batches(f, 0, 3);
    path_of(f, "1.delta", from);
    path_of(f, "2.delta", to);
    assert_int_equal(rename(from, to), 0);
    restart(f);
    path_of(f, "1.delta", to);
    refused(f, 2, "CANNOT_LOAD_STATE_STORE.CANNOT_READ_DELTA_FILE_NOT_EXISTS", to);
    struct buffer other;
    path_of(f, "2.delta", from);
    read_text(from, &other);
    path_of(f, "3.snapshot", to);
    write_text(to, buffer_bytes(&other));
    path_of(f, "1.delta",
            to); /* the snapshot is passed over, and then the delta is what is missing */
    assert_int_equal(access(to, F_OK), -1);
    path_of(f, "3.snapshot", to);
    refused(f, 3, "CANNOT_LOAD_STATE_STORE.UNCATEGORIZED", to);
    buffer_finish(&other);
}

static void a_damaged_snapshot_is_passed_over_when_the_deltas_are_there(void **state)
{
    struct fixture *f = *state;
    char path[PATH_SIZE];
    struct buffer whole;
    for (int64_t batch = 0; batch < 12; batch++) {
        run_batch(f, batch);
        state_maintain(f->provider);
    }
    path_of(f, "10.snapshot", path);
    read_text(path, &whole);
    whole.data[whole.len - 1] ^= 1;
    write_text(path, buffer_bytes(&whole));
    restart(f);
    has_version(f, 12); /* from 5.snapshot */
    struct buffer delta;
    char lost[PATH_SIZE];
    path_of(f, "8.delta", lost);
    read_text(lost, &delta);
    assert_int_equal(unlink(lost), 0);
    refused(f, 12, "CANNOT_LOAD_STATE_STORE.UNCATEGORIZED", path); /* the snapshot is to blame */
    write_text(lost, buffer_bytes(&delta));
    restart(f);
    has_version(f, 12);
    buffer_finish(&delta);
    buffer_finish(&whole);
}

/* --- what the system refuses --- */

static void cannot_commit(struct fixture *f, struct state_store *s, const char *reason)
{
    assert_false(state_commit(s, &f->error));
    assert_string_equal(f->error.condition->name, "CANNOT_WRITE_STATE_STORE.CANNOT_COMMIT");
    if (!strstr(f->error.message, reason) || !strstr(f->error.message, "/0/0")) {
        fail_msg("%s", f->error.message);
    }
    sql_error_finish(&f->error);
}

static void a_full_disk_fails_the_commit_and_nothing_else(void **state)
{
    struct fixture *f = *state;
    struct rlimit unlimited;
    struct rlimit limit = { .rlim_cur = 100, .rlim_max = RLIM_INFINITY };
    run_batches(f, 0, 3);
    struct state_store *s = open_at(f, 3);
    static uint8_t large[1000];
    state_put(s, bytes_of("large"), (struct bytes){ large, sizeof(large) });
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
    limit.rlim_max = unlimited.rlim_max;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    bool committed = state_commit(s, &f->error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
    (void)signal(SIGXFSZ, SIG_DFL);
    assert_false(committed);
    assert_non_null(strstr(f->error.message, "4.delta: File too large"));
    has_version(f, 3);
    char path[PATH_SIZE];
    path_of(f, "4.delta", path);
    assert_int_equal(access(path, F_OK), -1);
    run_batches(f, 3, 5);
    restart(f);
    has_version(f, 5);
}

static void a_folder_that_cannot_be_written_fails_the_commit(void **state)
{
    struct fixture *f = *state;
    char folder[PATH_SIZE];
    run_batches(f, 0, 2);
    path_of(f, "", folder);
    folder[strlen(folder) - 1] = '\0';
    struct state_store *s = open_at(f, 2);
    assert_int_equal(file_remove_tree(AT_FDCWD, folder, NULL), WEIR_OK);
    write_text(folder, bytes_of("a file in the place of the folder"));
    work(s, 2);
    cannot_commit(f, s, "Not a directory");
    assert_int_equal(unlink(folder), 0);
    restart(f);
    write_text(folder, bytes_of("a file in the place of the folder"));
    assert_null(open_at(f, 2));
    assert_non_null(strstr(f->error.message, folder));
    assert_int_equal(unlink(folder), 0);
}

static void what_is_too_large_fails_the_commit(void **state)
{
    struct fixture *f = *state;
    run_batches(f, 0, 1);
    struct state_store *s = open_at(f, 1);
    state_put(s, bytes_of("k"), (struct bytes){ (const uint8_t *)"", ((size_t)1 << 28) + 1 });
    cannot_commit(f, s, "256 MiB");
    has_version(f, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_batch_reads_its_version_and_writes_the_next, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_batch_that_failed_has_left_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_last_batch_may_be_run_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hits_and_misses_are_counted_as_spark_does, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(stores_of_one_partition_have_their_own_folders, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_files_that_remain_are_sparks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(few_batches_leave_a_delta_each, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_may_be_asked_for_again_is_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_snapshot_of_another_history_is_not_believed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_version_that_is_taken_back_meanwhile_gets_no_snapshot,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_missing_delta_is_named_as_spark_names_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(every_cut_and_every_changed_byte_is_found, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_file_by_another_name_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_snapshot_is_passed_over_when_the_deltas_are_there,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_fails_the_commit_and_nothing_else, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_folder_that_cannot_be_written_fails_the_commit, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_too_large_fails_the_commit, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("state/state", tests, NULL, NULL);
}
