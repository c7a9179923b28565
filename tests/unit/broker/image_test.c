/*
 * broker/image: an image never changes; a newer one has one topic more, less or another; partitions live as long as any
 * image that knows them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "broker/image.h"
#include "broker/topic_config.h"

#include <cmocka.h>

struct fixture {
    struct broker_config broker;
    struct topic_config *config;
};

static int set_up(void **state)
{
    static struct fixture f;
    struct weir_error err;
    broker_config_init(&f.broker);
    assert_int_equal(topic_config_create(&f.broker, NULL, 0, &f.config, &err), WEIR_OK);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    topic_config_unref(f->config);
    broker_config_finish(&f->broker);
    return 0;
}

static struct cluster_image *with_topic(const struct fixture *f,
                                        const struct cluster_image *image,
                                        const char *name,
                                        struct uuid *out_id)
{
    struct image_topic topic = { .name = bytes_of(name), .id = uuid_random(), .config = f->config };
    *out_id = topic.id;
    return image_with(image, &(struct image_change){ topic.name, &topic }, 1);
}

static void check_names(const struct cluster_image *image, const char *names)
{
    char found[256] = "";
    for (size_t i = 0; i < image->topic_count; i++) {
        size_t len = strlen(found);
        (void)snprintf(found + len, sizeof(found) - len, "%.*s ", BYTES_ARG(image->topics[i].name));
        assert_ptr_equal(image_topic(image, image->topics[i].name), &image->topics[i]);
        assert_ptr_equal(image_topic_by_id(image, &image->topics[i].id), &image->topics[i]);
    }
    assert_string_equal(found, names);
}

static void a_newer_image_leaves_the_older_as_it_was(void **state)
{
    struct fixture *f = *state;
    struct uuid ids[4];
    struct cluster_image *empty = image_create(NULL, 0, NULL);
    struct cluster_image *one = with_topic(f, empty, "m", &ids[0]);
    struct cluster_image *two = with_topic(f, one, "a", &ids[1]);
    struct cluster_image *three = with_topic(f, two, "z", &ids[2]);
    struct cluster_image *replaced = with_topic(f, three, "m", &ids[3]);
    struct cluster_image *removed =
        image_with(replaced, &(struct image_change){ bytes_of("a"), NULL }, 1);
    check_names(empty, "");
    check_names(one, "m ");
    check_names(two, "a m ");
    check_names(three, "a m z ");
    check_names(replaced, "a m z ");
    check_names(removed, "m z ");
    assert_null(image_topic_by_id(replaced, &ids[0]));
    assert_non_null(image_topic_by_id(three, &ids[0]));
    assert_non_null(image_topic_by_id(replaced, &ids[3]));
    assert_null(image_topic(removed, bytes_of("a")));
    assert_null(image_topic(removed, bytes_of("mm")));
    assert_true(removed->version > replaced->version && replaced->version > three->version);
    struct cluster_image *all[] = { empty, one, two, three, replaced, removed };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        image_unref(all[i]);
    }
}

static void removing_what_is_not_there_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct uuid id;
    struct cluster_image *empty = image_create(NULL, 0, NULL);
    struct cluster_image *one = with_topic(f, empty, "m", &id);
    struct cluster_image *same = image_with(one, &(struct image_change){ bytes_of("n"), NULL }, 1);
    check_names(same, "m ");
    image_unref(empty);
    image_unref(one);
    check_names(same, "m "); /* its own copies of names, whoever else is gone */
    image_unref(same);
}

static void an_image_of_many_is_in_the_order_of_names(void **state)
{
    struct fixture *f = *state;
    const char *const names[] = { "d", "b", "a", "c" };
    struct image_topic topics[4];
    for (int i = 0; i < 4; i++) {
        topics[i] = (struct image_topic){ .name = bytes_of(names[i]),
                                          .id = uuid_random(),
                                          .config = f->config };
    }
    struct cluster_image *image = image_create(topics, 4, NULL);
    check_names(image, "a b c d ");
    assert_ptr_equal(image_topic_by_id(image, &topics[3].id), image_topic(image, bytes_of("c")));
    image_unref(image);
}

static void a_partition_outside_of_a_topic_is_none(void **state)
{
    struct fixture *f = *state;
    struct uuid id;
    struct cluster_image *empty = image_create(NULL, 0, NULL);
    struct cluster_image *one = with_topic(f, empty, "m", &id);
    assert_null(image_partition(one, bytes_of("m"), 0));
    assert_null(image_partition(one, bytes_of("m"), -1));
    assert_null(image_partition(one, bytes_of("n"), 0));
    assert_null(topic_partition(NULL, 0));
    image_unref(empty);
    image_unref(one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_newer_image_leaves_the_older_as_it_was, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(removing_what_is_not_there_changes_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_image_of_many_is_in_the_order_of_names, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_partition_outside_of_a_topic_is_none, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("broker.image", tests, NULL, NULL);
}
