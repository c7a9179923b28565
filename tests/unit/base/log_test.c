/*
 * base/log: one call is one line, whatever is in the text; levels below the minimum are silent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

#include <cmocka.h>

enum { OUTPUT_MAX = 8192 };

/* What the log wrote to `fds` so far. */
static size_t output(const int fds[2], char *out)
{
    ssize_t n = read(fds[0], out, OUTPUT_MAX - 1);
    assert_true(n >= 0);
    out[n] = '\0';
    return (size_t)n;
}

static void writes_one_line_a_call(void **state)
{
    (void)state;
    int fds[2];
    char text[OUTPUT_MAX];
    struct log log;
    assert_int_equal(pipe(fds), 0);
    log_init(&log, fds[1], LOG_LEVEL_INFO);
    log_write(&log, LOG_LEVEL_DEBUG, "not this");
    log_write(&log, LOG_LEVEL_WARN, "topic %s", "a\nb\x1b[31m");
    size_t len = output(fds, text);
    assert_int_equal(text[0], '[');
    assert_ptr_equal(strchr(text, '\n'), text + len - 1);
    assert_non_null(strstr(text, "] WARN topic a?b?[31m\n"));
    assert_null(strstr(text, "not this"));
    (void)close(fds[0]);
    (void)close(fds[1]);
}

static void a_long_line_is_cut_and_still_ends(void **state)
{
    (void)state;
    int fds[2];
    char text[OUTPUT_MAX];
    char long_text[OUTPUT_MAX - 1];
    struct log log;
    memset(long_text, 'x', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    assert_int_equal(pipe(fds), 0);
    log_init(&log, fds[1], LOG_LEVEL_DEBUG);
    log_write(&log, LOG_LEVEL_ERROR, "%s", long_text);
    size_t len = output(fds, text);
    assert_in_range(len, 1000, 3000);
    assert_int_equal(text[len - 1], '\n');
    (void)close(fds[0]);
    (void)close(fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_one_line_a_call),
        cmocka_unit_test(a_long_line_is_cut_and_still_ends),
    };
    return cmocka_run_group_tests_name("base.log", tests, NULL, NULL);
}
