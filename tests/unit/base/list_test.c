/*
 * base/list: order, removal while walking, and removing twice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

#include <cmocka.h>

struct item {
    int value;
    struct list_node node; /* of the test's list */
};

static int sum_in_order(const struct list_node *list)
{
    int sum = 0;
    list_foreach(node, list) {
        sum = sum * 10 + container_of(node, struct item, node)->value;
    }
    return sum;
}

static void keeps_order_from_both_ends(void **state)
{
    (void)state;
    struct list_node list;
    struct item items[4] = { { .value = 1 }, { .value = 2 }, { .value = 3 }, { .value = 4 } };
    list_init(&list);
    assert_true(list_empty(&list));
    list_push_back(&list, &items[1].node);
    list_push_back(&list, &items[3].node);
    list_push_front(&list, &items[0].node);
    list_insert_before(&items[3].node, &items[2].node);
    assert_int_equal(sum_in_order(&list), 1234);
    assert_ptr_equal(list_pop_front(&list), &items[0].node);
    assert_int_equal(sum_in_order(&list), 234);
}

static void the_walk_may_remove_what_it_stands_on(void **state)
{
    (void)state;
    struct list_node list;
    struct item items[5];
    list_init(&list);
    for (int i = 0; i < 5; i++) {
        items[i].value = i + 1;
        list_push_back(&list, &items[i].node);
    }
    list_foreach(node, &list) {
        if (container_of(node, struct item, node)->value % 2 == 0) {
            list_remove(node);
        }
    }
    assert_int_equal(sum_in_order(&list), 135);
}

static void removing_twice_is_harmless(void **state)
{
    (void)state;
    struct list_node list;
    struct item item = { .value = 7 };
    list_init(&list);
    list_push_back(&list, &item.node);
    list_remove(&item.node);
    assert_true(list_empty(&item.node));
    list_remove(&item.node);
    assert_true(list_empty(&list));
    assert_null(list_pop_front(&list));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_order_from_both_ends),
        cmocka_unit_test(the_walk_may_remove_what_it_stands_on),
        cmocka_unit_test(removing_twice_is_harmless),
    };
    return cmocka_run_group_tests_name("base.list", tests, NULL, NULL);
}
