/*
 * The transaction coordinator: see transactions.h. Loading is in transactions_load.c, markers are in transaction_markers.c.
 */
#include "broker/transactions.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "broker/broker.h"
#include "broker/coordinator.h"
#include "broker/partition.h"
#include "broker/transaction_markers.h"
#include "broker/transaction_records.h"
#include "broker/transactions_load.h"
#include "broker/worker.h"

static_assert((int)TXN_ERROR_NOT_AVAILABLE == (int)KAFKA_COORDINATOR_NOT_AVAILABLE, "Kafka's");
static_assert((int)TXN_ERROR_STATE == (int)KAFKA_INVALID_TXN_STATE, "Kafka's");
static_assert((int)TXN_ERROR_MAPPING == (int)KAFKA_INVALID_PRODUCER_ID_MAPPING, "Kafka's");
static_assert((int)TXN_ERROR_CONCURRENT == (int)KAFKA_CONCURRENT_TRANSACTIONS, "Kafka's");
static_assert((int)TXN_ERROR_FENCED == (int)KAFKA_PRODUCER_FENCED, "Kafka's");

enum { RECORD_BATCH_MAX = 32 << 20 };

/* Who owns an id now: for telling a stranger from a latecomer, off the normal path. */
struct owner {
    int64_t producer_id;
    int16_t epoch;
};

struct transactions {
    struct broker *broker;
    struct txn_shard *shards; /* by worker */
    struct txn_config config;
    bool loaded;
    pthread_mutex_t lock;
    /* lock must be held for this: */
    struct map owners; /* id -> struct owner *, owned */
};

int64_t txn_now_ms(void)
{
    return clock_realtime_ms();
}

struct txn_shard *transactions_shard(const struct broker *broker, const struct worker *worker)
{
    return &broker->transactions->shards[worker_index(worker)];
}

/* --- owners --- */

static void note_owner(struct transactions *all,
                       const struct transaction *txn,
                       const struct txn_facts *facts)
{
    (void)pthread_mutex_lock(&all->lock);
    if (facts->state == TXN_DEAD) {
        free(map_remove(&all->owners, txn->id));
    } else {
        struct owner *owner = map_get(&all->owners, txn->id);
        if (!owner) {
            owner = MEM_NEW(struct owner);
            (void)map_put(&all->owners, txn->id, owner);
        }
        *owner = (struct owner){ facts->producer_id, facts->epoch };
    }
    (void)pthread_mutex_unlock(&all->lock);
}

enum kafka_error transactions_explain(const struct broker *broker,
                                      struct bytes transactional_id,
                                      int64_t producer_id,
                                      int16_t producer_epoch)
{
    struct transactions *all = broker->transactions;
    enum kafka_error error = KAFKA_INVALID_TXN_STATE;
    (void)pthread_mutex_lock(&all->lock);
    const struct owner *owner = map_get(&all->owners, transactional_id);
    if (!owner || owner->producer_id != producer_id) {
        error = KAFKA_INVALID_PRODUCER_ID_MAPPING;
    } else if (owner->epoch != producer_epoch) {
        error = KAFKA_INVALID_PRODUCER_EPOCH;
    }
    (void)pthread_mutex_unlock(&all->lock);
    return error;
}

/* --- shards --- */

struct txn_entry *txn_shard_find(const struct txn_shard *shard, struct bytes id)
{
    return map_get(&shard->entries, id);
}

static void timer_fired(struct timer *timer)
{
    struct txn_entry *entry = container_of(timer, struct txn_entry, timer);
    struct txn_effects effects;
    txn_effects_init(&effects);
    txn_tick(entry->txn, txn_now_ms(), &effects);
    txn_settle(entry, &effects);
}

struct txn_entry *txn_shard_find_or_create(struct txn_shard *shard, struct bytes id)
{
    struct txn_entry *entry = txn_shard_find(shard, id);
    if (!entry) {
        entry = MEM_NEW(struct txn_entry);
        entry->shard = shard;
        entry->txn = txn_create(id, &shard->broker->transactions->config);
        entry->timer.fire = timer_fired;
        (void)map_put(&shard->entries, id, entry);
    }
    return entry;
}

static void forget(struct txn_entry *entry)
{
    loop_timer_cancel(worker_loop(entry->shard->worker), &entry->timer);
    (void)map_remove(&entry->shard->entries, entry->txn->id);
    txn_destroy(entry->txn);
    free(entry);
}

/* --- the log of __transaction_state --- */

enum kafka_error transactions_prepare(struct broker *broker)
{
    const struct broker_config *config = &broker->config;
    struct config_entry configs[] = {
        { bytes_of("cleanup.policy"), bytes_of("compact") },
        { bytes_of("compression.type"), bytes_of("uncompressed") },
        { bytes_of("min.insync.replicas"),
          bytes_of(broker_config_text(config, "transaction.state.log.min.isr")) },
        { bytes_of("segment.bytes"),
          bytes_of(broker_config_text(config, "transaction.state.log.segment.bytes")) },
        { bytes_of("unclean.leader.election.enable"), bytes_of("false") },
    };
    struct topic_spec spec = {
        .name = bytes_of(TRANSACTION_STATE_TOPIC),
        .partition_count = config->transaction_partitions,
        .replication_factor = config->transaction_replication_factor,
        .configs = configs,
        .config_count = sizeof(configs) / sizeof(configs[0]),
        .internal = true,
    };
    return coordinator_prepare_topic(broker, &spec);
}

static enum kafka_error append_record(struct txn_shard *shard, struct bytes id, struct bytes batch)
{
    enum kafka_error error = transactions_prepare(shard->broker);
    const struct image_topic *topic =
        image_topic(worker_image(shard->worker), bytes_of(TRANSACTION_STATE_TOPIC));
    if (error != KAFKA_NONE || !topic) {
        return KAFKA_COORDINATOR_NOT_AVAILABLE;
    }
    struct arena arena;
    struct append_result result;
    struct append_options options = { .origin = BATCH_ORIGIN_COORDINATOR,
                                      .zstd_allowed = true,
                                      .now_ms = clock_realtime_ms(),
                                      .arena = &arena };
    arena_init(&arena, 0);
    error =
        partition_append(topic_partition(topic, group_partition_for(id, topic->partition_count)),
                         batch, &options, &result);
    arena_finish(&arena);
    return error;
}

static bool store(struct txn_entry *entry)
{
    struct txn_shard *shard = entry->shard;
    const struct transaction *txn = entry->txn;
    struct batch_builder builder;
    struct bytes batch;
    struct weir_error err;
    bool ok = false;
    batch_builder_init(&builder, RECORD_BATCH_MAX);
    const struct txn_facts *facts = txn->next.state == TXN_DEAD ? NULL : &txn->next;
    if (transaction_record_write(txn->id, facts, clock_realtime_ms(), &builder, &batch, &err) < 0) {
        log_write(&shard->broker->log, LOG_LEVEL_ERROR,
                  "transactional id %.*s: its record cannot be written: %s", BYTES_ARG(txn->id),
                  err.message);
    } else {
        enum kafka_error error = append_record(shard, txn->id, batch);
        ok = error == KAFKA_NONE;
        if (!ok) {
            log_write(&shard->broker->log, LOG_LEVEL_ERROR,
                      "transactional id %.*s: cannot store %s: %s", BYTES_ARG(txn->id),
                      txn_state_name(txn->next.state), kafka_error_message((int16_t)error));
        }
    }
    batch_builder_release(&builder);
    return ok;
}

/* --- effects --- */

static void announce(const struct txn_entry *entry)
{
    const struct txn_facts *facts = &entry->txn->facts;
    const struct cluster_image *image = worker_image(entry->shard->worker);
    for (size_t t = 0; t < partition_set_topic_count(&facts->partitions); t++) {
        const struct partition_set_topic *topic = partition_set_topic(&facts->partitions, t);
        for (size_t p = 0; p < topic->partition_count; p++) {
            struct partition *partition = image_partition(image, topic->name, topic->partitions[p]);
            if (partition) {
                partition_log_announce(partition->log, facts->producer_id, facts->epoch);
            }
        }
    }
}

static void word_is_round(struct txn_entry *entry)
{
    struct txn_effects effects;
    txn_effects_init(&effects);
    txn_marked(entry->txn, entry->word.ok, txn_now_ms(), &effects);
    txn_settle(entry, &effects);
}

static void tell_groups(const struct txn_entry *entry, int worker)
{
    struct broker *broker = entry->shard->broker;
    const struct txn_facts *facts = &entry->txn->facts;
    shard_end_transaction(coordinator_shard(broker, broker->workers[worker]), facts->producer_id,
                          facts->state == TXN_PREPARE_COMMIT);
}

/* The transaction does not change while its markers are being written, so every worker may look at it. */
static void carry_word(struct loop_task *task)
{
    struct txn_word *word = container_of(task, struct txn_word, task);
    struct txn_entry *entry = container_of(word, struct txn_entry, word);
    struct broker *broker = entry->shard->broker;
    if (word->worker == broker->worker_count) {
        word_is_round(entry);
        return;
    }
    tell_groups(entry, word->worker++);
    struct worker *next =
        word->worker < broker->worker_count ? broker->workers[word->worker] : entry->shard->worker;
    worker_post(next, task);
}

static void mark(struct txn_entry *entry, struct txn_effects *effects)
{
    struct broker *broker = entry->shard->broker;
    bool has_groups = false;
    entry->word.ok = transaction_write_markers(entry->shard, entry->txn, &has_groups);
    if (has_groups && entry->word.ok && broker->transactions->loaded) {
        entry->word.worker = 0;
        entry->word.task.run = carry_word;
        worker_post(broker->workers[0], &entry->word.task);
        return;
    }
    for (int i = 0; has_groups && entry->word.ok && i < broker->worker_count; i++) {
        tell_groups(entry, i); /* nobody runs yet */
    }
    txn_marked(entry->txn, entry->word.ok, txn_now_ms(), effects);
}

static void send_reply(const struct txn_reply *reply)
{
    struct group_call *call = reply->token;
    ((const struct txn_call *)call->state)->answer(call, reply);
    group_call_return(call);
}

static void carry_out(struct txn_entry *entry,
                      const struct txn_effect *effect,
                      struct txn_effects *effects)
{
    bool ok;
    switch (effect->kind) {
    case TXN_EFFECT_STORE:
        ok = store(entry);
        if (ok) {
            note_owner(entry->shard->broker->transactions, entry->txn, &entry->txn->next);
        }
        txn_stored(entry->txn, ok, txn_now_ms(), effects);
        break;
    case TXN_EFFECT_ANNOUNCE: announce(entry); break;
    case TXN_EFFECT_MARK: mark(entry, effects); break;
    case TXN_EFFECT_REPLY: send_reply(&effect->reply); break;
    }
}

/* The state machine counts in real time, the loop in its own. */
static void set_timer(struct txn_entry *entry)
{
    struct loop *loop = worker_loop(entry->shard->worker);
    int64_t wake_ms = txn_wake_ms(entry->txn);
    if (wake_ms == TXN_NEVER) {
        loop_timer_cancel(loop, &entry->timer);
        return;
    }
    int64_t left_ms = wake_ms - txn_now_ms();
    /* Not the loop's own time: it stands still while the broker is being started. */
    loop_timer_arm(loop, &entry->timer, clock_monotonic_ms() + (left_ms > 0 ? left_ms : 0));
}

void txn_settle(struct txn_entry *entry, struct txn_effects *effects)
{
    struct txn_effect *effect;
    while ((effect = txn_effects_take(effects)) != NULL) {
        carry_out(entry, effect, effects);
        free(effect);
    }
    const struct transaction *txn = entry->txn;
    bool is_gone = !txn_is_known(txn) || txn->facts.state == TXN_DEAD;
    if (is_gone && !txn_is_busy(txn)) {
        forget(entry);
    } else {
        set_timer(entry);
    }
}

/* --- requests --- */

void txn_call_start(struct request *request,
                    struct txn_call *state,
                    enum group_visit (*visit)(struct group_call *call,
                                              struct group_shard *shard,
                                              int32_t index),
                    struct bytes (*id_of)(const struct group_call *call, int32_t index))
{
    struct group_call *call = group_call_create(request);
    call->state = state;
    call->visit = visit;
    call->group_at = id_of;
    group_call_start(call);
}

int16_t txn_error_code(const struct group_call *call, enum txn_error error, int16_t fenced_since)
{
    bool old = call->request->version < fenced_since;
    return error == TXN_ERROR_FENCED && old ? (int16_t)KAFKA_INVALID_PRODUCER_EPOCH
                                            : (int16_t)error;
}

/* --- life --- */

enum weir_status transactions_create(struct broker *broker,
                                     struct transactions **out_transactions,
                                     struct weir_error *err)
{
    struct transactions *all = MEM_NEW(struct transactions);
    all->broker = broker;
    all->config.expiration_ms = broker->config.transactional_id_expiration_ms;
    all->shards = mem_zalloc((size_t)broker->worker_count, sizeof(*all->shards));
    (void)pthread_mutex_init(&all->lock, NULL);
    for (int i = 0; i < broker->worker_count; i++) {
        all->shards[i] = (struct txn_shard){ .broker = broker, .worker = broker->workers[i] };
    }
    broker->transactions = all;
    enum weir_status rc = transactions_load(broker, err);
    if (rc < 0) {
        broker->transactions = NULL;
        transactions_destroy(all);
        return rc;
    }
    for (int i = 0; i < broker->worker_count; i++) {
        for (size_t e = 0; e < all->shards[i].entries.count; e++) {
            const struct txn_entry *entry = all->shards[i].entries.entries[e].value;
            note_owner(all, entry->txn, &entry->txn->facts);
        }
    }
    all->loaded = true;
    *out_transactions = all;
    return WEIR_OK;
}

static void finish_shard(struct txn_shard *shard)
{
    for (size_t i = shard->entries.count;
         i-- > 0;) { /* from the end: forgetting moves the last entry */
        struct txn_entry *entry = shard->entries.entries[i].value;
        struct txn_effects effects;
        struct txn_effect *effect;
        txn_effects_init(&effects);
        txn_kill(entry->txn, TXN_ERROR_NOT_AVAILABLE, &effects);
        while ((effect = txn_effects_take(&effects)) != NULL) {
            send_reply(&effect->reply);
            free(effect);
        }
        forget(entry);
    }
    map_finish(&shard->entries);
}

void transactions_destroy(struct transactions *all)
{
    if (!all) {
        return;
    }
    if (all->loaded) {
        coordinator_drain(all->broker); /* word that is on its way goes round */
    }
    for (int i = 0; i < all->broker->worker_count; i++) {
        finish_shard(&all->shards[i]);
    }
    for (size_t i = 0; i < all->owners.count; i++) {
        free(all->owners.entries[i].value);
    }
    map_finish(&all->owners);
    (void)pthread_mutex_destroy(&all->lock);
    free(all->shards);
    free(all);
}
