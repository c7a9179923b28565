/*
 * coordination/transaction: each answer in each state, and random histories with a clock that only the test moves: stores
 * and markers that fail, a coordinator that dies and reads its records back, producers that repeat themselves and are fenced.
 *
 * What must always hold: a request is answered once; what a producer was told is committed is marked committed in every
 * partition, and nothing else is; the epoch never goes back; once the troubles stop, every transaction comes to its end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "coordination/transaction.h"

#include <cmocka.h>

enum { START_MS = 1000000, TIMEOUT_MS = 60000, EXPIRATION_MS = 7 * 86400000, PARTITIONS = 3 };

/* A driver: one transactional id, one record, three partitions. */
struct world {
    struct txn_config config;
    struct transaction *txn;
    int64_t now_ms;
    bool store_fails;
    bool mark_fails;
    bool mark_waits; /* word is on its way: marked() comes later */
    bool is_marking;
    bool marks_written;
    bool record_exists;
    struct txn_facts record; /* of the log */
    bool announced[PARTITIONS];
    int marks[PARTITIONS]; /* of the newest transaction: 0 none, 1 commit, -1 abort */
    int stores;
    int replies;
    struct txn_reply reply; /* the last one */
};

static void copy_facts(struct txn_facts *to, const struct txn_facts *from)
{
    partition_set_finish(&to->partitions);
    *to = *from;
    to->partitions = (struct partition_set){ 0 };
    partition_set_add_all(&to->partitions, &from->partitions);
}

static void run(struct world *w, struct txn_effects *effects);

static void store(struct world *w, struct txn_effects *effects)
{
    bool ok = !w->store_fails;
    w->stores++;
    if (ok) {
        assert_true(!w->record_exists || w->txn->next.producer_id != w->record.producer_id ||
                    w->txn->next.epoch >= w->record.epoch);
        copy_facts(&w->record, &w->txn->next);
        w->record_exists = w->txn->next.state != TXN_DEAD;
    }
    txn_stored(w->txn, ok, w->now_ms, effects);
}

static void mark(struct world *w, struct txn_effects *effects)
{
    bool commit = w->txn->facts.state == TXN_PREPARE_COMMIT;
    assert_true(commit || w->txn->facts.state == TXN_PREPARE_ABORT);
    assert_int_equal(w->record.state, w->txn->facts.state); /* on record first */
    for (int i = 0; i < PARTITIONS; i++) {
        bool member = partition_set_has(&w->txn->facts.partitions, bytes_of("t"), i);
        if (member && !(w->mark_fails && i == PARTITIONS - 1)) {
            int mark = commit ? 1 : -1;
            assert_true(w->marks[i] == 0 || w->marks[i] == mark);
            w->marks[i] = mark;
            w->announced[i] = false;
        }
    }
    if (w->mark_waits) {
        w->is_marking = true;
        w->marks_written = !w->mark_fails;
    } else {
        txn_marked(w->txn, !w->mark_fails, w->now_ms, effects);
    }
}

static void run(struct world *w, struct txn_effects *effects)
{
    struct txn_effect *effect;
    while ((effect = txn_effects_take(effects)) != NULL) {
        switch (effect->kind) {
        case TXN_EFFECT_STORE: store(w, effects); break;
        case TXN_EFFECT_MARK: mark(w, effects); break;
        case TXN_EFFECT_ANNOUNCE:
            assert_int_equal(w->record.state, TXN_ONGOING);
            for (int i = 0; i < PARTITIONS; i++) {
                w->announced[i] = partition_set_has(&w->txn->facts.partitions, bytes_of("t"), i);
            }
            break;
        case TXN_EFFECT_REPLY:
            w->replies++;
            w->reply = effect->reply;
            assert_ptr_equal(effect->reply.token, w);
            break;
        }
        free(effect);
    }
}

static void word_arrives(struct world *w)
{
    struct txn_effects effects;
    txn_effects_init(&effects);
    w->is_marking = false;
    txn_marked(w->txn, w->marks_written, w->now_ms, &effects);
    run(w, &effects);
}

static void tick(struct world *w)
{
    struct txn_effects effects;
    txn_effects_init(&effects);
    txn_tick(w->txn, w->now_ms, &effects);
    run(w, &effects);
}

static enum txn_error init(struct world *w, int64_t producer_id, int16_t epoch)
{
    static int64_t fresh = 100;
    struct txn_init event = { .token = w,
                              .timeout_ms = TIMEOUT_MS,
                              .producer_id = producer_id,
                              .epoch = epoch,
                              .fresh_producer_id = txn_wants_producer_id(w->txn) ? ++fresh : -1 };
    struct txn_effects effects;
    txn_effects_init(&effects);
    txn_init(w->txn, &event, w->now_ms, &effects);
    run(w, &effects);
    return w->reply.error;
}

static void add(struct world *w, int64_t producer_id, int16_t epoch, int partition)
{
    struct txn_owner owner = { w, producer_id, epoch };
    struct partition_set set = { 0 };
    struct txn_effects effects;
    (void)partition_set_add(&set, bytes_of("t"), partition);
    txn_effects_init(&effects);
    if (w->txn->facts.state != TXN_ONGOING && !w->is_marking) {
        for (int i = 0; i < PARTITIONS; i++) {
            w->marks[i] = 0; /* a new transaction, if it comes to that */
        }
    }
    txn_add(w->txn, &owner, &set, w->now_ms, &effects);
    run(w, &effects);
    partition_set_finish(&set);
}

static void end(struct world *w, int64_t producer_id, int16_t epoch, bool commit)
{
    struct txn_owner owner = { w, producer_id, epoch };
    struct txn_effects effects;
    txn_effects_init(&effects);
    txn_end(w->txn, &owner, commit, w->now_ms, &effects);
    run(w, &effects);
}

/* The coordinator dies and another one reads the record. */
static void crash(struct world *w)
{
    struct txn_effects effects;
    struct txn_facts facts = { 0 };
    txn_effects_init(&effects);
    txn_kill(w->txn, TXN_ERROR_NOT_AVAILABLE, &effects);
    run(w, &effects);
    txn_destroy(w->txn);
    w->is_marking = false;
    w->txn = txn_create(bytes_of("id"), &w->config);
    if (w->record_exists) {
        copy_facts(&facts, &w->record);
        txn_restore(w->txn, &facts);
        txn_resume(w->txn, &effects);
        run(w, &effects);
    }
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    assert_non_null(w);
    w->config.expiration_ms = EXPIRATION_MS;
    w->now_ms = START_MS;
    w->txn = txn_create(bytes_of("id"), &w->config);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    struct txn_effects effects;
    txn_effects_init(&effects);
    txn_kill(w->txn, TXN_ERROR_NOT_AVAILABLE, &effects);
    run(w, &effects);
    txn_destroy(w->txn);
    partition_set_finish(&w->record.partitions);
    free(w);
    return 0;
}

static void a_commit_and_an_abort(void **state)
{
    struct world *w = *state;
    assert_int_equal(init(w, -1, -1), TXN_OK);
    int64_t id = w->reply.producer_id;
    assert_int_equal(w->reply.epoch, 0);
    end(w, id, 0, true);
    assert_int_equal(w->reply.error, TXN_ERROR_STATE); /* nothing was begun */
    for (int commit = 1; commit >= 0; commit--) {
        add(w, id, 0, 0);
        add(w, id, 0, 2);
        assert_int_equal(w->reply.error, TXN_OK);
        assert_true(w->announced[0] && !w->announced[1] && w->announced[2]);
        int stores = w->stores;
        add(w, id, 0, 2); /* nothing new: nothing is written */
        assert_int_equal(w->stores, stores);
        end(w, id, 0, commit);
        assert_int_equal(w->reply.error, TXN_OK);
        assert_int_equal(w->marks[0], commit ? 1 : -1);
        assert_int_equal(w->marks[1], 0);
        assert_int_equal(w->marks[2], commit ? 1 : -1);
        assert_int_equal(w->record.state, commit ? TXN_COMPLETE_COMMIT : TXN_COMPLETE_ABORT);
        end(w, id, 0, commit);
        assert_int_equal(w->reply.error, TXN_OK); /* asked again */
        end(w, id, 0, !commit);
        assert_int_equal(w->reply.error, TXN_ERROR_STATE);
    }
}

static void strangers_and_latecomers(void **state)
{
    struct world *w = *state;
    add(w, 7, 0, 0);
    assert_int_equal(w->reply.error, TXN_ERROR_MAPPING); /* nobody is known */
    (void)init(w, -1, -1);
    int64_t id = w->reply.producer_id;
    (void)init(w, -1, -1);
    assert_int_equal(w->reply.epoch, 1);
    add(w, id, 0, 0);
    assert_int_equal(w->reply.error, TXN_ERROR_FENCED);
    add(w, id + 1, 1, 0);
    assert_int_equal(w->reply.error, TXN_ERROR_MAPPING);
    end(w, id, 2, true);
    assert_int_equal(w->reply.error, TXN_ERROR_FENCED);
    assert_int_equal(init(w, id, 1), TXN_OK); /* says who it is: KIP-360 */
    assert_int_equal(w->reply.epoch, 2);
    assert_int_equal(init(w, id, 1), TXN_OK); /* and repeats itself */
    assert_int_equal(w->reply.epoch, 2);
    assert_int_equal(init(w, id, 0), TXN_ERROR_FENCED);
    assert_int_equal(init(w, id + 1, 2), TXN_ERROR_FENCED);
}

static void a_newcomer_aborts_what_is_open(void **state)
{
    struct world *w = *state;
    (void)init(w, -1, -1);
    int64_t id = w->reply.producer_id;
    add(w, id, 0, 1);
    w->mark_waits = true;
    assert_int_equal(init(w, -1, -1), TXN_ERROR_CONCURRENT);
    assert_int_equal(w->record.state, TXN_PREPARE_ABORT);
    assert_int_equal(w->record.epoch, 1);
    assert_int_equal(init(w, -1, -1), TXN_ERROR_CONCURRENT); /* still under way */
    end(w, id, 0, true);
    assert_int_equal(w->reply.error, TXN_ERROR_FENCED);
    word_arrives(w);
    assert_int_equal(w->marks[1], -1);
    assert_int_equal(init(w, -1, -1), TXN_OK);
    assert_int_equal(w->reply.epoch, 2);
}

static void a_transaction_that_takes_too_long(void **state)
{
    struct world *w = *state;
    (void)init(w, -1, -1);
    int64_t id = w->reply.producer_id;
    add(w, id, 0, 0);
    assert_int_equal(txn_wake_ms(w->txn), START_MS + TIMEOUT_MS);
    w->now_ms += TIMEOUT_MS - 1;
    tick(w);
    assert_int_equal(w->record.state, TXN_ONGOING);
    w->now_ms++;
    w->store_fails = true; /* first the disk is full */
    tick(w);
    assert_int_equal(w->record.state, TXN_ONGOING);
    assert_int_equal(txn_wake_ms(w->txn), w->now_ms + TXN_RETRY_MS);
    w->store_fails = false;
    w->now_ms += TXN_RETRY_MS;
    tick(w);
    assert_int_equal(w->record.state, TXN_COMPLETE_ABORT);
    assert_int_equal(w->record.epoch, 1);
    assert_int_equal(w->marks[0], -1);
    end(w, id, 0, true);
    assert_int_equal(w->reply.error, TXN_ERROR_FENCED);
    assert_int_equal(init(w, id, 0),
                     TXN_OK); /* the producer says who it was, and goes on: KIP-588 */
    assert_int_equal(w->reply.producer_id, id);
    assert_int_equal(w->reply.epoch, 1);
    add(w, id, 1, 0);
    assert_int_equal(w->reply.error, TXN_OK);
    end(w, id, 1, false);
    assert_int_equal(w->reply.error, TXN_OK);
    end(w, id, 0, true);
    assert_int_equal(w->reply.error, TXN_ERROR_FENCED);
}

static void epochs_run_out(void **state)
{
    struct world *w = *state;
    (void)init(w, -1, -1);
    int64_t id = w->reply.producer_id;
    w->txn->facts.epoch = TXN_EPOCH_MAX - 1;
    w->record.epoch = TXN_EPOCH_MAX - 1;
    assert_int_equal(init(w, id, TXN_EPOCH_MAX - 1), TXN_OK);
    assert_int_equal(w->reply.epoch, TXN_EPOCH_MAX);
    assert_int_equal(w->reply.producer_id, id);
    assert_int_equal(init(w, id, TXN_EPOCH_MAX), TXN_OK); /* a fresh id */
    assert_int_equal(w->reply.epoch, 0);
    assert_true(w->reply.producer_id != id);
    int64_t fresh = w->reply.producer_id;
    assert_int_equal(init(w, id, TXN_EPOCH_MAX), TXN_OK); /* the answer got lost */
    assert_int_equal(w->reply.producer_id, fresh);
    assert_int_equal(w->reply.epoch, 0);
    assert_int_equal(w->record.previous_producer_id, id);
}

static void an_unused_id_is_forgotten(void **state)
{
    struct world *w = *state;
    (void)init(w, -1, -1);
    assert_int_equal(txn_wake_ms(w->txn), START_MS + (int64_t)EXPIRATION_MS);
    w->now_ms += EXPIRATION_MS;
    tick(w);
    assert_int_equal(w->txn->facts.state, TXN_DEAD);
    assert_false(w->record_exists);
    assert_false(txn_is_busy(w->txn));
    assert_int_equal(txn_wake_ms(w->txn), TXN_NEVER);
}

static void an_end_that_cannot_be_stored_is_refused(void **state)
{
    struct world *w = *state;
    (void)init(w, -1, -1);
    int64_t id = w->reply.producer_id;
    add(w, id, 0, 0);
    w->store_fails = true;
    end(w, id, 0, true);
    assert_int_equal(w->reply.error, TXN_ERROR_NOT_AVAILABLE);
    assert_int_equal(w->marks[0], 0);
    w->store_fails = false;
    end(w, id, 0, true);
    assert_int_equal(w->reply.error, TXN_OK);
    assert_int_equal(w->marks[0], 1);
}

static void a_marker_that_fails_is_written_again(void **state)
{
    struct world *w = *state;
    (void)init(w, -1, -1);
    int64_t id = w->reply.producer_id;
    add(w, id, 0, 0);
    add(w, id, 0, 2);
    int replies = w->replies;
    w->mark_fails = true;
    end(w, id, 0, true);
    assert_int_equal(w->replies, replies); /* decided, not done */
    assert_int_equal(w->record.state, TXN_PREPARE_COMMIT);
    w->mark_fails = false;
    w->now_ms += TXN_RETRY_MS;
    tick(w);
    assert_int_equal(w->replies, replies + 1);
    assert_int_equal(w->reply.error, TXN_OK);
    assert_int_equal(w->marks[2], 1);
    assert_int_equal(w->record.state, TXN_COMPLETE_COMMIT);
}

/* --- random histories --- */

enum { SEEDS = 300, STEPS = 400 };

struct producer {
    int64_t id; /* -1: has to ask */
    int16_t epoch;
};

static void step(struct world *w, struct producer *p, unsigned *random)
{
    struct producer *one = &p[rand_r(random) % 2];
    int replies = w->replies;
    bool commit = rand_r(random) % 2;
    w->store_fails = rand_r(random) % 8 == 0;
    w->mark_fails = rand_r(random) % 8 == 0;
    w->mark_waits = rand_r(random) % 3 == 0;
    w->now_ms += rand_r(random) % 5000;
    switch (rand_r(random) % 8) {
    case 0:
        if (!w->txn->token) { /* one at a time, so that we know whose answer it is */
            bool says = one->id >= 0 && rand_r(random) % 2;
            if (init(w, says ? one->id : -1, says ? one->epoch : -1) == TXN_OK) {
                *one = (struct producer){ w->reply.producer_id, w->reply.epoch };
            }
        }
        break;
    case 1:
    case 2:
    case 3: add(w, one->id, one->epoch, rand_r(random) % PARTITIONS); break;
    case 4:
        end(w, one->id, one->epoch, commit);
        if (w->replies == replies + 1 && w->reply.error == TXN_OK) {
            assert_int_equal(w->record.state, commit ? TXN_COMPLETE_COMMIT : TXN_COMPLETE_ABORT);
        }
        break;
    case 5: tick(w); break;
    case 6:
        if (w->is_marking) {
            word_arrives(w);
        }
        break;
    case 7:
        if (rand_r(random) % 4 == 0) {
            crash(w);
        }
        break;
    default: break;
    }
}

static void check(const struct world *w)
{
    if (w->record.state == TXN_COMPLETE_COMMIT || w->record.state == TXN_COMPLETE_ABORT) {
        for (int i = 0; i < PARTITIONS; i++) {
            assert_false(w->announced[i]); /* all were marked */
        }
    }
    assert_true(!w->is_marking || w->txn->marking);
}

static void whatever_happens(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= SEEDS; seed++) {
        void *made;
        unsigned random = seed;
        struct producer producers[2] = { { -1, -1 }, { -1, -1 } };
        assert_int_equal(setup(&made), 0);
        struct world *w = made;
        for (int i = 0; i < STEPS; i++) {
            step(w, producers, &random);
            check(w);
        }
        w->store_fails = w->mark_fails = w->mark_waits = false;
        for (int i = 0; i < 4; i++) { /* calm: all comes to its end */
            if (w->is_marking) {
                word_arrives(w);
            }
            w->now_ms += TIMEOUT_MS + TXN_RETRY_MS;
            tick(w);
            check(w);
        }
        assert_false(txn_is_busy(w->txn));
        assert_true(w->txn->facts.state != TXN_ONGOING &&
                    w->txn->facts.state != TXN_PREPARE_ABORT &&
                    w->txn->facts.state != TXN_PREPARE_COMMIT);
        (void)teardown(&made);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_commit_and_an_abort, setup, teardown),
        cmocka_unit_test_setup_teardown(strangers_and_latecomers, setup, teardown),
        cmocka_unit_test_setup_teardown(a_newcomer_aborts_what_is_open, setup, teardown),
        cmocka_unit_test_setup_teardown(a_transaction_that_takes_too_long, setup, teardown),
        cmocka_unit_test_setup_teardown(epochs_run_out, setup, teardown),
        cmocka_unit_test_setup_teardown(an_unused_id_is_forgotten, setup, teardown),
        cmocka_unit_test_setup_teardown(an_end_that_cannot_be_stored_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_marker_that_fails_is_written_again, setup, teardown),
        cmocka_unit_test(whatever_happens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
