/*
 * base/file: whole files or none, replacement in one step, trees removed without following links.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

#include <cmocka.h>

struct folder {
    char path[64];
    int fd;
};

static int set_up(void **state)
{
    struct folder *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    (void)snprintf(f->path, sizeof(f->path), "/tmp/weir-file-test-XXXXXX");
    assert_non_null(mkdtemp(f->path));
    f->fd = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(f->fd >= 0);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct folder *f = *state;
    struct weir_error err;
    enum weir_status rc = file_remove_tree(AT_FDCWD, f->path, &err);
    (void)close(f->fd);
    free(f);
    return rc;
}

static void replace_then_read_gives_the_content(void **state)
{
    struct folder *f = *state;
    struct weir_error err;
    struct buffer b;
    buffer_init(&b, 100);
    assert_int_equal(file_replace(f->fd, "a", bytes_of("one"), false, &err), WEIR_OK);
    assert_int_equal(file_replace(f->fd, "a", bytes_of("two"), true, &err), WEIR_OK);
    assert_int_equal(file_read(f->fd, "a", &b, &err), WEIR_OK);
    assert_true(bytes_equal_text(buffer_bytes(&b), "two"));
    assert_int_equal(faccessat(f->fd, "a.tmp", F_OK, 0), -1);
    buffer_finish(&b);
}

static void reading_has_a_limit_to_the_byte(void **state)
{
    struct folder *f = *state;
    struct weir_error err;
    struct buffer b;
    char content[200000];
    memset(content, 'x', sizeof(content));
    struct bytes all = { (const uint8_t *)content, sizeof(content) };
    assert_int_equal(file_replace(f->fd, "big", all, false, &err), WEIR_OK);
    buffer_init(&b, sizeof(content));
    assert_int_equal(file_read(f->fd, "big", &b, &err), WEIR_OK);
    assert_int_equal(b.len, sizeof(content));
    buffer_finish(&b);
    buffer_init(&b, sizeof(content) - 1);
    assert_int_equal(file_read(f->fd, "big", &b, &err), WEIR_ETOOBIG);
    assert_non_null(strstr(err.message, "big"));
    buffer_finish(&b);
}

static void a_missing_file_is_an_ordinary_answer(void **state)
{
    struct folder *f = *state;
    struct weir_error err;
    struct buffer b;
    buffer_init(&b, 10);
    assert_int_equal(file_read(f->fd, "none", &b, &err), WEIR_ENOTFOUND);
    assert_int_equal(err.status, WEIR_ENOTFOUND);
    assert_non_null(strstr(err.message, "none"));
    assert_int_equal(file_read(f->fd, "none", &b, NULL), WEIR_ENOTFOUND);
}

static void a_failed_replacement_leaves_the_old_file(void **state)
{
    struct folder *f = *state;
    struct weir_error err;
    assert_int_equal(file_replace(f->fd, "no-such-folder/a", bytes_of("x"), false, &err), WEIR_EIO);
    assert_int_equal(mkdirat(f->fd, "taken", 0755), 0);
    assert_int_equal(file_replace(f->fd, "taken", bytes_of("x"), false, &err), WEIR_EIO);
    assert_int_equal(faccessat(f->fd, "taken.tmp", F_OK, 0), -1);
}

static void writes_at_an_offset_and_reads_up_to_the_end(void **state)
{
    struct folder *f = *state;
    struct weir_error err;
    char out[16] = { 0 };
    int fd = openat(f->fd, "p", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(file_write_all(fd, "abc", 3, &err), WEIR_OK);
    assert_int_equal(file_pwrite_all(fd, "XY", 2, 5, &err), WEIR_OK);
    assert_int_equal(file_pread(fd, out, sizeof(out), 1), 6);
    assert_memory_equal(out, "bc\0\0XY", 6);
    assert_int_equal(file_pread(fd, out, sizeof(out), 100), 0);
    (void)close(fd);
    assert_int_equal(file_pread(-1, out, 1, 0), -1);
    assert_int_equal(file_write_all(-1, "a", 1, &err), WEIR_EIO);
}

static void folders_are_made_with_their_parents(void **state)
{
    struct folder *f = *state;
    struct weir_error err;
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/x/y//z/", f->path);
    assert_int_equal(file_make_dirs(path, &err), WEIR_OK);
    assert_int_equal(file_make_dirs(path, &err), WEIR_OK);
    assert_int_equal(file_replace(f->fd, "plain", bytes_of(""), false, &err), WEIR_OK);
    (void)snprintf(path, sizeof(path), "%s/plain", f->path);
    assert_int_equal(file_make_dirs(path, &err), WEIR_EIO);
    (void)snprintf(path, sizeof(path), "%s/plain/below", f->path);
    assert_int_equal(file_make_dirs(path, &err), WEIR_EIO);
    assert_int_equal(file_make_dirs("", &err), WEIR_EINVAL);
}

static void removal_does_not_follow_links(void **state)
{
    struct folder *f = *state;
    struct weir_error err;
    char target[128];
    assert_int_equal(mkdirat(f->fd, "keep", 0755), 0);
    assert_int_equal(file_replace(f->fd, "keep/file", bytes_of("x"), false, &err), WEIR_OK);
    assert_int_equal(mkdirat(f->fd, "go", 0755), 0);
    assert_int_equal(mkdirat(f->fd, "go/deeper", 0755), 0);
    (void)snprintf(target, sizeof(target), "%s/keep", f->path);
    assert_int_equal(symlinkat(target, f->fd, "go/deeper/link"), 0);
    assert_int_equal(file_remove_tree(f->fd, "go", &err), WEIR_OK);
    assert_int_equal(faccessat(f->fd, "go", F_OK, 0), -1);
    assert_int_equal(faccessat(f->fd, "keep/file", F_OK, 0), 0);
    assert_int_equal(file_remove_tree(f->fd, "go", &err), WEIR_OK);
}

static enum weir_status copied(const struct folder *f,
                               const char *from,
                               int64_t max,
                               const char *to)
{
    struct weir_error err;
    return file_copy_untrusted(&(struct file_copy){ f->fd, from, max, f->fd, to, 0640 }, &err);
}

static void only_a_regular_file_of_bounded_size_is_copied(void **state)
{
    struct folder *f = *state;
    struct weir_error err;
    struct stat st;
    char data[8];
    assert_int_equal(file_replace(f->fd, "five", bytes_of("12345"), false, &err), WEIR_OK);
    assert_int_equal(symlinkat("five", f->fd, "link"), 0);
    assert_int_equal(mkfifoat(f->fd, "pipe", 0600), 0);
    assert_int_equal(mkdirat(f->fd, "folder", 0755), 0);
    assert_int_equal(copied(f, "five", 5, "copy"), WEIR_OK);
    assert_int_equal(fstatat(f->fd, "copy", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    int copy = openat(f->fd, "copy", O_RDONLY | O_CLOEXEC);
    assert_int_equal(file_pread(copy, data, sizeof(data), 0), 5);
    assert_memory_equal(data, "12345", 5);
    (void)close(copy);
    assert_int_equal(copied(f, "five", 4, "c"), WEIR_ETOOBIG);
    assert_int_equal(copied(f, "link", 9, "c"), WEIR_EINVAL);
    assert_int_equal(copied(f, "pipe", 9, "c"), WEIR_EINVAL);
    assert_int_equal(copied(f, "folder", 9, "c"), WEIR_EINVAL);
    assert_int_equal(copied(f, "none", 9, "c"), WEIR_ENOTFOUND);
    assert_int_equal(copied(f, "five", 9, "copy"), WEIR_EIO);
    assert_int_equal(faccessat(f->fd, "c", F_OK, 0), -1);
}

#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(replace_then_read_gives_the_content),
        IN_FOLDER(reading_has_a_limit_to_the_byte),
        IN_FOLDER(a_missing_file_is_an_ordinary_answer),
        IN_FOLDER(a_failed_replacement_leaves_the_old_file),
        IN_FOLDER(writes_at_an_offset_and_reads_up_to_the_end),
        IN_FOLDER(folders_are_made_with_their_parents),
        IN_FOLDER(removal_does_not_follow_links),
        IN_FOLDER(only_a_regular_file_of_bounded_size_is_copied),
    };
    return cmocka_run_group_tests_name("base.file", tests, NULL, NULL);
}
