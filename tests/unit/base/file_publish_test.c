/*
 * base/file_publish: a file appears whole, replaces what is there or leaves it, and a failure leaves nothing.
 */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/file_publish.h"

#include <cmocka.h>

struct folder {
    char path[64];
    char file[80];
};

static int set_up(void **state)
{
    struct folder *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    (void)snprintf(f->path, sizeof(f->path), "/tmp/weir-publish-XXXXXX");
    assert_non_null(mkdtemp(f->path));
    (void)snprintf(f->file, sizeof(f->file), "%s/a", f->path);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct folder *f = *state;
    enum weir_status rc = file_remove_tree(AT_FDCWD, f->path, NULL);
    free(f);
    return rc;
}

static enum weir_status publish(const char *path, const char *text, bool replace, bool sync)
{
    return file_publish(&(struct file_publish){ path, bytes_of(text), replace, sync }, NULL);
}

static void has(const struct folder *f, const char *text, int files)
{
    struct buffer b;
    buffer_init(&b, 1000);
    assert_int_equal(file_read(AT_FDCWD, f->file, &b, NULL), WEIR_OK);
    assert_true(bytes_equal_text(buffer_bytes(&b), text));
    buffer_finish(&b);
    DIR *dir = opendir(f->path);
    assert_non_null(dir);
    int count = 0;
    while (readdir(dir)) { /* NOLINT(concurrency-mt-unsafe): own stream */
        count++;
    }
    (void)closedir(dir);
    assert_int_equal(count, files + 2); /* . and .. */
}

static void a_file_appears_and_is_replaced_or_left(void **state)
{
    struct folder *f = *state;
    assert_int_equal(publish(f->file, "one", false, false), WEIR_OK);
    has(f, "one", 1);
    assert_int_equal(publish(f->file, "two", false, true), WEIR_EEXIST);
    has(f, "one", 1);
    assert_int_equal(publish(f->file, "three", true, true), WEIR_OK);
    has(f, "three", 1);
}

static void names_without_a_folder_are_those_of_the_working_one(void **state)
{
    struct folder *f = *state;
    char before[4096];
    assert_non_null(getcwd(before, sizeof(before)));
    assert_int_equal(chdir(f->path), 0);
    assert_int_equal(publish("a", "here", false, true), WEIR_OK);
    assert_int_equal(chdir(before), 0);
    has(f, "here", 1);
}

static void what_cannot_be_written_is_named(void **state)
{
    struct folder *f = *state;
    struct weir_error err;
    char path[200];
    (void)snprintf(path, sizeof(path), "%s/none/a", f->path);
    struct file_publish p = { path, bytes_of("x"), true, false };
    assert_int_equal(file_publish(&p, &err), WEIR_EIO);
    assert_non_null(strstr(err.message, path));
    (void)snprintf(path, sizeof(path), "%s/folder/in", f->path);
    assert_int_equal(file_make_dirs(path, NULL), WEIR_OK);
    path[strlen(path) - 3] = '\0';
    assert_int_equal(file_publish(&p, &err), WEIR_EIO); /* a folder is in its place */
    assert_non_null(strstr(err.message, path));
    assert_int_equal(publish(path, "x", false, false), WEIR_EEXIST);
    assert_int_equal(publish(f->file, "", false, false), WEIR_OK);
    has(f, "", 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_appears_and_is_replaced_or_left, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_without_a_folder_are_those_of_the_working_one, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_written_is_named, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("base/file_publish", tests, NULL, NULL);
}
