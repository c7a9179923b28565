/*
 * broker/fetch_session: what a session remembers, what counts as news, and that the cache stays within its bounds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/fetch_session.h"
#include "protocol/codec.h"

#include <cmocka.h>

enum { SESSIONS_MAX = 2, PARTITIONS_MAX = 10, TWO_MINUTES_MS = 120000 };

struct fixture {
    struct arena arena;
    struct fetch_sessions *sessions;
    struct fetch_interests interests;
    struct fetch_news news[PARTITIONS_MAX + 1];
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    arena_init(&f->arena, 0);
    f->sessions = fetch_sessions_create(SESSIONS_MAX, PARTITIONS_MAX);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    fetch_sessions_destroy(f->sessions);
    arena_finish(&f->arena);
    free(f);
    return 0;
}

static struct fetch_request_partition asked(int32_t partition, int64_t offset)
{
    struct fetch_request_partition p;
    message_init(&fetch_request_partition_type, &p);
    p.partition = partition;
    p.fetch_offset = offset;
    return p;
}

/* A full fetch of partitions 0 to count - 1 of topic t, all at high watermark 5. */
static int32_t begin(struct fixture *f, int32_t count, int64_t now_ms)
{
    f->interests = (struct fetch_interests){ 0 };
    f->interests.items = ARENA_NEW(&f->arena, struct fetch_interest, (size_t)count);
    f->interests.count = count;
    for (int32_t i = 0; i < count; i++) {
        f->interests.items[i] =
            (struct fetch_interest){ .topic = bytes_of("t"), .asked = asked(i, 5) };
        f->news[i] = (struct fetch_news){ .high_watermark = 5 };
    }
    return fetch_session_begin(f->sessions, &f->interests, f->news, false, now_ms);
}

static enum kafka_error go_on(
    struct fixture *f, int32_t id, int32_t epoch, struct fetch_request *body, int64_t now_ms)
{
    body->session_id = id;
    body->session_epoch = epoch;
    return fetch_session_continue(f->sessions, body, false, now_ms, &f->arena, &f->interests);
}

static enum kafka_error go_on_same(struct fixture *f, int32_t id, int32_t epoch, int64_t now_ms)
{
    struct fetch_request body = { 0 };
    return go_on(f, id, epoch, &body, now_ms);
}

/* "0,2": the partitions that are news, in the order in which they are read. */
static const char *told(struct fixture *f)
{
    static char text[64];
    text[0] = '\0';
    assert_int_equal(fetch_session_tell(f->sessions, &f->interests, f->news), KAFKA_NONE);
    for (int32_t i = 0; i < f->interests.count; i++) {
        size_t len = strlen(text);
        if (f->news[i].is_told) {
            (void)snprintf(text + len, sizeof(text) - len, "%s%d", len > 0 ? "," : "",
                           f->interests.items[i].asked.partition);
        }
    }
    return text;
}

static void nothing(struct fixture *f)
{
    for (int32_t i = 0; i < f->interests.count; i++) {
        f->news[i] = (struct fetch_news){ .high_watermark = 5 };
    }
}

static void only_news_is_told(void **state)
{
    struct fixture *f = *state;
    int32_t id = begin(f, 3, 0);
    assert_true(id > 0);
    assert_int_equal(go_on_same(f, id, 1, 0), KAFKA_NONE);
    assert_int_equal(f->interests.count, 3);
    nothing(f);
    assert_string_equal(told(f), "");
    assert_int_equal(go_on_same(f, id, 2, 0), KAFKA_NONE);
    f->news[1].high_watermark = 6;
    f->news[2].log_start_offset = 2;
    assert_string_equal(told(f), "1,2");
    assert_int_equal(go_on_same(f, id, 3, 0), KAFKA_NONE);
    assert_string_equal(told(f), ""); /* it was told what is so */
}

static void an_error_is_told_again_and_so_is_its_end(void **state)
{
    struct fixture *f = *state;
    int32_t id = begin(f, 2, 0);
    for (int32_t epoch = 1; epoch < 3; epoch++) {
        assert_int_equal(go_on_same(f, id, epoch, 0), KAFKA_NONE);
        nothing(f);
        f->news[0].fails = true;
        assert_string_equal(told(f), "0");
    }
    assert_int_equal(go_on_same(f, id, 3, 0), KAFKA_NONE);
    nothing(f);
    assert_string_equal(told(f), "0");
}

static void who_had_records_goes_to_the_end(void **state)
{
    struct fixture *f = *state;
    int32_t id = begin(f, 3, 0);
    assert_int_equal(go_on_same(f, id, 1, 0), KAFKA_NONE);
    nothing(f);
    f->news[0].has_records = true;
    assert_string_equal(told(f), "0");
    assert_int_equal(go_on_same(f, id, 2, 0), KAFKA_NONE);
    for (int32_t i = 0; i < 3; i++) {
        assert_int_equal(f->interests.items[i].asked.partition, (i + 1) % 3);
    }
}

static void changes_are_taken_up(void **state)
{
    struct fixture *f = *state;
    int32_t id = begin(f, 2, 0);
    struct fetch_request_partition moved[] = { asked(1, 9), asked(7, 3) };
    struct fetch_request_topic topic = { .topic = bytes_of("t"),
                                         .partitions = moved,
                                         .partitions_count = 2 };
    struct fetch_request_forgotten_topic gone = { .topic = bytes_of("t") };
    int32_t forgotten[] = { 0, 55 };
    gone.partitions = forgotten;
    gone.partitions_count = 2;
    struct fetch_request body = { .topics = &topic, .topics_count = 1 };
    body.forgotten_topics_data = &gone;
    body.forgotten_topics_data_count = 1;
    assert_int_equal(go_on(f, id, 1, &body, 0), KAFKA_NONE);
    assert_int_equal(f->interests.count, 2);
    assert_int_equal(f->interests.items[0].asked.partition, 1);
    assert_int_equal(f->interests.items[0].asked.fetch_offset, 9);
    assert_int_equal(f->interests.items[1].asked.partition, 7);
    nothing(f);
    assert_string_equal(told(f), "7"); /* it has never been told anything */
}

static void a_session_of_nothing_ends(void **state)
{
    struct fixture *f = *state;
    int32_t id = begin(f, 1, 0);
    int32_t forgotten[] = { 0 };
    struct fetch_request_forgotten_topic gone = { .topic = bytes_of("t"),
                                                  .partitions = forgotten,
                                                  .partitions_count = 1 };
    struct fetch_request body = { .forgotten_topics_data = &gone,
                                  .forgotten_topics_data_count = 1 };
    assert_int_equal(go_on(f, id, 1, &body, 0), KAFKA_NONE);
    assert_int_equal(f->interests.session_id, FETCH_SESSION_NONE);
    assert_int_equal(go_on_same(f, id, 2, 0), KAFKA_FETCH_SESSION_ID_NOT_FOUND);
}

static void wrong_ids_and_epochs_are_refused(void **state)
{
    struct fixture *f = *state;
    int32_t id = begin(f, 1, 0);
    struct fetch_request body = { .session_id = id, .session_epoch = 1 };
    assert_int_equal(go_on_same(f, id ^ 1, 1, 0), KAFKA_FETCH_SESSION_ID_NOT_FOUND);
    assert_int_equal(go_on_same(f, id, 2, 0), KAFKA_INVALID_FETCH_SESSION_EPOCH);
    assert_int_equal(fetch_session_continue(f->sessions, &body, true, 0, &f->arena, &f->interests),
                     KAFKA_FETCH_SESSION_TOPIC_ID_ERROR);
    assert_int_equal(go_on_same(f, id, 1, 0), KAFKA_NONE); /* none of that has moved it */
    struct fetch_interests first = f->interests;
    assert_int_equal(go_on_same(f, id, 2, 0), KAFKA_NONE);
    assert_int_equal(fetch_session_tell(f->sessions, &first, f->news),
                     KAFKA_INVALID_FETCH_SESSION_EPOCH);
    fetch_session_end(f->sessions, id);
    fetch_session_end(f->sessions, id);
    assert_int_equal(go_on_same(f, id, 3, 0), KAFKA_FETCH_SESSION_ID_NOT_FOUND);
}

static void a_full_cache_lets_go_of_idle_sessions_only(void **state)
{
    struct fixture *f = *state;
    int32_t first = begin(f, 1, 0);
    int32_t second = begin(f, 1, 1000);
    assert_true(first > 0 && second > 0 && first != second);
    assert_int_equal(begin(f, 1, 2000), FETCH_SESSION_NONE);
    assert_int_equal(begin(f, 1, TWO_MINUTES_MS), FETCH_SESSION_NONE);
    assert_true(begin(f, 1, TWO_MINUTES_MS + 1) > 0);
    assert_int_equal(go_on_same(f, first, 1, TWO_MINUTES_MS + 1), KAFKA_FETCH_SESSION_ID_NOT_FOUND);
    assert_int_equal(go_on_same(f, second, 1, TWO_MINUTES_MS + 1), KAFKA_NONE);
}

static void a_larger_session_takes_the_place_of_an_old_smaller_one(void **state)
{
    struct fixture *f = *state;
    int64_t now = TWO_MINUTES_MS + 2;
    int32_t small = begin(f, 1, 0);
    int32_t other = begin(f, 3, 0);
    assert_int_equal(go_on_same(f, small, 1, now), KAFKA_NONE);
    assert_int_equal(go_on_same(f, other, 1, now), KAFKA_NONE);
    assert_int_equal(begin(f, 1, now), FETCH_SESSION_NONE); /* no larger than what is there */
    assert_true(begin(f, 2, now) > 0);
    assert_int_equal(go_on_same(f, small, 2, now), KAFKA_FETCH_SESSION_ID_NOT_FOUND);
    assert_int_equal(go_on_same(f, other, 2, now), KAFKA_NONE);
}

static void the_number_of_partitions_is_bounded(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(begin(f, PARTITIONS_MAX + 1, 0), FETCH_SESSION_NONE);
    int32_t id = begin(f, PARTITIONS_MAX, 0);
    assert_true(id > 0);
    struct fetch_request_partition more = asked(PARTITIONS_MAX, 0);
    struct fetch_request_topic topic = { .topic = bytes_of("t"),
                                         .partitions = &more,
                                         .partitions_count = 1 };
    struct fetch_request body = { .topics = &topic, .topics_count = 1 };
    assert_int_equal(go_on(f, id, 1, &body, 0), KAFKA_FETCH_SESSION_ID_NOT_FOUND);
    assert_true(begin(f, PARTITIONS_MAX, 0) > 0); /* all of the other's room is free again */
}

static void a_name_that_no_topic_can_have_is_not_kept(void **state)
{
    struct fixture *f = *state;
    char name[300];
    memset(name, 'x', sizeof(name));
    struct fetch_interest interest = { .topic = { (const uint8_t *)name, sizeof(name) },
                                       .asked = asked(0, 0) };
    struct fetch_interests interests = { .items = &interest, .count = 1 };
    assert_int_equal(fetch_session_begin(f->sessions, &interests, f->news, false, 0),
                     FETCH_SESSION_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_news_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_error_is_told_again_and_so_is_its_end, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(who_had_records_goes_to_the_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(changes_are_taken_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_session_of_nothing_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wrong_ids_and_epochs_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_cache_lets_go_of_idle_sessions_only, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_larger_session_takes_the_place_of_an_old_smaller_one,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_number_of_partitions_is_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_name_that_no_topic_can_have_is_not_kept, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("broker.fetch_session", tests, NULL, NULL);
}
