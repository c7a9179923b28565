/*
 * What the scenario tests of coordination/group begin with: a driver a test, members that join, a group that is stable.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "group_driver.h"

#include <cmocka.h>

static inline struct driver *driver_of(void **state)
{
    return *state;
}

static inline int set_up(void **state)
{
    static struct driver d;
    driver_init(&d);
    *state = &d;
    return 0;
}

static inline int tear_down(void **state)
{
    driver_finish(*state);
    return 0;
}

/* A dynamic member takes both steps of KIP-394; `out` is left parked or answered. */
static inline void join_dynamic(struct driver *d, struct ticket *out)
{
    struct ticket first;
    driver_join(d, driver_join_request(&first, ""));
    assert_int_equal(first.answers, 1);
    assert_int_equal(first.error, GROUP_ERROR_MEMBER_ID_REQUIRED);
    driver_join(d, driver_join_request(out, first.member_id));
    snprintf(out->member_id, sizeof(out->member_id), "%s", first.member_id);
}

static inline void join_static(struct driver *d,
                               struct ticket *out,
                               const char *instance,
                               bool version9)
{
    struct group_join join = driver_join_request(out, "");
    join.instance_id = bytes_of(instance);
    join.can_skip_assignment = version9;
    driver_join(d, join);
}

static inline void join_again(struct driver *d, struct ticket *ticket)
{
    char id[DRIVER_ID_MAX];
    snprintf(id, sizeof(id), "%s", ticket->member_id);
    driver_join(d, driver_join_request(ticket, id));
    snprintf(ticket->member_id, sizeof(ticket->member_id), "%s", id);
}

/* Members [0, count) in one stable generation; the first one leads. */
static inline void make_stable(struct driver *d, struct ticket *joined, size_t count)
{
    struct ticket sync;
    for (size_t i = 0; i < count; i++) {
        join_dynamic(d, &joined[i]);
        for (size_t j = 0; j < i; j++) {
            join_again(d, &joined[j]);
        }
    }
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(joined[i].answers, 1);
        assert_int_equal(joined[i].error, GROUP_OK);
        assert_string_equal(joined[i].leader, joined[0].member_id);
    }
    driver_sync(d, &sync, joined[0].member_id, NULL, &joined[0]);
    for (size_t i = 1; i < count; i++) {
        driver_sync(d, &sync, joined[i].member_id, NULL, &joined[i]);
        assert_int_equal(sync.error, GROUP_OK);
    }
    assert_int_equal(d->group->state, GROUP_STABLE);
}

static inline enum group_error join_error(struct driver *d, struct group_join join)
{
    struct ticket *ticket = join.token;
    *ticket = (struct ticket){ 0 };
    driver_join(d, join);
    assert_int_equal(ticket->answers, 1);
    assert_int_equal(ticket->generation, ticket->error == GROUP_OK ? d->group->generation : -1);
    return ticket->error;
}

#define SCENARIO(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
