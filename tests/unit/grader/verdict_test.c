/*
 * Verdicts are accepted only in exactly the form that the manifest promises.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "tap/tapw.h"
#include "tap/verdict.h"

#include <cmocka.h>

static const char *const ids[] = { "first", "second", "third" };

struct heard {
    struct arena arena;
    struct verdict verdicts[3];
    size_t count;
    size_t may_skip; /* this index may be skipped */
    char error[WEIR_ERROR_MESSAGE_MAX];
};

static bool may_skip(void *context, size_t index)
{
    return ((struct heard *)context)->may_skip == index;
}

static void settled(void *context, size_t index, const struct verdict *v)
{
    struct heard *h = context;
    assert_int_equal(index, h->count);
    h->verdicts[h->count++] = *v;
}

/* Feeds `text` in pieces of `step` bytes and ends it. */
static enum weir_status hear(struct heard *h, struct bytes text, size_t step)
{
    struct weir_error err = { 0 };
    struct verdict_reader r = { .ids = ids,
                                .count = 3,
                                .may_skip = may_skip,
                                .settled = settled,
                                .context = h,
                                .arena = &h->arena };
    enum weir_status rc = WEIR_OK;
    h->count = 0;
    verdict_reader_init(&r);
    for (size_t at = 0; rc == WEIR_OK && at < text.len; at += step) {
        size_t n = text.len - at < step ? text.len - at : step;
        rc = verdict_feed(&r, (struct bytes){ text.data + at, n }, &err);
    }
    if (rc == WEIR_OK) {
        rc = verdict_end(&r, &err);
    }
    (void)snprintf(h->error, sizeof(h->error), "%s", err.message);
    verdict_reader_finish(&r);
    return rc;
}

static int setup(void **state)
{
    static struct heard h;
    h = (struct heard){ .may_skip = 99 };
    arena_init(&h.arena, 0);
    *state = &h;
    return 0;
}

static int teardown(void **state)
{
    arena_finish(&((struct heard *)*state)->arena);
    return 0;
}

#define PASS(n, id) "ok " n " - " id "\n  ---\n  duration_ms: 1\n  ...\n"
#define START       "TAP version 13\n1..3\n"

static void all_verdicts_are_heard_however_the_stream_is_cut(void **state)
{
    struct heard *h = *state;
    static const char text[] = START PASS(
        "1",
        "first") "not ok 2 - second\n  ---\n  duration_ms: 7\n  severity: \"fail\"\n  message: \"wrong\"\n"
                 "  stdout: |2+\n    ok 3 - third\n    ...\n  steps:\n    - \"one\"\n    - \"two\"\n  ...\n"
                 "ok 3 - third # SKIP needs second, which did not pass\n";
    h->may_skip = 2;
    for (size_t step = 1; step < sizeof(text); step++) {
        assert_int_equal(hear(h, bytes_of(text), step), WEIR_OK);
        assert_int_equal(h->count, 3);
        assert_int_equal(h->verdicts[0].kind, VERDICT_PASSED);
        assert_int_equal(h->verdicts[1].kind, VERDICT_FAILED);
        assert_string_equal(h->verdicts[1].message, "wrong");
        assert_string_equal(h->verdicts[1].out, "ok 3 - third\n...\n");
        assert_int_equal(h->verdicts[1].steps.count, 2);
        assert_string_equal(h->verdicts[1].steps.items[1], "two");
        assert_int_equal(h->verdicts[2].kind, VERDICT_SKIPPED);
        assert_string_equal(h->verdicts[2].message, "needs second, which did not pass");
    }
}

static void what_the_writer_writes_is_heard_unchanged(void **state)
{
    static const char *const hostile[] = {
        "plain",
        "",
        "\n",
        "two\nlines",
        "ends\n",
        "  ...\nok 2 - second\n",
        "\xff\xfe\x01\x1b[2J\r",
        "# SKIP\n# TODO",
        "a: b\n- c\n\"d\" 'e' {f} [g] &h *i !j |k >l %m @n `o",
        "\xe2\x80\xae turned \xe2\x80\xa8 line",
        "   leading",
        "\ttab\n\t",
        "---\n...\n",
        "trailing  \n\n\n",
    };
    struct heard *h = *state;
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        FILE *file = tmpfile();
        struct tapw w;
        static char text[1 << 16];
        tapw_init(&w, fileno(file));
        tapw_version_and_plan(&w, 3);
        for (size_t k = 0; k < 3; k++) {
            tapw_point(&w, false, k + 1, ids[k]);
            tapw_i64(&w, "duration_ms", 1);
            tapw_text(&w, "severity", bytes_of("fail"));
            tapw_text(&w, "message", bytes_of("wrong"));
            tapw_text(&w, "stdout", bytes_of(hostile[i]));
            tapw_text(&w, "stderr", bytes_of(hostile[i]));
            struct bytes steps[2] = { bytes_of(hostile[i]), bytes_of("next") };
            tapw_list(&w, "steps", steps, 2);
            tapw_end(&w);
        }
        assert_false(w.failed);
        tapw_finish(&w);
        rewind(file);
        size_t n = fread(text, 1, sizeof(text), file);
        fclose(file);
        if (hear(h, (struct bytes){ (const uint8_t *)text, n }, 4096) < 0) {
            fail_msg("text %zu: %s\n%.*s", i, h->error, (int)n, text);
        }
        assert_int_equal(h->count, 3);
        assert_string_equal(h->verdicts[2].out, h->verdicts[0].err);
        if (i < 6) { /* nothing in these needs an escape */
            assert_string_equal(h->verdicts[0].out, hostile[i]);
            assert_string_equal(h->verdicts[0].steps.items[0], hostile[i]);
        }
    }
}

static void anything_else_is_refused(void **state)
{
    static const char *const streams[] = {
        "",
        START,
        START PASS("1", "first") PASS("2", "second"),
        START PASS("1", "first") PASS("2", "second") PASS("3", "third") PASS("4", "fourth"),
        START PASS("2", "second") PASS("1", "first") PASS("3", "third"),
        START PASS("1", "first") PASS("1", "first") PASS("3", "third"),
        START PASS("1", "second") PASS("2", "first") PASS("3", "third"),
        "TAP version 14\n1..3\n" PASS("1", "first") PASS("2", "second") PASS("3", "third"),
        "1..3\n" PASS("1", "first") PASS("2", "second") PASS("3", "third"),
        "TAP version 13\n" PASS("1", "first") PASS("2", "second") PASS("3", "third") "1..3\n",
        "TAP version 13\n1..0 # SKIP all\n",
        "TAP version 13\n1..2\n" PASS("1", "first") PASS("2", "second"),
        START "1..3\n" PASS("1", "first") PASS("2", "second") PASS("3", "third"),
        START "Bail out! enough\n",
        START "ok 1 - first # SKIP no reason\n" PASS("2", "second") PASS("3", "third"),
        START "ok 1 - first # TODO later\n" PASS("2", "second") PASS("3", "third"),
        START "not ok 1 - first # SKIP\n",
        START "not ok 1 - first\n" PASS("2", "second") PASS("3", "third"),
        START "not ok 1 - first\n  ---\n  duration_ms: 1\n  ...\n" PASS("2", "second")
            PASS("3", "third"),
        START "ok 1\n" PASS("2", "second") PASS("3", "third"),
        START "ok - first\n" PASS("2", "second") PASS("3", "third"),
        START "ok 01 - first\n",
        START "OK 1 - first\n",
        START "hello\n" PASS("1", "first") PASS("2", "second") PASS("3", "third"),
        START "ok 1 - first\n  ---\n  duration_ms: 1\n",
        START "ok 1 - first\n  ---\n  duration_ms: 1\nok 2 - second\n  ...\n",
        START "ok 1 - first\n  ---\n  duration_ms: 1\n  verdict: passed\n  ...\n",
        START "ok 1 - first\n  ---\n  duration_ms: \"1\"\n  ...\n",
        START "ok 1 - first\n  ---\n  {[\n  ...\n",
        START "  ---\n  duration_ms: 1\n  ...\n",
        START PASS("1", "first") PASS("2", "second") "ok 3 - third\n  ---\n  duration_ms: 1\n  ...",
    };
    struct heard *h = *state;
    for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
        if (hear(h, bytes_of(streams[i]), 4096) != WEIR_EPROTO && h->error[0] == '\0') {
            fail_msg("accepted: %s", streams[i]);
        }
        assert_true(h->error[0] != '\0');
        assert_true(h->count <= 3);
    }
}

static void an_error_is_no_failure_of_the_student(void **state)
{
    struct heard *h = *state;
    assert_int_equal(
        hear(h,
             bytes_of(START "not ok 1 - first\n  ---\n  duration_ms: 1\n  severity: error\n"
                            "  message: broker gone\n  ...\n" PASS("2", "second")
                                PASS("3", "third")),
             16),
        WEIR_OK);
    assert_int_equal(h->verdicts[0].kind, VERDICT_ERROR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_verdicts_are_heard_however_the_stream_is_cut, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_the_writer_writes_is_heard_unchanged, setup, teardown),
        cmocka_unit_test_setup_teardown(anything_else_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(an_error_is_no_failure_of_the_student, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
