/*
 * coordination/group under random events: members that join, sync, beat, leave, freeze, lose connections and come
 * back, stores that take their time or fail, and a clock that only the test moves.
 *
 * After every step: each request under way is parked exactly once, nothing is answered twice, counters agree with the
 * lists, no deadline lies before the wake-up. Per generation: one protocol, one leader. Once the troubles stop, all
 * members end up in one stable generation. A failure prints the seed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "group_driver.h"

#include <cmocka.h>

enum {
    CLIENT_COUNT = 6,
    SEED_COUNT = 150,
    STEP_COUNT = 1500,
    TICKET_MAX = 4096,
    CALM_SECONDS = 200,
};

enum phase { PHASE_OUT, PHASE_JOINING, PHASE_SYNCING, PHASE_IN };

struct client {
    enum phase phase;
    bool is_frozen;
    bool is_old; /* joins without asking for an id first */
    bool is_version9;
    char instance[16]; /* empty: dynamic */
    char id[DRIVER_ID_MAX];
    struct ticket joined; /* the last good JoinGroup answer */
    struct ticket *ticket;
};

struct generation {
    char protocol[DRIVER_TEXT_MAX];
    char leader[DRIVER_ID_MAX];
};

struct sim {
    struct driver d;
    unsigned seed;
    unsigned random;
    struct client clients[CLIENT_COUNT];
    struct ticket *tickets[TICKET_MAX]; /* under way, or just answered */
    size_t ticket_count;
    int32_t generation_max;
    struct generation current; /* of generation_max, by the answers */
    size_t stable_steps;
};

static int dice(struct sim *s, int sides)
{
    return rand_r(&s->random) % sides;
}

static struct ticket *new_ticket(struct sim *s)
{
    assert_true(s->ticket_count < TICKET_MAX);
    struct ticket *ticket = calloc(1, sizeof(*ticket));
    assert_non_null(ticket);
    s->tickets[s->ticket_count++] = ticket;
    return ticket;
}

static const char *instance_of(const struct client *c)
{
    return c->instance[0] ? c->instance : NULL;
}

/* --- What must always hold --- */

static bool is_under_way(const struct sim *s, const void *token)
{
    for (size_t i = 0; i < s->ticket_count; i++) {
        if (s->tickets[i] == token) {
            return !s->tickets[i]->is_abandoned && s->tickets[i]->answers == 0;
        }
    }
    return false;
}

static size_t count_under_way(const struct sim *s)
{
    size_t count = 0;
    for (size_t i = 0; i < s->ticket_count; i++) {
        assert_true(s->tickets[i]->answers <= (s->tickets[i]->is_abandoned ? 0 : 1));
        count += is_under_way(s, s->tickets[i]);
    }
    return count;
}

static void check_group(struct sim *s)
{
    const struct group *g = s->d.group;
    size_t members = 0;
    size_t joins = 0;
    size_t syncs = 0;
    bool leads = false;
    list_foreach(node, &g->members) {
        const struct group_member *m = container_of(node, struct group_member, link);
        members++;
        joins += m->join_token != NULL;
        syncs += m->sync_token != NULL;
        leads = leads || m == g->leader;
        assert_ptr_equal(group_find_member(g, m->id), m);
        assert_true(m->session_deadline_ms >= g->wake_ms);
        assert_true(!m->join_token || is_under_way(s, m->join_token));
        assert_true(!m->sync_token || is_under_way(s, m->sync_token));
    }
    assert_int_equal(members, g->member_count);
    assert_int_equal(members, g->members_by_id.count);
    assert_int_equal(joins, g->awaiting_join_count);
    assert_int_equal(joins + syncs, count_under_way(s));
    assert_int_equal(leads, members > 0);
    assert_true(g->join_deadline_ms >= g->wake_ms);
    assert_true(g->sync_deadline_ms >= g->wake_ms);
    assert_true(g->generation >= s->generation_max || s->generation_max == 0);
    assert_int_equal(g->state == GROUP_EMPTY,
                     members == 0 && g->state != GROUP_PREPARING_REBALANCE);
    assert_true(syncs == 0 || g->state == GROUP_COMPLETING_REBALANCE);
    assert_true(g->state != GROUP_PREPARING_REBALANCE || g->join_deadline_ms != GROUP_NEVER);
    s->stable_steps += g->state == GROUP_STABLE;
}

/* Forgets what is answered and held by nobody. */
static void sweep_tickets(struct sim *s)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->ticket_count; i++) {
        struct ticket *ticket = s->tickets[i];
        bool is_held = false;
        for (size_t c = 0; c < CLIENT_COUNT; c++) {
            is_held = is_held || s->clients[c].ticket == ticket;
        }
        if (is_held || is_under_way(s, ticket)) {
            s->tickets[kept++] = ticket;
        } else {
            free(ticket);
        }
    }
    s->ticket_count = kept;
}

static void check_join_answer(struct sim *s, const struct ticket *t)
{
    if (t->generation > s->generation_max) {
        s->generation_max = t->generation;
        snprintf(s->current.protocol, sizeof(s->current.protocol), "%s", t->protocol);
        snprintf(s->current.leader, sizeof(s->current.leader), "%s", t->leader);
    }
    if (t->generation < s->generation_max) {
        return; /* read late, by a client that was frozen */
    }
    assert_string_equal(t->protocol, s->current.protocol);
    if (!t->skip_assignment && strcmp(t->leader, s->current.leader) != 0) {
        /* Only a static leader may have changed its id within a generation. */
        assert_true(strcmp(t->leader, t->member_id) != 0);
    }
    assert_true(t->member_count == 0 || strcmp(t->leader, t->member_id) == 0);
}

/* --- What a client does --- */

static void forget(struct client *c)
{
    c->phase = PHASE_OUT;
    c->id[0] = '\0';
    c->ticket = NULL;
}

static void send_join(struct sim *s, struct client *c)
{
    struct ticket *ticket = new_ticket(s);
    struct group_join join = driver_join_request(ticket, c->id);
    join.instance_id = bytes_of(instance_of(c));
    join.must_know_id = !c->is_old;
    join.can_skip_assignment = c->is_version9;
    join.rebalance_timeout_ms = 20000;
    c->ticket = ticket;
    c->phase = PHASE_JOINING;
    driver_join(&s->d, join);
}

static void send_sync(struct sim *s, struct client *c)
{
    struct ticket *ticket = new_ticket(s);
    struct ticket said = c->joined;
    if (said.skip_assignment) {
        said.member_count = 0;
    }
    c->ticket = ticket;
    c->phase = PHASE_SYNCING;
    driver_sync(&s->d, ticket, c->id, instance_of(c), &said);
}

static void read_join(struct sim *s, struct client *c)
{
    struct ticket answer = *c->ticket;
    c->ticket = NULL;
    switch (answer.error) {
    case GROUP_OK:
        check_join_answer(s, &answer);
        c->joined = answer;
        snprintf(c->id, sizeof(c->id), "%s", answer.member_id);
        send_sync(s, c);
        break;
    case GROUP_ERROR_MEMBER_ID_REQUIRED:
        snprintf(c->id, sizeof(c->id), "%s", answer.member_id);
        send_join(s, c);
        break;
    case GROUP_ERROR_REBALANCING: send_join(s, c); break;
    case GROUP_ERROR_UNKNOWN_MEMBER:
    case GROUP_ERROR_NOT_AVAILABLE:
    case GROUP_ERROR_FENCED: forget(c); break;
    case GROUP_ERROR_ILLEGAL_GENERATION:
    case GROUP_ERROR_INCONSISTENT_PROTOCOL:
    case GROUP_ERROR_SESSION_TIMEOUT:
    case GROUP_ERROR_FULL: fail_msg("JoinGroup answered with %d", answer.error);
    }
}

static void read_sync(struct sim *s, struct client *c)
{
    struct ticket answer = *c->ticket;
    char expected[2 * DRIVER_ID_MAX];
    c->ticket = NULL;
    if (answer.error == GROUP_OK) {
        snprintf(expected, sizeof(expected), "%d/%s", c->joined.generation, c->id);
        if (instance_of(c)) { /* may be assigned to under the id it had before */
            *(strchr(expected, '/') + 1) = '\0';
            assert_int_equal(strncmp(answer.assignment, expected, strlen(expected)), 0);
        } else {
            assert_string_equal(answer.assignment, expected);
        }
        c->phase = PHASE_IN;
    } else if (answer.error == GROUP_ERROR_REBALANCING ||
               answer.error == GROUP_ERROR_NOT_AVAILABLE) {
        send_join(s, c);
    } else {
        forget(c);
    }
}

static void beat(struct sim *s, struct client *c)
{
    struct bytes id = bytes_of(c->id);
    enum group_error error = group_heartbeat(s->d.group, id, bytes_of(instance_of(c)),
                                             c->joined.generation, s->d.now_ms);
    if (error == GROUP_ERROR_REBALANCING) {
        send_join(s, c);
    } else if (error != GROUP_OK) {
        forget(c);
    }
}

/* One client goes on with what it does; nothing goes wrong on its side. */
static void act(struct sim *s, struct client *c)
{
    bool is_answered = c->ticket && c->ticket->answers > 0;
    switch (c->phase) {
    case PHASE_OUT: send_join(s, c); break;
    case PHASE_JOINING:
        if (is_answered) {
            read_join(s, c);
        }
        break;
    case PHASE_SYNCING:
        if (is_answered) {
            read_sync(s, c);
        } else {
            group_heartbeat(s->d.group, bytes_of(c->id), bytes_of(instance_of(c)),
                            c->joined.generation, s->d.now_ms);
        }
        break;
    case PHASE_IN: beat(s, c); break;
    }
}

/* Something goes wrong, or the client changes its mind. */
static void make_trouble(struct sim *s, struct client *c)
{
    bool is_waiting = c->ticket && c->ticket->answers == 0;
    switch (dice(s, 5)) {
    case 0: /* the connection breaks; the client tries again or starts afresh */
        if (is_waiting) {
            driver_abandon(&s->d, c->ticket);
            c->ticket = NULL;
            if (dice(s, 2) == 0) {
                forget(c);
            } else {
                send_join(s, c);
            }
        }
        break;
    case 1: c->is_frozen = true; break;
    case 2: /* the process starts anew; its old connection is not noticed yet */ forget(c); break;
    case 3:
        if (c->phase == PHASE_IN) {
            driver_leave(&s->d, c->id, instance_of(c));
            forget(c);
        }
        break;
    case 4:
        if (c->phase == PHASE_IN) {
            send_join(s, c);
        }
        break;
    }
}

static void step(struct sim *s)
{
    struct client *c = &s->clients[dice(s, CLIENT_COUNT)];
    int choice = dice(s, 100);
    if (choice < 15) {
        driver_advance(&s->d, dice(s, 1500));
    } else if (choice < 17) {
        driver_advance(&s->d, dice(s, 30000));
    } else if (choice < 25 && s->d.held_store != 0) {
        enum group_error error = dice(s, 8) == 0 ? GROUP_ERROR_NOT_AVAILABLE : GROUP_OK;
        driver_finish_store(&s->d, error);
    } else if (c->is_frozen) {
        c->is_frozen = dice(s, 10) != 0;
    } else if (choice < 32) {
        make_trouble(s, c);
    } else {
        act(s, c);
    }
    sweep_tickets(s);
    check_group(s);
}

/* No more trouble: the group must find itself. */
static void calm_down(struct sim *s)
{
    s->d.hold_stores = false;
    driver_finish_store(&s->d, GROUP_OK);
    for (int second = 0; second < CALM_SECONDS; second++) {
        for (size_t i = 0; i < CLIENT_COUNT; i++) {
            s->clients[i].is_frozen = false;
            act(s, &s->clients[i]);
            sweep_tickets(s);
            check_group(s);
        }
        driver_sleep(&s->d, 1000);
    }
    assert_int_equal(s->d.group->state, GROUP_STABLE);
    assert_int_equal(s->d.group->member_count, CLIENT_COUNT);
    for (size_t i = 0; i < CLIENT_COUNT; i++) {
        assert_int_equal(s->clients[i].phase, PHASE_IN);
        assert_int_equal(s->clients[i].joined.generation, s->d.group->generation);
    }
}

static size_t run_seed(unsigned seed)
{
    static struct sim s;
    s = (struct sim){ .seed = seed, .random = seed * 2654435761U + 1 };
    driver_init(&s.d);
    s.d.hold_stores = dice(&s, 2) == 0;
    s.d.config.initial_rebalance_delay_ms = dice(&s, 2) ? 0 : dice(&s, 4000);
    for (int i = 0; i < CLIENT_COUNT; i++) {
        struct client *c = &s.clients[i];
        c->is_old = dice(&s, 3) == 0;
        c->is_version9 = !c->is_old && dice(&s, 2);
        if (dice(&s, 3) == 0) {
            snprintf(c->instance, sizeof(c->instance), "static-%d", i);
        }
    }
    for (int i = 0; i < STEP_COUNT; i++) {
        step(&s);
    }
    calm_down(&s);
    driver_finish(&s.d);
    for (size_t i = 0; i < CLIENT_COUNT; i++) {
        s.clients[i].ticket = NULL;
    }
    sweep_tickets(&s);
    assert_int_equal(s.ticket_count, 0);
    return s.stable_steps;
}

static void random_histories_keep_the_invariants(void **state)
{
    (void)state;
    size_t stable_steps = 0;
    for (unsigned seed = 1; seed <= SEED_COUNT; seed++) {
        print_message("# seed %u\n", seed);
        stable_steps += run_seed(seed);
    }
    assert_true(stable_steps > SEED_COUNT * 100); /* the simulation does reach what it is about */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_histories_keep_the_invariants),
    };
    return cmocka_run_group_tests_name("coordination.group_sim", tests, NULL, NULL);
}
