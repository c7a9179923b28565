/*
 * Names of folders that were meant for a lab, and names that were not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "intake/likeness.h"

#include <cmocka.h>

static void names_like_a_labs_are_known(void **state)
{
    (void)state;
    static const char *const names[] = {
        "01-Topics",     "01_topics", "01 topics",  "01.topics",     "01topics",
        "1-topics",      "01",        "1",          "lab01",         "Lab 1",
        "lab-01-topics", "LAB_1",     "Exercise 1", "topics",        "Topics",
        "lab-topics",    "01-topic",  "001-topics", "01-topics-old", "01-topics (1)",
        "task1",         "01-topics-"
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!folder_is_meant_for(names[i], "01-topics")) {
            fail_msg("%s is not known for 01-topics", names[i]);
        }
    }
    assert_true(folder_is_meant_for("lab10", "10-groups"));
}

static void other_names_are_left_alone(void **state)
{
    (void)state;
    static const char *const names[] = { "01-topics", "src",    "lab",  "labs",     "03-clients",
                                         "10-topics", "lab11",  "2024", "mytopics", "collab1",
                                         "",          "labs01", "-",    "labour1",  "011" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (folder_is_meant_for(names[i], "01-topics")) {
            fail_msg("%s is taken for 01-topics", names[i]);
        }
    }
    assert_false(folder_is_meant_for("lab1", "10-groups"));
}

static void names_like_a_files_are_known(void **state)
{
    (void)state;
    static const struct lab_file files[] = { { .path = "topics.sh" }, { .path = "notes.txt" } };
    const struct manifest lab = { .id = "01-topics", .files = files, .file_count = 2 };
    assert_ptr_equal(file_meant_by(&lab, "Topics.sh"), &files[0]);
    assert_ptr_equal(file_meant_by(&lab, "topics.sh.TXT"), &files[0]);
    assert_ptr_equal(file_meant_by(&lab, "NOTES.txt"), &files[1]);
    assert_null(file_meant_by(&lab, "topics.sh"));
    assert_null(file_meant_by(&lab, "notes.txt"));
    assert_null(file_meant_by(&lab, "topics.sh.bak"));
    assert_null(file_meant_by(&lab, "topics"));
    assert_null(file_meant_by(&lab, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_like_a_labs_are_known),
        cmocka_unit_test(other_names_are_left_alone),
        cmocka_unit_test(names_like_a_files_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
