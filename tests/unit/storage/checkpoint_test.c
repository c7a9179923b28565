/*
 * storage/checkpoint: Kafka's offset checkpoint files are read and written as Kafka does; a damaged one is refused.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "storage/checkpoint.h"

#include <cmocka.h>

static const char file_name[] = "recovery-point-offset-checkpoint";

struct fixture {
    char folder[64];
    int fd;
};

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){ .folder = "/tmp/weir-checkpoint-XXXXXX" };
    assert_non_null(mkdtemp(f.folder));
    f.fd = open(f.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    (void)unlinkat(f->fd, file_name, 0);
    (void)close(f->fd);
    return rmdir(f->folder);
}

static enum weir_status read_text(const struct fixture *f,
                                  const char *text,
                                  struct checkpoint *out,
                                  struct weir_error *err)
{
    assert_int_equal(file_replace(f->fd, file_name, bytes_of(text), false, err), WEIR_OK);
    return checkpoint_read(f->fd, file_name, out, err);
}

static void what_was_written_is_read_and_looks_like_kafkas(void **state)
{
    struct fixture *f = *state;
    struct checkpoint checkpoint;
    struct buffer text;
    struct weir_error err;
    checkpoint_init(&checkpoint);
    checkpoint_set(&checkpoint, bytes_of("my_awesome_topic"), 0, 7);
    checkpoint_set(&checkpoint, bytes_of("results-2"), 11, INT64_MAX);
    checkpoint_set(&checkpoint, bytes_of("my_awesome_topic"), 0, 8); /* the last one counts */
    assert_int_equal(checkpoint_write(f->fd, file_name, &checkpoint, &err), WEIR_OK);
    checkpoint_finish(&checkpoint);
    buffer_init(&text, 4096);
    assert_int_equal(file_read(f->fd, file_name, &text, &err), WEIR_OK);
    static const char expected[] = "0\n2\nmy_awesome_topic 0 8\nresults-2 11 9223372036854775807\n";
    assert_int_equal(text.len, strlen(expected));
    assert_memory_equal(text.data, expected, text.len);
    buffer_finish(&text);
    assert_int_equal(checkpoint_read(f->fd, file_name, &checkpoint, &err), WEIR_OK);
    assert_int_equal(checkpoint_get(&checkpoint, bytes_of("my_awesome_topic"), 0, -1), 8);
    assert_int_equal(checkpoint_get(&checkpoint, bytes_of("results-2"), 11, -1), INT64_MAX);
    assert_int_equal(checkpoint_get(&checkpoint, bytes_of("results"), 2, -1), -1);
    assert_int_equal(checkpoint_get(&checkpoint, bytes_of("my_awesome_topic"), 1, 5), 5);
    checkpoint_finish(&checkpoint);
}

static void a_missing_file_is_an_empty_checkpoint(void **state)
{
    struct fixture *f = *state;
    struct checkpoint checkpoint;
    struct weir_error err;
    assert_int_equal(checkpoint_read(f->fd, file_name, &checkpoint, &err), WEIR_OK);
    assert_int_equal(checkpoint_get(&checkpoint, bytes_of("t"), 0, 3), 3);
    checkpoint_finish(&checkpoint);
}

static void a_damaged_file_is_refused(void **state)
{
    struct fixture *f = *state;
    static const char *const damaged[] = {
        "",          "0",           "0\n",           "1\n0\n",        "x\n0\n",        "0\nx\n",
        "0\n-1\n",   "0\n1\n",      "0\n1\nt 0\n",   "0\n1\nt 0 x\n", "0\n1\nt x 0\n", "0\n1\n\n",
        "0\n1\nt\n", "0\n2\nt 0 1", "0\n1\nt 0 -1\n"
    };
    for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
        struct checkpoint checkpoint;
        struct weir_error err = { 0 };
        checkpoint_init(&checkpoint);
        if (read_text(f, damaged[i], &checkpoint, &err) != WEIR_ECORRUPT) {
            fail_msg("accepted: '%s'", damaged[i]);
        }
        assert_non_null(strstr(err.message, file_name));
        checkpoint_finish(&checkpoint);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_written_is_read_and_looks_like_kafkas, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_missing_file_is_an_empty_checkpoint, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_file_is_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("storage.checkpoint", tests, NULL, NULL);
}
