/*
 * broker/partition: the high watermark follows appends, leader epochs are checked, and no waiter misses what happens
 * between its look and its going to sleep, whichever threads append.
 */
#include <pthread.h>

#include "broker/partition.h"
#include "log_fixture.h"

#include <cmocka.h>

enum { NOW = 1700000000, APPENDERS = 3, APPENDS = 400, EPOCH = 5 };

static struct partition *make_partition(struct log_fixture *f)
{
    struct log_open_options options = log_fixture_options(f, true);
    struct partition_log *log = NULL;
    struct uuid id = uuid_random();
    options.leader_epoch_max = EPOCH;
    assert_int_equal(partition_log_open(&options, &log, &f->report, &f->err), WEIR_OK);
    return partition_create(bytes_of("t"), 0, &id, 1, EPOCH, log);
}

static enum kafka_error append(struct partition *p, struct bytes batch)
{
    struct arena arena;
    struct append_result result;
    arena_init(&arena, 0);
    struct append_options options = { .now_ms = NOW, .arena = &arena };
    enum kafka_error error = partition_append(p, batch, &options, &result);
    arena_finish(&arena);
    return error;
}

static struct bytes one_record(struct log_fixture *f)
{
    struct batch_spec spec = { .count = 1, .timestamp = NOW };
    return make_batch(&f->arena, &spec);
}

static void reading_says_where_the_log_stands(void **state)
{
    struct log_fixture *f = *state;
    struct partition *p = make_partition(f);
    struct read_options options = { .max_bytes = 1000,
                                    .current_leader_epoch = -1,
                                    .last_fetched_epoch = -1 };
    struct read_result result;
    struct log_slice slice;
    assert_int_equal(append(p, one_record(f)), KAFKA_NONE);
    assert_int_equal(partition_read(p, &options, &result, &slice), KAFKA_NONE);
    assert_true(result.high_watermark == 1 && result.last_stable_offset == 1 &&
                result.log_start_offset == 0);
    struct bytes stored = slice_bytes(&f->arena, &slice);
    struct batch_header h;
    assert_true(batch_intact(stored));
    batch_header_read(stored.data, &h);
    assert_int_equal(h.leader_epoch, EPOCH);
    options.offset = 2;
    assert_int_equal(partition_read(p, &options, &result, &slice), KAFKA_OFFSET_OUT_OF_RANGE);
    assert_int_equal(result.high_watermark, -1);
    partition_unref(p);
}

static void another_leader_epoch_is_refused(void **state)
{
    struct log_fixture *f = *state;
    struct partition *p = make_partition(f);
    assert_int_equal(partition_check_epoch(p, -1), KAFKA_NONE);
    assert_int_equal(partition_check_epoch(p, EPOCH), KAFKA_NONE);
    assert_int_equal(partition_check_epoch(p, EPOCH - 1), KAFKA_FENCED_LEADER_EPOCH);
    assert_int_equal(partition_check_epoch(p, EPOCH + 1), KAFKA_UNKNOWN_LEADER_EPOCH);
    partition_unref(p);
}

static void a_reader_from_another_history_is_told_where_it_leaves_ours(void **state)
{
    struct log_fixture *f = *state;
    struct partition *p = make_partition(f);
    struct read_options options = { .offset = 1,
                                    .max_bytes = 1000,
                                    .current_leader_epoch = EPOCH,
                                    .last_fetched_epoch = EPOCH - 1 };
    struct read_result result;
    struct log_slice slice;
    assert_int_equal(append(p, one_record(f)), KAFKA_NONE);
    assert_int_equal(partition_read(p, &options, &result, &slice), KAFKA_NONE);
    assert_true(result.diverging_epoch == EPOCH - 1 && result.diverging_end_offset == 0);
    assert_null(slice.file);
    options.last_fetched_epoch = EPOCH + 1;
    assert_int_equal(partition_read(p, &options, &result, &slice), KAFKA_OFFSET_OUT_OF_RANGE);
    partition_unref(p);
}

/* --- waiting --- */

struct sleeper {
    struct partition_waiter waiter;
    pthread_mutex_t lock;
    pthread_cond_t woken;
    bool is_woken;
};

static struct loop *wake(struct partition_waiter *waiter)
{
    struct sleeper *s = container_of(waiter, struct sleeper, waiter);
    (void)pthread_mutex_lock(&s->lock);
    s->is_woken = true;
    (void)pthread_cond_signal(&s->woken);
    (void)pthread_mutex_unlock(&s->lock);
    return NULL;
}

static void sleeper_init(struct sleeper *s)
{
    *s = (struct sleeper){ .waiter = { .wake = wake } };
    list_init(&s->waiter.link);
    (void)pthread_mutex_init(&s->lock, NULL);
    (void)pthread_cond_init(&s->woken, NULL);
}

static void sleep_until_woken(struct sleeper *s)
{
    (void)pthread_mutex_lock(&s->lock);
    while (!s->is_woken) {
        (void)pthread_cond_wait(&s->woken, &s->lock);
    }
    s->is_woken = false;
    (void)pthread_mutex_unlock(&s->lock);
}

struct appender {
    struct partition *partition;
    struct bytes batch;
};

static void *append_many(void *context)
{
    struct appender *a = context;
    for (int i = 0; i < APPENDS; i++) {
        if (append(a->partition, a->batch) != KAFKA_NONE) {
            return a;
        }
    }
    return NULL;
}

static void no_wake_up_is_lost(void **state)
{
    struct log_fixture *f = *state;
    struct partition *p = make_partition(f);
    struct appender appender = { p, one_record(f) };
    pthread_t threads[APPENDERS];
    struct sleeper s;
    sleeper_init(&s);
    for (int i = 0; i < APPENDERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, append_many, &appender), 0);
    }
    /* Would hang here, and run into the time limit, if an append could slip between look and sleep. */
    int64_t seen = 0;
    while (seen < APPENDERS * APPENDS) {
        seen = atomic_load(&p->high_watermark);
        if (seen < APPENDERS * APPENDS && partition_wait(p, &s.waiter, seen)) {
            sleep_until_woken(&s);
        }
        partition_unwait(p, &s.waiter);
    }
    for (int i = 0; i < APPENDERS; i++) {
        void *failed;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    assert_int_equal(partition_log_end_offset(p->log), APPENDERS * APPENDS);
    partition_unref(p);
}

static void who_looked_before_an_append_is_not_put_to_sleep(void **state)
{
    struct log_fixture *f = *state;
    struct partition *p = make_partition(f);
    struct sleeper s;
    sleeper_init(&s);
    int64_t seen = atomic_load(&p->high_watermark);
    assert_int_equal(append(p, one_record(f)), KAFKA_NONE);
    assert_false(partition_wait(p, &s.waiter, seen));
    assert_true(partition_wait(p, &s.waiter, seen + 1));
    partition_unwait(p, &s.waiter);
    partition_unref(p);
}

static void a_deleted_partition_wakes_and_refuses(void **state)
{
    struct log_fixture *f = *state;
    struct partition *p = make_partition(f);
    struct sleeper s;
    struct read_options options = { .current_leader_epoch = -1, .last_fetched_epoch = -1 };
    struct read_result result;
    struct log_slice slice;
    sleeper_init(&s);
    assert_true(partition_wait(p, &s.waiter, 0));
    partition_mark_deleted(p);
    sleep_until_woken(&s);
    partition_unwait(p, &s.waiter);
    assert_false(partition_wait(p, &s.waiter, 0));
    assert_int_equal(append(p, one_record(f)), KAFKA_UNKNOWN_TOPIC_OR_PARTITION);
    assert_int_equal(partition_read(p, &options, &result, &slice),
                     KAFKA_UNKNOWN_TOPIC_OR_PARTITION);
    partition_unref(p);
}

#define LOG_TEST(name) \
    cmocka_unit_test_setup_teardown(name, log_fixture_setup, log_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOG_TEST(reading_says_where_the_log_stands),
        LOG_TEST(another_leader_epoch_is_refused),
        LOG_TEST(a_reader_from_another_history_is_told_where_it_leaves_ours),
        LOG_TEST(no_wake_up_is_lost),
        LOG_TEST(who_looked_before_an_append_is_not_put_to_sleep),
        LOG_TEST(a_deleted_partition_wakes_and_refuses),
    };
    return cmocka_run_group_tests_name("broker/partition", tests, NULL, NULL);
}
