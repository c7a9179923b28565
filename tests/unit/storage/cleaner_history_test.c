/*
 * storage/log_cleaner: random histories of transactions, idempotent and plain producers, tombstones, cleanings and crashes,
 * against a model: whoever reads, committed or not, finds of each key what the model has; nothing that was deleted comes back;
 * offsets and what is known of the producers stay. And a process that dies at any change a cleaning makes to the disk.
 */
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "log_fixture.h"
#include "protocol/record.h"
#include "storage/log_cleaner.h"

#include <cmocka.h>

enum { KEYS = 13, OFFSETS_MAX = 6000, PRODUCERS = 4, FIRST_ID = 100, HOUR_MS = 3600 * 1000 };

enum fate { MARKER, PLAIN, OPEN, COMMITTED, ABORTED };

struct entry {
    enum fate fate;
    int key;
    bool tombstone;
    int producer;
};

struct world {
    struct log_fixture *f;
    struct partition_log *log;
    unsigned seed;
    int64_t now_ms;
    int64_t count; /* offsets given out */
    struct entry entries[OFFSETS_MAX];
    int32_t sequence[PRODUCERS];
    bool open[PRODUCERS];
    int only_key; /* 0: any */
};

static unsigned roll(struct world *w, unsigned sides)
{
    w->seed = w->seed * 1103515245U + 12345U;
    return (w->seed >> 16) % sides;
}

static void start(struct world *w)
{
    w->log = log_fixture_open(w->f, false);
    assert_int_equal(w->f->report.bytes_cut, 0);
    assert_int_equal(partition_log_end_offset(w->log), w->count);
}

/* --- what happens --- */

static void put(struct world *w, struct batch_builder *b, enum batch_origin origin)
{
    struct append_options options = {
        .origin = origin, .zstd_allowed = true, .now_ms = w->now_ms, .arena = &w->f->arena
    };
    struct append_result result;
    struct bytes batch;
    enum codec codec = origin == BATCH_ORIGIN_CLIENT ? (enum codec)roll(w, 5) : CODEC_NONE;
    assert_int_equal(batch_builder_finish(b, codec, &batch, NULL), WEIR_OK);
    assert_int_equal(partition_log_append(w->log, batch, &options, &result), KAFKA_NONE);
    assert_int_equal(result.base_offset, w->count);
    w->count += b->header.record_count;
    batch_builder_release(b);
}

static void produce(struct world *w, int producer, enum fate fate)
{
    struct batch_builder b;
    batch_builder_init(&b, 1 << 20);
    if (producer >= 0) {
        b.header.producer_id = FIRST_ID + producer;
        b.header.producer_epoch = 0;
        b.header.base_sequence = w->sequence[producer];
        b.header.attributes = fate == OPEN ? BATCH_TRANSACTIONAL : 0;
    }
    int records = 1 + (int)roll(w, 4);
    for (int i = 0; i < records; i++) {
        int64_t offset = w->count + i;
        int key = w->only_key > 0 ? w->only_key : (int)roll(w, KEYS);
        bool tombstone = roll(w, 6) == 0 && w->only_key == 0;
        char text[2][32];
        (void)snprintf(text[0], sizeof(text[0]), "key %d", key);
        (void)snprintf(text[1], sizeof(text[1]), "value at %lld", (long long)offset);
        batch_builder_add(&b, w->now_ms, bytes_of(text[0]),
                          tombstone ? (struct bytes){ NULL, 0 } : bytes_of(text[1]), NULL, 0);
        w->entries[offset] = (struct entry){ fate, key, tombstone, producer };
    }
    if (producer >= 0) {
        w->sequence[producer] += records;
    }
    put(w, &b, BATCH_ORIGIN_CLIENT);
}

static void end_transaction(struct world *w, int producer, bool commit)
{
    static const uint8_t value[6] = { 0 };
    const uint8_t key[4] = { 0, 0, 0, commit };
    struct batch_builder b;
    batch_builder_init(&b, 1 << 20);
    b.header.producer_id = FIRST_ID + producer;
    b.header.producer_epoch = 0;
    b.header.attributes = BATCH_TRANSACTIONAL | BATCH_CONTROL;
    batch_builder_add(&b, w->now_ms, (struct bytes){ key, 4 }, (struct bytes){ value, 6 }, NULL, 0);
    for (int64_t i = 0; i < w->count; i++) {
        struct entry *e = &w->entries[i];
        if (e->fate == OPEN && e->producer == producer) {
            e->fate = commit ? COMMITTED : ABORTED;
        }
    }
    w->entries[w->count] = (struct entry){ .fate = MARKER };
    put(w, &b, BATCH_ORIGIN_COORDINATOR);
    w->open[producer] = false;
}

/* The first two producers write transactions, the third is idempotent, the rest is plain. */
static void write_something(struct world *w)
{
    int producer = (int)roll(w, PRODUCERS);
    if (producer >= 2) {
        produce(w, producer == 2 ? 2 : -1, PLAIN);
    } else if (w->open[producer] && roll(w, 3) == 0) {
        end_transaction(w, producer, roll(w, 2));
    } else {
        partition_log_announce(w->log, FIRST_ID + producer, 0);
        w->open[producer] = true;
        produce(w, producer, OPEN);
    }
    w->now_ms += roll(w, HOUR_MS / 8);
}

static int clean(struct world *w)
{
    struct log_compacted done;
    if (partition_log_compact(w->log, w->now_ms, &done, &w->f->err) < 0) {
        fail_msg("%s", w->f->err.message);
    }
    return done.segments;
}

/* --- what is to be read --- */

struct view {
    struct world *w;
    bool committed;
    int64_t newest[KEYS]; /* -1: none */
    int markers;
    int settled; /* records that both kinds of readers must see */
    int64_t stable;
};

static void see_record(struct view *v, const struct record *r)
{
    const struct entry *e = &v->w->entries[r->offset];
    char text[2][32];
    (void)snprintf(text[0], sizeof(text[0]), "key %d", e->key);
    (void)snprintf(text[1], sizeof(text[1]), "value at %lld", (long long)r->offset);
    assert_true(e->fate != MARKER && bytes_equal_text(r->key, text[0]));
    assert_true(e->tombstone ? !r->value.data : bytes_equal_text(r->value, text[1]));
    if (v->committed) {
        assert_true(e->fate == PLAIN || e->fate == COMMITTED);
    }
    v->newest[e->key] = r->offset;
    v->settled += r->offset < v->stable && (e->fate == PLAIN || e->fate == COMMITTED);
}

/* One fetch as a client takes it: what the answer's list calls aborted is skipped up to its marker. */
static int64_t take(struct view *v,
                    struct bytes rest,
                    const struct aborted_list *aborted,
                    int64_t from)
{
    bool skip[PRODUCERS] = { false };
    size_t next = 0;
    struct bytes batch;
    while (batch_split(&rest, &batch) == BATCH_SPLIT_FOUND) {
        struct record_reader reader;
        struct record r;
        assert_int_equal(record_reader_init(&reader, batch, NULL), WEIR_OK);
        const struct batch_header *h = &reader.header;
        assert_true(batch_last_offset(h) >= from);
        from = batch_next_offset(h);
        for (; next < aborted->count && aborted->entries[next].first_offset <= h->base_offset;
             next++) {
            skip[aborted->entries[next].producer_id - FIRST_ID] = true;
        }
        bool skipped = v->committed && h->producer_id >= 0 &&
                       (h->attributes & BATCH_TRANSACTIONAL) && skip[h->producer_id - FIRST_ID];
        while (record_next(&reader, &r, NULL) > 0) {
            if (h->attributes & BATCH_CONTROL) {
                v->markers++;
                skip[h->producer_id - FIRST_ID] &= r.key.data[3] != 0;
            } else if (!skipped) {
                see_record(v, &r);
            }
        }
        record_reader_finish(&reader);
    }
    return from;
}

static int by_first(const void *a, const void *b)
{
    int64_t x = ((const struct aborted_txn *)a)->first_offset;
    int64_t y = ((const struct aborted_txn *)b)->first_offset;
    return (x > y) - (x < y);
}

static struct view look(struct world *w, bool committed)
{
    struct view v = { .w = w,
                      .committed = committed,
                      .stable = partition_log_stable_offset(w->log) };
    int64_t offset = 0;
    int64_t upper = committed ? v.stable : w->count;
    memset(v.newest, -1, sizeof(v.newest));
    while (offset < upper) {
        struct log_read_options read = { offset, upper, 200 + roll(w, 3000), true };
        struct log_slice slice = { 0 };
        struct aborted_list aborted = { 0 };
        assert_int_equal(partition_log_read(w->log, &read, &slice), KAFKA_NONE);
        if (slice.length == 0) {
            break;
        }
        if (committed) {
            partition_log_aborted(w->log, offset, slice.upper_offset, &w->f->arena, &aborted);
            if (aborted.count > 0) {
                qsort((void *)(uintptr_t)aborted.entries, aborted.count, sizeof(*aborted.entries),
                      by_first);
            }
        }
        offset = take(&v, slice_bytes(&w->f->arena, &slice), &aborted, offset);
    }
    return v;
}

/* Of each key the newest that counts is there, or it is a tombstone, and nothing of the key is left. */
static void check(struct world *w)
{
    int settled[2];
    for (int committed = 0; committed < 2; committed++) {
        struct view v = look(w, committed);
        settled[committed] = v.settled;
        int64_t upper = committed ? partition_log_stable_offset(w->log) : w->count;
        int64_t expected[KEYS];
        memset(expected, -1, sizeof(expected));
        for (int64_t i = 0; i < upper; i++) {
            const struct entry *e = &w->entries[i];
            if (e->fate == PLAIN || e->fate == COMMITTED || (!committed && e->fate == OPEN)) {
                expected[e->key] = i;
            }
        }
        for (int k = 0; k < KEYS; k++) {
            bool gone = expected[k] >= 0 && w->entries[expected[k]].tombstone && v.newest[k] < 0;
            /* Who reads all may find a later one of an aborted transaction. */
            bool later =
                !committed && v.newest[k] > expected[k] && w->entries[v.newest[k]].fate == ABORTED;
            if (v.newest[k] != expected[k] && !gone && !later) {
                fail_msg("seed %u, committed %d, key %d: newest at %lld, expected %lld", w->seed,
                         committed, k, (long long)v.newest[k], (long long)expected[k]);
            }
        }
    }
    assert_int_equal(settled[0], settled[1]); /* nothing that is committed is hidden */
    arena_reset(&w->f->arena);
}

static void check_producers(struct world *w)
{
    size_t count;
    struct log_producer *known = partition_log_producers(w->log, &count);
    for (size_t i = 0; i < count; i++) {
        int producer = (int)(known[i].producer_id - FIRST_ID);
        assert_int_equal(known[i].last_sequence, w->sequence[producer] - 1);
        assert_int_equal(known[i].transaction_first_offset >= 0, w->open[producer]);
    }
    free(known);
}

/* --- the tests --- */

static struct world *world_of(struct log_fixture *f, unsigned seed)
{
    struct world *w = calloc(1, sizeof(*w));
    f->config.compacted = true;
    f->config.deletes = false;
    f->config.segment_bytes = 1500;
    f->config.min_cleanable_dirty_ratio = 0;
    f->config.delete_retention_ms = 4LL * HOUR_MS;
    f->config.producer_id_expiration_ms = INT64_MAX;
    f->config.message_timestamp_after_max_ms = INT64_MAX;
    w->f = f;
    w->seed = seed;
    w->now_ms = 1700000000000;
    start(w);
    return w;
}

static void lose_snapshots(struct log_fixture *f)
{
    char command[200];
    (void)snprintf(command, sizeof(command), "rm -f '%s'/t-0/*.snapshot", f->path);
    assert_int_equal(system(command), 0);
}

static void test_readers_find_what_the_model_has(void **state)
{
    struct log_fixture *f = *state;
    for (unsigned seed = 1; seed <= 8; seed++) {
        struct world *w = world_of(f, seed);
        for (int round = 0; round < 12; round++) {
            for (int i = 0; i < 40; i++) {
                write_something(w);
            }
            /* As many keys at a time as there is room for, at times one, at times all. */
            f->config.cleaner_dedupe_bytes = (1LL + roll(w, 2 * KEYS)) * 24;
            f->config.segment_bytes = 1500 + (int32_t)roll(w, 4) * 1000;
            partition_log_set_config(w->log, &f->config);
            (void)clean(w);
            check(w);
            if (roll(w, 2)) {
                partition_log_free(w->log); /* kill -9 */
                if (roll(w, 2)) {
                    lose_snapshots(f);
                }
                start(w);
                check(w);
                check_producers(w);
            }
        }
        assert_int_equal(partition_log_delete(w->log, &f->err), WEIR_OK);
        partition_log_free(w->log);
        free(w);
    }
}

static void test_markers_go_when_nobody_needs_them(void **state)
{
    struct log_fixture *f = *state;
    struct world *w = world_of(f, 77);
    int64_t markers = 0;
    for (int i = 0; i < 400; i++) {
        write_something(w);
    }
    for (int p = 0; p < 2; p++) {
        if (w->open[p]) {
            end_transaction(w, p, true);
        }
    }
    for (int64_t i = 0; i < w->count; i++) {
        markers += w->entries[i].fate == MARKER;
    }
    int64_t left[4];
    for (int pass = 0; pass < 4; pass++) {
        for (int i = 0; i < 60; i++) {
            produce(w, -1, PLAIN); /* all keys anew, and a segment more */
        }
        (void)clean(w); /* takes the records; then the horizon is set; then it is over */
        check(w);
        left[pass] = look(w, false).markers;
        w->now_ms += pass == 1 ? HOUR_MS : 5LL * HOUR_MS;
    }
    assert_int_equal(left[0], markers);
    assert_int_equal(left[1], markers);
    assert_int_equal(left[2], markers); /* the horizon, set by the second cleaning, is four hours */
    assert_true(left[3] <= 2);          /* what is in no complete segment */
    partition_log_free(w->log);
    lose_snapshots(f);
    start(w);
    for (int p = 0; p < 2; p++) { /* what was aborted once must not hide what is committed now */
        partition_log_announce(w->log, FIRST_ID + p, 0);
        produce(w, p, OPEN);
        end_transaction(w, p, true);
    }
    check(w);
    partition_log_free(w->log);
    free(w);
}

/* Otherwise a reader that finds the entry would wait for the marker, and skip what was committed since. */
static void test_an_abort_marker_takes_its_entry_along(void **state)
{
    struct log_fixture *f = *state;
    struct world *w = world_of(f, 3);
    for (int key = 1; key <= 2; key++) {
        w->only_key = key;
        partition_log_announce(w->log, FIRST_ID, 0);
        produce(w, 0, OPEN);
        end_transaction(w, 0, key == 2);
    }
    w->only_key = 3;
    for (int pass = 0; pass < 4; pass++) {
        for (int i = 0; i < 30; i++) {
            produce(w, -1, PLAIN);
        }
        (void)clean(w);
        check(w);
        w->now_ms += 5LL * HOUR_MS;
    }
    assert_int_equal(look(w, false).markers, 1); /* the commit's: its record is still there */
    for (int opened = 0; opened < 2; opened++) {
        partition_log_free(w->log);
        lose_snapshots(f);
        start(w);
        check(w);
    }
    partition_log_free(w->log);
    free(w);
}

/* Deletes a key whose old record stood alone in the first segment. */
static void test_what_was_deleted_does_not_come_back(void **state)
{
    struct log_fixture *f = *state;
    struct world *w = world_of(f, 5);
    for (int i = 0; i < 300; i++) {
        produce(w, -1, PLAIN);
    }
    for (int pass = 0; pass < 6; pass++) {
        (void)clean(w);
        check(w);
        w->now_ms += 5LL * HOUR_MS;
        for (int i = 0; i < 40; i++) {
            produce(w, -1, PLAIN);
        }
    }
    partition_log_free(w->log);
    start(w);
    check(w);
    partition_log_free(w->log);
    free(w);
}

static bool changes_the_disk(uint64_t number)
{
    static const uint64_t calls[] = { SYS_renameat, SYS_renameat2, SYS_unlinkat, SYS_fdatasync,
                                      SYS_fsync,    SYS_ftruncate, SYS_pwritev,  SYS_pwrite64,
                                      SYS_mkdirat,  SYS_openat };
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        if (calls[i] == number) {
            return true;
        }
    }
    return false;
}

/* Cleans in a child that dies before its n-th change to the disk. False: it was done before that. */
static bool clean_until(struct world *w, int n)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct log_compacted done;
        struct weir_error err;
        (void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        (void)raise(SIGSTOP);
        _exit(partition_log_compact(w->log, w->now_ms, &done, &err) == WEIR_OK ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    (void)ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
    while (ptrace(PTRACE_SYSCALL, child, NULL, NULL) == 0 && waitpid(child, &status, 0) == child &&
           WIFSTOPPED(status)) {
        struct __ptrace_syscall_info info = { 0 };
        (void)ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof(info), &info);
        if (info.op == PTRACE_SYSCALL_INFO_ENTRY && changes_the_disk(info.entry.nr) && n-- == 0) {
            (void)kill(child, SIGKILL);
        }
    }
    if (WIFEXITED(status)) {
        assert_int_equal(WEXITSTATUS(status), 0);
        return false;
    }
    return true;
}

static int count_logs(struct log_fixture *f)
{
    char command[200];
    int count = -1;
    (void)snprintf(command, sizeof(command), "ls '%s'/t-0/*.log | wc -l", f->path);
    FILE *out = popen(command, "re"); /* NOLINT(cert-env33-c): our own folder */
    assert_non_null(out);
    assert_int_equal(fscanf(out, "%d", &count), 1);
    (void)pclose(out);
    return count;
}

static void test_a_cleaning_may_die_at_any_step(void **state)
{
    struct log_fixture *f = *state;
    struct world *w = world_of(f, 4242);
    char command[500];
    f->config.segment_bytes = 700;
    partition_log_set_config(w->log, &f->config);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 45; i++) {
            write_something(w);
        }
        for (int p = 0; p < 2; p++) {
            if (w->open[p]) {
                end_transaction(w, p, p == round);
            }
        }
        if (round == 0) {
            (void)clean(w);               /* the second cleaning is the one that dies */
            f->config.segment_bytes *= 6; /* and puts segments together */
            partition_log_set_config(w->log, &f->config);
        }
    }
    int together = count_logs(f);
    (void)snprintf(command, sizeof(command), "cp -r '%s/t-0' '%s/kept'", f->path, f->path);
    assert_int_equal(system(command), 0);
    bool died = true;
    int steps = 0;
    for (; died; steps += 1 + steps / 40) {
        died = clean_until(w, steps);
        partition_log_free(w->log);
        together = died ? together : together - count_logs(f);
        start(w);
        check(w);
        if (steps % 5 == 0) {
            (void)clean(w);
            check(w);
        }
        partition_log_free(w->log);
        (void)snprintf(command, sizeof(command), "rm -rf '%s/t-0' && cp -r '%s/kept' '%s/t-0'",
                       f->path, f->path, f->path);
        assert_int_equal(system(command), 0);
        start(w);
    }
    assert_true(steps > 50);
    assert_true(together >= 4); /* so many segments are parts of others now */
    partition_log_free(w->log);
    free(w);
}

#define LOG_TEST(test) \
    cmocka_unit_test_setup_teardown(test, log_fixture_setup, log_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOG_TEST(test_readers_find_what_the_model_has),
        LOG_TEST(test_markers_go_when_nobody_needs_them),
        LOG_TEST(test_an_abort_marker_takes_its_entry_along),
        LOG_TEST(test_what_was_deleted_does_not_come_back),
        LOG_TEST(test_a_cleaning_may_die_at_any_step),
    };
    return cmocka_run_group_tests_name("storage/log_cleaner histories", tests, NULL, NULL);
}
