/*
 * state/state under kill -9 and under threads: whatever the moment, the last version that was committed is there, whole; and maintenance
 * beside batches changes nothing of what they see.
 */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "state/state.h"

#include <cmocka.h>

enum { ROUNDS = 40, KEYS = 300, CHANGED = 100, BATCHES_MAX = 100000, THREADS = 3 };

static struct state_provider *provider(const char *root)
{
    const struct state_options options = { .root = root,
                                           .min_deltas_for_snapshot = 3,
                                           .min_batches_to_retain = 4,
                                           .max_versions_in_memory = 2 };
    return state_provider_new(&options);
}

/* Batch N sets CHANGED keys, from a place that moves, to N; so what each key has at a version is known. */
static void change(struct state_store *s, int64_t batch)
{
    for (int64_t i = 0; i < CHANGED; i++) {
        int64_t key = (batch * CHANGED + i) % KEYS;
        state_put(s, (struct bytes){ (uint8_t *)&key, sizeof(key) },
                  (struct bytes){ (uint8_t *)&batch, sizeof(batch) });
    }
}

static bool is_whole(const struct state_store *s, int64_t version)
{
    struct bytes value;
    int64_t found;
    for (int64_t batch = version > KEYS / CHANGED ? version - KEYS / CHANGED : 0; batch < version;
         batch++) {
        for (int64_t i = 0; i < CHANGED; i++) {
            int64_t key = (batch * CHANGED + i) % KEYS;
            if (!state_get(s, (struct bytes){ (uint8_t *)&key, sizeof(key) }, &value)) {
                return false;
            }
            memcpy(&found, value.data, sizeof(found));
            if (found != batch) {
                return false;
            }
        }
    }
    return true;
}

/* Runs batches from the version on, telling each commit; until it is killed. */
static void child(const char *root, int64_t version, int pipe_end)
{
    struct state_provider *p = provider(root);
    struct sql_error error = { 0 };
    for (; version < BATCHES_MAX; version++) {
        struct state_store *s = state_open(p, 0, 0, "", version, &error);
        if (!s) {
            _exit(1);
        }
        change(s, version);
        if (!state_commit(s, &error)) {
            _exit(2);
        }
        int64_t committed = version + 1;
        if (write(pipe_end, &committed, sizeof(committed)) != sizeof(committed)) {
            _exit(3);
        }
        state_maintain(p);
    }
    _exit(0);
}

/* The last version that the child told of. It is killed `kill_us` after the first one. */
static int64_t run_and_kill(const char *root, int64_t version, uint32_t kill_us)
{
    int ends[2];
    int status;
    int64_t last = version;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)close(ends[0]);
        child(root, version, ends[1]);
    }
    (void)close(ends[1]);
    ssize_t n = read(ends[0], &last, sizeof(last));
    (void)usleep(kill_us);
    (void)kill(pid, SIGKILL);
    while (n == sizeof(last)) {
        int64_t next;
        n = read(ends[0], &next, sizeof(next));
        last = n == sizeof(next) ? next : last;
    }
    (void)close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    return last;
}

static void what_was_committed_survives_kill_9(void **state)
{
    (void)state;
    char root[] = "/tmp/weir-state-crash-XXXXXX";
    int64_t version = 0;
    assert_non_null(mkdtemp(root));
    for (uint32_t round = 0; round < ROUNDS; round++) {
        version = run_and_kill(root, version, round * 7919 % 4000);
        struct state_provider *p = provider(root);
        struct sql_error error = { 0 };
        struct state_store *s = state_open(p, 0, 0, "", version, &error);
        if (!s) {
            fail_msg("round %u: %s", round, error.message);
        }
        assert_true(is_whole(s, version));
        state_abort(s);
        state_provider_free(p);
    }
    assert_int_equal(file_remove_tree(AT_FDCWD, root, NULL), WEIR_OK);
}

/* --- threads --- */

struct run {
    struct state_provider *provider;
    int32_t partition;
    bool failed;
};

static void *batches(void *argument)
{
    struct run *r = argument;
    struct sql_error error = { 0 };
    for (int64_t version = 0; version < 200 && !r->failed; version++) {
        struct state_store *s = state_open(r->provider, 0, r->partition, "", version, &error);
        r->failed = !s || !is_whole(s, version);
        if (s && version % 5 == 4) {
            change(s, 77);
            state_abort(s);
            s = state_open(r->provider, 0, r->partition, "", version, &error);
        }
        if (s) {
            change(s, version);
            r->failed |= !state_commit(s, &error);
        }
        if (s && version % 7 == 6) { /* once more */
            s = state_open(r->provider, 0, r->partition, "", version, &error);
            change(s, version);
            r->failed |= !state_commit(s, &error);
        }
    }
    sql_error_finish(&error);
    return NULL;
}

struct maintainer {
    struct state_provider *provider;
    atomic_bool stop;
};

static void *maintain(void *argument)
{
    struct maintainer *m = argument;
    while (!atomic_load(&m->stop)) {
        state_maintain(m->provider);
    }
    return NULL;
}

static void maintenance_beside_batches_disturbs_nobody(void **state)
{
    (void)state;
    char root[] = "/tmp/weir-state-crash-XXXXXX";
    assert_non_null(mkdtemp(root));
    struct maintainer m = { .provider = provider(root) };
    struct run runs[THREADS];
    pthread_t threads[THREADS];
    pthread_t maintaining;
    assert_int_equal(pthread_create(&maintaining, NULL, maintain, &m), 0);
    for (int32_t i = 0; i < THREADS; i++) {
        runs[i] = (struct run){ m.provider, i, false };
        assert_int_equal(pthread_create(&threads[i], NULL, batches, &runs[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        (void)pthread_join(threads[i], NULL);
        assert_false(runs[i].failed);
    }
    atomic_store(&m.stop, true);
    (void)pthread_join(maintaining, NULL);
    state_provider_free(m.provider);
    m.provider = provider(root);
    for (int32_t i = 0; i < THREADS; i++) {
        struct sql_error error = { 0 };
        struct state_store *s = state_open(m.provider, 0, i, "", 200, &error);
        assert_non_null(s);
        assert_true(is_whole(s, 200));
        state_abort(s);
    }
    state_provider_free(m.provider);
    assert_int_equal(file_remove_tree(AT_FDCWD, root, NULL), WEIR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_committed_survives_kill_9),
        cmocka_unit_test(maintenance_beside_batches_disturbs_nobody),
    };
    return cmocka_run_group_tests_name("state/crash", tests, NULL, NULL);
}
