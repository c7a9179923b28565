/*
 * What a program may get wrong with weir/stream.h: it is told, and nothing crashes, hangs or outlives what it belongs to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/stream.h"

#include <cmocka.h>

static int session_open(void **state)
{
    struct weir_error err;
    *state = weir_session_create(&(struct weir_session_options){ .master = "local[2]" }, &err);
    return *state ? 0 : -1;
}

static int session_close(void **state)
{
    weir_session_close(*state);
    return 0;
}

static struct weir_frame *stream(struct weir_session *session)
{
    return weir_read_stream(session, "rate-micro-batch", NULL,
                            WEIR_OPTIONS({ "rowsPerBatch", "5" }));
}

static struct weir_frame *table(struct weir_session *session)
{
    return weir_values(session, "VALUES (1, 'a') AS t(id, k)");
}

static void a_refused_start_can_be_awaited(void **state)
{
    struct weir_error err;
    const struct weir_stream_writer writer = { .format = "console" };
    struct weir_query *query = weir_start(weir_where(stream(*state), "nope = 1"), &writer, &err);
    assert_null(query);
    assert_int_equal(weir_query_await(query, -1, &err), WEIR_EINVAL);
    assert_non_null(strstr(err.message, "UNRESOLVED_COLUMN"));
    assert_null(weir_start(NULL, &writer, &err));
    assert_string_equal(weir_frame_error(weir_where(NULL, "a")),
                        "there is no frame: a verb was given NULL");
}

static void the_first_line_of_a_parse_error_is_told(void **state)
{
    struct weir_error err;
    assert_int_equal(weir_show(weir_where(table(*state), "id >"), 20, 20, &err), WEIR_EINVAL);
    assert_non_null(strstr(err.message, "PARSE_SYNTAX_ERROR"));
}

static void texts_of_rows_live_side_by_side(void **state)
{
    struct weir_error err;
    struct weir_rows *rows;
    assert_int_equal(weir_collect(table(*state), &rows, &err), WEIR_OK);
    const char *id = weir_rows_text(rows, 0, 0);
    const char *k = weir_rows_text(rows, 0, 1);
    assert_string_equal(id, "1");
    assert_string_equal(k, "a");
    weir_rows_free(rows);
}

static void maps_without_keys_can_be_asked(void **state)
{
    struct weir_error err;
    struct weir_rows *rows;
    struct weir_frame *frame = weir_select_expr(table(*state), "element_at(map(), 1)");
    assert_int_equal(weir_collect(frame, &rows, &err), WEIR_OK);
    assert_true(weir_rows_is_null(rows, 0, 0));
    weir_rows_free(rows);
}

static void settings_have_bounds(void **state)
{
    struct weir_error err;
    assert_int_equal(weir_conf_set(*state, "spark.sql.shuffle.partitions", "2147483647", &err),
                     WEIR_EINVAL);
}

static enum weir_status look(struct weir_frame *batch,
                             int64_t batch_id,
                             void *context,
                             struct weir_error *err)
{
    (void)batch_id;
    weir_create_temp_view(batch, "updates");
    return weir_count(batch, context, err);
}

static void a_view_of_a_batch_ends_with_it(void **state)
{
    struct weir_error err;
    int64_t seen = 0;
    int64_t rows;
    struct weir_query *query = weir_start(
        stream(*state),
        &(struct weir_stream_writer){
            .foreach_batch = look, .context = &seen, .trigger = { .kind = WEIR_TRIGGER_ONCE } },
        &err);
    assert_non_null(query);
    assert_int_equal(weir_query_await(query, -1, &err), WEIR_OK);
    assert_int_equal(seen, 5);
    assert_int_equal(weir_count(weir_sql(*state, "SELECT * FROM updates"), &rows, &err),
                     WEIR_EINVAL);
}

static void append_with_a_watermark_is_refused_at_the_start(void **state)
{
    struct weir_error err;
    struct weir_frame *late = weir_with_watermark(stream(*state), "timestamp", "1 minute");
    struct weir_frame *counts = weir_group_count(weir_group_by(late, "timestamp"));
    assert_null(weir_start(counts, &(struct weir_stream_writer){ .format = "console" }, &err));
    assert_non_null(strstr(err.message, "UNSUPPORTED_FEATURE"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_refused_start_can_be_awaited, session_open,
                                        session_close),
        cmocka_unit_test_setup_teardown(the_first_line_of_a_parse_error_is_told, session_open,
                                        session_close),
        cmocka_unit_test_setup_teardown(texts_of_rows_live_side_by_side, session_open,
                                        session_close),
        cmocka_unit_test_setup_teardown(maps_without_keys_can_be_asked, session_open,
                                        session_close),
        cmocka_unit_test_setup_teardown(settings_have_bounds, session_open, session_close),
        cmocka_unit_test_setup_teardown(a_view_of_a_batch_ends_with_it, session_open,
                                        session_close),
        cmocka_unit_test_setup_teardown(append_with_a_watermark_is_refused_at_the_start,
                                        session_open, session_close),
    };
    return cmocka_run_group_tests_name("misuse", tests, NULL, NULL);
}
