/*
 * cluster/local_store: what was put is there after opening again, a change that could not be written did not happen,
 * and a file that is not whole is refused with the line that is wrong.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "cluster/local_store.h"

#include <cmocka.h>

static const char file_name[] = "weir.metadata";

struct fixture {
    char folder[64];
    int fd;
    struct local_store *store;
};

static void reopen(struct fixture *f)
{
    struct weir_error err;
    local_store_close(f->store);
    f->store = NULL;
    if (local_store_open(f->fd, &f->store, &err) < 0) {
        fail_msg("%s", err.message);
    }
}

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){ .folder = "/tmp/weir-store-XXXXXX" };
    assert_non_null(mkdtemp(f.folder));
    f.fd = open(f.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    reopen(&f);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    local_store_close(f->store);
    (void)unlinkat(f->fd, file_name, 0);
    (void)close(f->fd);
    return rmdir(f->folder);
}

static enum weir_status change(struct fixture *f,
                               const char *name,
                               const struct stored_topic *topic,
                               struct weir_error *err)
{
    return local_store_change(f->store, &(struct stored_change){ bytes_of(name), topic }, 1, err);
}

static void put(
    struct fixture *f, const char *name, int32_t partitions, const char *key, const char *value)
{
    struct weir_error err;
    struct stored_config config = { bytes_of(key ? key : ""), bytes_of(value ? value : "") };
    struct stored_topic topic = { .name = bytes_of(name),
                                  .id = uuid_random(),
                                  .partition_count = partitions,
                                  .configs = &config,
                                  .config_count = key ? 1 : 0 };
    assert_int_equal(change(f, (const char *)topic.name.data, &topic, &err), WEIR_OK);
}

static const struct stored_topic *get(const struct fixture *f, const char *name)
{
    return map_get(&f->store->topics, bytes_of(name));
}

static void what_was_put_is_there_after_opening_again(void **state)
{
    struct fixture *f = *state;
    struct weir_error err;
    assert_false(f->store->was_there);
    put(f, "plain", 3, NULL, NULL);
    put(f, "set", 1, "cleanup.policy", "compact, delete = both");
    put(f, "gone", 1, NULL, NULL);
    put(f, "plain", 5, NULL, NULL); /* replaced */
    struct uuid id = get(f, "plain")->id;
    assert_int_equal(change(f, "gone", NULL, &err), WEIR_OK);
    assert_int_equal(change(f, "gone", NULL, &err), WEIR_ENOTFOUND);
    assert_int_equal(local_store_set_producer_id_end(f->store, 3000, &err), WEIR_OK);
    reopen(f);
    assert_true(f->store->was_there);
    assert_int_equal(f->store->topics.count, 2);
    assert_null(get(f, "gone"));
    assert_int_equal(get(f, "plain")->partition_count, 5);
    assert_true(uuid_equal(&get(f, "plain")->id, &id));
    assert_int_equal(get(f, "plain")->config_count, 0);
    assert_int_equal(get(f, "set")->config_count, 1);
    assert_true(bytes_equal_text(get(f, "set")->configs[0].name, "cleanup.policy"));
    assert_true(bytes_equal_text(get(f, "set")->configs[0].value, "compact, delete = both"));
    assert_int_equal(f->store->producer_id_end, 3000);
}

static void many_changes_are_one_step(void **state)
{
    struct fixture *f = *state;
    struct weir_error err;
    put(f, "old", 1, NULL, NULL);
    put(f, "grows", 1, NULL, NULL);
    struct stored_topic added = { .name = bytes_of("new"),
                                  .id = uuid_random(),
                                  .partition_count = 7 };
    struct stored_topic grown = { .name = bytes_of("grows"),
                                  .id = uuid_random(),
                                  .partition_count = 9 };
    struct stored_change changes[] = { { added.name, &added },
                                       { bytes_of("old"), NULL },
                                       { grown.name, &grown },
                                       { bytes_of("nowhere"), NULL } };
    assert_int_equal(local_store_change(f->store, changes, 4, &err), WEIR_ENOTFOUND);
    assert_non_null(get(f, "old"));
    assert_null(get(f, "new"));
    assert_int_equal(local_store_change(f->store, changes, 3, &err), WEIR_OK);
    reopen(f);
    assert_null(get(f, "old"));
    assert_int_equal(get(f, "new")->partition_count, 7);
    assert_int_equal(get(f, "grows")->partition_count, 9);
}

static void set(struct fixture *f, enum stored_scope scope, const char *name, const char *value)
{
    struct weir_error err;
    struct stored_config config = { bytes_of(name), bytes_of(value) };
    struct stored_settings settings = { &config, 1 };
    assert_int_equal(local_store_set_settings(f->store, scope, &settings, &err), WEIR_OK);
}

static void check_setting(const struct fixture *f,
                          enum stored_scope scope,
                          const char *name,
                          const char *value)
{
    const struct stored_settings *settings = &f->store->settings[scope];
    assert_int_equal(settings->count, 1);
    assert_true(bytes_equal_text(settings->configs[0].name, name));
    assert_true(bytes_equal_text(settings->configs[0].value, value));
}

static void settings_of_brokers_are_kept_apart(void **state)
{
    struct fixture *f = *state;
    struct weir_error err;
    set(f, STORED_NODE, "max.connections", "1");
    set(f, STORED_NODE, "max.connections", "100"); /* all of it is replaced */
    set(f, STORED_CLUSTER, "log.cleanup.policy", "compact, delete");
    put(f, "t", 1, "retention.ms", "5");
    reopen(f);
    check_setting(f, STORED_NODE, "max.connections", "100");
    check_setting(f, STORED_CLUSTER, "log.cleanup.policy", "compact, delete");
    assert_int_equal(get(f, "t")->config_count, 1);
    struct stored_settings none = { NULL, 0 };
    assert_int_equal(local_store_set_settings(f->store, STORED_NODE, &none, &err), WEIR_OK);
    reopen(f);
    assert_int_equal(f->store->settings[STORED_NODE].count, 0);
    check_setting(f, STORED_CLUSTER, "log.cleanup.policy", "compact, delete");
}

static void the_leader_epoch_rises_with_every_reign(void **state)
{
    struct fixture *f = *state;
    struct weir_error err;
    struct stored_topic adopted = {
        .name = bytes_of("adopted"), .id = uuid_random(), .partition_count = 1, .leader_epoch = 7
    };
    put(f, "t", 1, NULL, NULL);
    local_store_adopt_topic(f->store, &adopted);
    for (int32_t reign = 1; reign <= 3; reign++) {
        assert_int_equal(local_store_new_reign(f->store, &err), WEIR_OK);
        reopen(f);
        assert_int_equal(get(f, "t")->leader_epoch, reign);
        assert_int_equal(get(f, "adopted")->leader_epoch, 7 + reign);
    }
}

/* A folder that nothing can be put in: what is in memory stays what is on the disk. */
static void a_change_that_cannot_be_written_did_not_happen(void **state)
{
    struct fixture *f = *state;
    struct weir_error err = { 0 };
    put(f, "kept", 1, NULL, NULL);
    int good = f->store->root_fd;
    f->store->root_fd = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stored_topic topic = { .name = bytes_of("new"),
                                  .id = uuid_random(),
                                  .partition_count = 1 };
    assert_true(change(f, (const char *)topic.name.data, &topic, &err) < 0);
    assert_true(strlen(err.message) > 0);
    assert_true(change(f, "kept", NULL, &err) < 0);
    assert_true(local_store_set_producer_id_end(f->store, 1000, &err) < 0);
    struct stored_config config = { bytes_of("max.connections"), bytes_of("5") };
    struct stored_settings settings = { &config, 1 };
    assert_true(local_store_set_settings(f->store, STORED_NODE, &settings, &err) < 0);
    assert_int_equal(f->store->settings[STORED_NODE].count, 0);
    (void)close(f->store->root_fd);
    f->store->root_fd = good;
    assert_int_equal(f->store->topics.count, 1);
    assert_non_null(get(f, "kept"));
    assert_int_equal(f->store->producer_id_end, 0);
}

static void write_file(const struct fixture *f, const void *text, size_t len)
{
    struct weir_error err;
    struct bytes bytes = { text, len };
    assert_int_equal(file_replace(f->fd, file_name, bytes, false, &err), WEIR_OK);
}

static enum weir_status try_open(const struct fixture *f, struct weir_error *err)
{
    struct local_store *store = NULL;
    enum weir_status rc = local_store_open(f->fd, &store, err);
    if (rc == WEIR_OK) {
        local_store_close(store);
    }
    return rc;
}

static void a_file_cut_short_anywhere_is_refused(void **state)
{
    struct fixture *f = *state;
    struct buffer whole;
    struct weir_error err;
    put(f, "one", 2, "retention.ms", "60000");
    put(f, "two", 1, NULL, NULL);
    buffer_init(&whole, 4096);
    assert_int_equal(file_read(f->fd, file_name, &whole, &err), WEIR_OK);
    assert_int_equal(whole.data[whole.len - 1], '\n');
    for (size_t len = 0; len < whole.len - 1; len++) {
        write_file(f, whole.data, len);
        assert_int_equal(try_open(f, &err), WEIR_ECORRUPT);
        assert_non_null(strstr(err.message, file_name));
    }
    write_file(f, whole.data, whole.len);
    assert_int_equal(try_open(f, &err), WEIR_OK);
    buffer_finish(&whole);
}

static void what_is_no_such_file_is_refused_with_its_line(void **state)
{
    struct fixture *f = *state;
    static const char *const wrong[][2] = {
        { "weir-metadata 2\nend 0\n", "weir-metadata 1" },
        { "weir-metadata 1\nnonsense 1\nend 0\n", "line 2" },
        { "weir-metadata 1\nproducer-ids -5\nend 0\n", "line 2" },
        { "weir-metadata 1\ntopic a BmZ9uM2uQV2mPjvUZx4dRw 0\nend 1\n", "line 2" },
        { "weir-metadata 1\ntopic a BmZ9uM2uQV2mPjvUZx4dRw 1 x\nend 1\n", "line 2" },
        { "weir-metadata 1\ntopic a BmZ9uM2uQV2mPjvUZx4dRw 1 -1\nend 1\n", "line 2" },
        { "weir-metadata 1\ntopic a BmZ9uM2uQV2mPjvUZx4dRw 1 2147483647\nend 1\n", "line 2" },
        { "weir-metadata 1\ntopic a not-an-id 1\nend 1\n", "line 2" },
        { "weir-metadata 1\nconfig retention.ms 1\nend 0\n", "line 2" },
        { "weir-metadata 1\nbroker-config max.connections\nend 0\n", "line 2" },
        { "weir-metadata 1\ncluster-config\nend 0\n", "line 2" },
        { "weir-metadata 1\ntopic a BmZ9uM2uQV2mPjvUZx4dRw 1\nend 2\n", "line 3" },
        { "weir-metadata 1\nend 0\ntopic a BmZ9uM2uQV2mPjvUZx4dRw 1\n", "line 3" },
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct weir_error err = { 0 };
        write_file(f, wrong[i][0], strlen(wrong[i][0]));
        assert_int_equal(try_open(f, &err), WEIR_ECORRUPT);
        if (!strstr(err.message, wrong[i][1])) {
            fail_msg("'%s' says nothing of '%s'", err.message, wrong[i][1]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_put_is_there_after_opening_again, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(many_changes_are_one_step, set_up, tear_down),
        cmocka_unit_test_setup_teardown(settings_of_brokers_are_kept_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_leader_epoch_rises_with_every_reign, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_change_that_cannot_be_written_did_not_happen, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_file_cut_short_anywhere_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_such_file_is_refused_with_its_line, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("cluster.local_store", tests, NULL, NULL);
}
