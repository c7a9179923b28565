/*
 * broker/config_apply: what becomes of a topic's settings by single changes, as Kafka's controller works it out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "broker/topics_change.h"

#include <cmocka.h>

struct fixture {
    struct arena arena;
    struct config_subject before;
    struct config_entry entries[2];
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    arena_init(&f->arena, 0);
    f->entries[0] = (struct config_entry){ bytes_of("retention.ms"), bytes_of("1000") };
    f->entries[1] = (struct config_entry){ bytes_of("cleanup.policy"), bytes_of("compact") };
    f->before.entries = f->entries;
    f->before.entry_count = 2;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    arena_finish(&f->arena);
    free(f);
    return 0;
}

/* "name=value;..." of what the change makes of the settings, or "error: message". */
static const char *after(struct fixture *f, const struct config_change *changes, int32_t count)
{
    struct config_changes spec = { .changes = changes, .count = count };
    struct config_entry *entries = NULL;
    int32_t entry_count = 0;
    struct bytes message;
    enum kafka_error error =
        config_apply(&f->before, &spec, &f->arena, &entries, &entry_count, &message);
    struct buffer text;
    buffer_init(&text, 1 << 16);
    if (error != KAFKA_NONE) {
        buffer_printf(&text, "%d: %.*s", (int)error, BYTES_ARG(message));
    }
    for (int32_t i = 0; error == KAFKA_NONE && i < entry_count; i++) {
        buffer_printf(&text, "%.*s=%.*s;", BYTES_ARG(entries[i].name), BYTES_ARG(entries[i].value));
    }
    const char *result = arena_text(&f->arena, buffer_bytes(&text));
    buffer_finish(&text);
    return result;
}

static const char *after_one(struct fixture *f,
                             enum config_operation operation,
                             const char *name,
                             const char *value)
{
    struct config_change change = { operation, { bytes_of(name), bytes_of(value) } };
    return after(f, &change, 1);
}

static void sets_and_deletes(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(after_one(f, CONFIG_SET, "retention.ms", "5"),
                        "retention.ms=5;cleanup.policy=compact;");
    assert_string_equal(after_one(f, CONFIG_SET, "segment.ms", "7"),
                        "retention.ms=1000;cleanup.policy=compact;segment.ms=7;");
    assert_string_equal(after_one(f, CONFIG_DELETE, "retention.ms", NULL),
                        "cleanup.policy=compact;");
    assert_string_equal(after_one(f, CONFIG_DELETE, "cleanup.policy", NULL), "retention.ms=1000;");
    assert_string_equal(after_one(f, CONFIG_DELETE, "segment.ms", NULL),
                        "retention.ms=1000;cleanup.policy=compact;");
}

static void changes_lists(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(after_one(f, CONFIG_APPEND, "cleanup.policy", "delete"),
                        "retention.ms=1000;cleanup.policy=compact,delete;");
    assert_string_equal(after_one(f, CONFIG_APPEND, "cleanup.policy", "compact,delete"),
                        "retention.ms=1000;cleanup.policy=compact,delete;");
    assert_string_equal(after_one(f, CONFIG_SUBTRACT, "cleanup.policy", "compact"),
                        "retention.ms=1000;cleanup.policy=;");
    assert_string_equal(after_one(f, CONFIG_SUBTRACT, "cleanup.policy", "delete"),
                        "retention.ms=1000;cleanup.policy=compact;");
}

static void a_list_that_was_never_set_is_its_default(void **state)
{
    struct fixture *f = *state;
    f->before.entry_count = 1;
    assert_string_equal(after_one(f, CONFIG_APPEND, "cleanup.policy", "compact"),
                        "retention.ms=1000;cleanup.policy=delete,compact;");
}

static void refuses_what_cannot_be(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(after_one(f, CONFIG_APPEND, "retention.ms", "1"),
                        "40: Can't APPEND to key retention.ms because its type is not LIST.");
    assert_string_equal(after_one(f, CONFIG_SUBTRACT, "no.such", "1"),
                        "40: Can't SUBTRACT to key no.such because its type is not LIST.");
    assert_string_equal(after_one(f, CONFIG_SET, "no.such", "1"),
                        "40: Unknown topic config name: no.such");
    char *large = calloc(1, 32769);
    memset(large, 'x', 32768);
    assert_string_equal(
        after_one(f, CONFIG_SET, "cleanup.policy", large),
        "40: The configuration value cannot be added because it exceeds the maximum "
        "value size of 32767 bytes.");
    free(large);
}

static void replaces_all(void **state)
{
    struct fixture *f = *state;
    struct config_change change = { CONFIG_SET, { bytes_of("segment.ms"), bytes_of("9") } };
    struct config_changes spec = { .changes = &change, .count = 1, .replace_all = true };
    struct config_entry *entries = NULL;
    int32_t count = 0;
    struct bytes message;
    assert_int_equal(config_apply(&f->before, &spec, &f->arena, &entries, &count, &message),
                     KAFKA_NONE);
    assert_int_equal(count, 1);
    assert_true(bytes_equal_text(entries[0].name, "segment.ms"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sets_and_deletes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(changes_lists, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_list_that_was_never_set_is_its_default, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(refuses_what_cannot_be, set_up, tear_down),
        cmocka_unit_test_setup_teardown(replaces_all, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("broker.config_apply", tests, NULL, NULL);
}
