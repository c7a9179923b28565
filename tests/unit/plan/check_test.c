/*
 * What may run as a stream, by output mode, and what as a batch: with Spark 4.1's words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "frames_text.h"

#include <cmocka.h>

#define STREAM      "stream rate ; ts timestamp, k string, v int\n"
#define STREAM_LINE "~StreamingRelationV2 rate, "
#define LATE                                                                                        \
    "Detected pattern of possible 'correctness' issue due to global watermark. The query contains " \
    "stateful operation"
#define NO_WATERMARK                                                                             \
    "[STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION] Invalid streaming output mode: append. This " \
    "output mode is not supported for streaming aggregations without watermark on streaming "    \
    "DataFrames/DataSets. SQLSTATE: 42KDE"
#define NO_AGGREGATE                                                                               \
    "[STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION] Invalid streaming output mode: complete. This " \
    "output mode is not supported for no streaming aggregations on streaming "                     \
    "DataFrames/DataSets. SQLSTATE: 42KDE"
#define SORTED                                                                               \
    "Sorting is not supported on streaming DataFrames/Datasets, unless it is on aggregated " \
    "DataFrame/Dataset in Complete output mode;\n"

struct sample {
    const char *lines;
    enum output_mode mode;
    const char *error; /* how it begins; NULL: it may run */
};

static const struct sample samples[] = {
    { STREAM "group k : count(1)", OUTPUT_APPEND, NO_WATERMARK },
    { STREAM "group : count(1)", OUTPUT_APPEND, NO_WATERMARK },
    { STREAM "group k : count(1)", OUTPUT_UPDATE, NULL },
    { STREAM "group k : count(1)", OUTPUT_COMPLETE, NULL },
    { STREAM "watermark ts ; 10 minutes\ngroup k : count(1)", OUTPUT_APPEND, NO_WATERMARK },
    { STREAM "watermark ts ; 10 minutes\ngroup ts : count(1)", OUTPUT_APPEND, NULL },
    { STREAM "watermark ts ; 1 month\nselect ts AS t ; k\ngroup t : count(1)", OUTPUT_APPEND,
      NULL },
    { STREAM "watermark ts ; 1 day\ngroup date_trunc('hour', ts) AS h : count(1)", OUTPUT_APPEND,
      NO_WATERMARK },
    { STREAM "group ts : count(1)\nwatermark ts ; 1 minute", OUTPUT_APPEND, NO_WATERMARK },
    { STREAM "distinct", OUTPUT_APPEND, NULL },
    { STREAM "dedup k", OUTPUT_APPEND, NULL },
    { STREAM "select *", OUTPUT_COMPLETE, NO_AGGREGATE },
    { STREAM "dedup k", OUTPUT_COMPLETE, NO_AGGREGATE },
    { STREAM "group k : count(1) AS n\ndedup k", OUTPUT_COMPLETE, NULL },
    { STREAM "group k : count(1) AS n\ndedup k", OUTPUT_UPDATE, NULL },
    { STREAM "dedup k\ngroup v : count(1)", OUTPUT_UPDATE, NULL },
    { STREAM "select k", OUTPUT_UPDATE, NULL },
    { STREAM "group k : count(distinct v)", OUTPUT_UPDATE,
      "Distinct aggregations are not supported on streaming DataFrames/Datasets. Consider using "
      "approx_count_distinct() instead.;\n~Aggregate [k#0], [k#0, count(distinct v#1) AS "
      "count(DISTINCT v)#2L]\n+- " STREAM_LINE "[ts#3, k#0, v#1]\n" },
    { STREAM "limit 2", OUTPUT_UPDATE,
      "Limits are not supported on streaming DataFrames/Datasets in Update output mode;\n"
      "~LocalLimit 2\n+- " STREAM_LINE "[ts#0, k#1, v#2]\n" },
    { STREAM "limit 2", OUTPUT_APPEND, NULL },
    { STREAM "group k : count(1)\nlimit 2", OUTPUT_COMPLETE, NULL },
    { STREAM "order v", OUTPUT_APPEND,
      SORTED "~Sort [v#0 ASC NULLS FIRST], true\n+- " STREAM_LINE "[ts#1, k#2, v#0]\n" },
    { STREAM "group k : count(1)\norder k", OUTPUT_UPDATE, SORTED },
    { STREAM "group k : count(1)\norder k", OUTPUT_COMPLETE, NULL },
    { STREAM "order v\ngroup k : count(1)", OUTPUT_COMPLETE, SORTED },
    { STREAM "watermark ts ; 1 minute\ngroup ts : count(1) AS n\ngroup n : count(1)",
      OUTPUT_COMPLETE, LATE },
    { STREAM "watermark ts ; 1 minute\ngroup ts : count(1) AS n\ngroup n : count(1)", OUTPUT_UPDATE,
      LATE },
    { STREAM "watermark ts ; 1 minute\ngroup ts : count(1) AS n\ngroup n : count(1)", OUTPUT_APPEND,
      NO_WATERMARK },
    { STREAM "watermark ts ; 1 minute\nwatermark ts ; 2 minutes\nselect k", OUTPUT_APPEND,
      "Redefining watermark is disallowed. You can set the config "
      "'spark.sql.streaming.statefulOperator.allowMultiple' to 'false'" },
    { "range 9", OUTPUT_APPEND,
      "[WRITE_STREAM_NOT_ALLOWED] `writeStream` can be called only on streaming "
      "Dataset/DataFrame. SQLSTATE: 42601" },
    { "range 9\norder id\nlimit 3", OUTPUT_BATCH, NULL },
    { STREAM "select k", OUTPUT_BATCH,
      "Queries with streaming sources must be executed with writeStream.start(), or from a "
      "streaming table or flow definition within a Spark Declarative Pipeline.;\n" STREAM_LINE
      "[ts#0, k#1, v#2]\n" },
};

static bool check(const struct frames *f, enum output_mode mode, struct sql_error *error)
{
    return mode == OUTPUT_BATCH ? plan_check_batch(f->plan, error)
                                : plan_check_streaming(f->plan, mode, error);
}

static void test_modes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        const struct sample *s = &samples[i];
        struct frames f;
        struct sql_error error = { 0 };
        frames_init(&f);
        frame_run(&f, s->lines);
        assert_false(sql_failed(&f.error));
        bool ok = check(&f, s->mode, &error);
        if (ok != !s->error || (!ok && strncmp(error.message, s->error, strlen(s->error)) != 0)) {
            print_error("after: %s\nin mode %d: %s\n", s->lines, (int)s->mode,
                        ok ? "allowed" : error.message);
        }
        assert_int_equal(ok, !s->error);
        if (!ok) {
            assert_memory_equal(error.message, s->error, strlen(s->error));
        }
        sql_error_finish(&error);
        frames_finish(&f);
    }
}

/* A stream with what is no stream, in either order; two streams in the order of a checkpoint's offsets. */
static void test_unions(void **state)
{
    (void)state;
    struct frames stream;
    struct frames other;
    struct frames table;
    struct sql_error error = { 0 };
    const struct plan *leaves[4] = { NULL };
    frames_init(&stream);
    frames_init(&other);
    frames_init(&table);
    frame_run(&stream, "stream rate ; id bigint");
    frame_run(&other, "stream kafka ; id bigint");
    frame_run(&table, "range 3");
    const struct plan *plan = stream.plan;
    const struct logical *written = stream.written;
    frame_union(&stream, &table);
    assert_true(stream.plan->streaming);
    assert_false(plan_check_streaming(stream.plan, OUTPUT_APPEND, &error));
    assert_string_equal(error.message,
                        "Union between streaming and batch DataFrames/Datasets is not supported;\n"
                        "~Union false, false\n"
                        ":- ~StreamingRelationV2 rate, [id#0L]\n"
                        "+- Range (0, 3, step=1)\n");
    sql_error_finish(&error);
    stream.plan = plan;
    stream.written = written;
    frame_union(&stream, &other);
    assert_true(plan_check_streaming(stream.plan, OUTPUT_APPEND, &error));
    assert_int_equal(plan_streams(stream.plan, leaves, 4), 2);
    assert_ptr_equal(leaves[0], plan);
    assert_ptr_equal(leaves[1], other.plan);
    assert_int_equal(plan_streams(stream.plan, leaves, 1), 2);
    frames_finish(&stream);
    frames_finish(&other);
    frames_finish(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_unions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
