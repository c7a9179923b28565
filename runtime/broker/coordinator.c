/*
 * The group coordinator: see coordinator.h. Loading is in coordinator_load.c.
 */
#include "broker/coordinator.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "broker/broker.h"
#include "broker/coordinator_expiry.h"
#include "broker/coordinator_load.h"
#include "broker/partition.h"
#include "broker/topics.h"
#include "broker/worker.h"

static_assert((int)GROUP_ERROR_NOT_AVAILABLE == (int)KAFKA_COORDINATOR_NOT_AVAILABLE, "Kafka's");
static_assert((int)GROUP_ERROR_ILLEGAL_GENERATION == (int)KAFKA_ILLEGAL_GENERATION, "Kafka's");
static_assert((int)GROUP_ERROR_INCONSISTENT_PROTOCOL == (int)KAFKA_INCONSISTENT_GROUP_PROTOCOL,
              "Kafka's");
static_assert((int)GROUP_ERROR_UNKNOWN_MEMBER == (int)KAFKA_UNKNOWN_MEMBER_ID, "Kafka's");
static_assert((int)GROUP_ERROR_SESSION_TIMEOUT == (int)KAFKA_INVALID_SESSION_TIMEOUT, "Kafka's");
static_assert((int)GROUP_ERROR_REBALANCING == (int)KAFKA_REBALANCE_IN_PROGRESS, "Kafka's");
static_assert((int)GROUP_ERROR_MEMBER_ID_REQUIRED == (int)KAFKA_MEMBER_ID_REQUIRED, "Kafka's");
static_assert((int)GROUP_ERROR_FULL == (int)KAFKA_GROUP_MAX_SIZE_REACHED, "Kafka's");
static_assert((int)GROUP_ERROR_FENCED == (int)KAFKA_FENCED_INSTANCE_ID, "Kafka's");

struct coordinator {
    struct broker *broker;
    struct group_shard *shards; /* by worker */
};

/* --- Shards and their groups --- */

struct group_shard *coordinator_shard(const struct broker *broker, const struct worker *worker)
{
    return &broker->coordinator->shards[worker_index(worker)];
}

int64_t shard_now_ms(const struct group_shard *shard)
{
    return loop_now_ms(worker_loop(shard->worker));
}

struct group_entry *shard_find(const struct group_shard *shard, struct bytes group_id)
{
    return map_get(&shard->groups, group_id);
}

static void timer_fired(struct timer *timer);

struct group_entry *shard_find_or_create(struct group_shard *shard, struct bytes group_id)
{
    struct group_entry *entry = shard_find(shard, group_id);
    if (!entry) {
        entry = MEM_NEW(struct group_entry);
        entry->shard = shard;
        entry->group = group_create(group_id, &shard->config);
        entry->timer.fire = timer_fired;
        entry->empty_since_ms = -1;
        entry->check_ms = OFFSET_NEVER;
        entry->check_is_stale = true;
        map_put(&shard->groups, group_id, entry);
    }
    return entry;
}

static void forget_group(struct group_entry *entry)
{
    loop_timer_cancel(worker_loop(entry->shard->worker), &entry->timer);
    map_remove(&entry->shard->groups, entry->group->id);
    offset_table_finish(&entry->offsets);
    pending_offsets_finish(&entry->pending);
    group_destroy(entry->group);
    free(entry);
}

/* --- Effects --- */

enum { NULL_PROTOCOL_SINCE = 7 }; /* version of JoinGroup: KIP-559 */

struct bytes join_no_protocol(int16_t version)
{
    return version >= NULL_PROTOCOL_SINCE ? (struct bytes){ 0 } : bytes_of("");
}

static void reply_join(const struct group_join_reply *reply)
{
    struct group_call *call = reply->token;
    struct arena *arena = &call->request->arena;
    struct join_group_response *response = call->response;
    response->error_code = (int16_t)reply->error;
    response->generation_id = reply->generation;
    response->protocol_type = arena_copy(arena, reply->protocol_type);
    response->protocol_name = reply->error == GROUP_OK ? arena_copy(arena, reply->protocol)
                                                       : join_no_protocol(call->request->version);
    response->leader = arena_copy(arena, reply->leader);
    response->skip_assignment = reply->skip_assignment;
    response->member_id = arena_copy(arena, reply->member_id);
    response->members_count = (int32_t)reply->member_count;
    response->members =
        message_new(&join_group_response_member_type, arena, (int32_t)reply->member_count);
    for (size_t i = 0; i < reply->member_count; i++) {
        response->members[i].member_id = arena_copy(arena, reply->members[i].id);
        response->members[i].group_instance_id = arena_copy(arena, reply->members[i].instance_id);
        response->members[i].metadata = arena_copy(arena, reply->members[i].metadata);
    }
    group_call_return(call);
}

static void reply_sync(const struct group_sync_reply *reply)
{
    struct group_call *call = reply->token;
    struct arena *arena = &call->request->arena;
    struct sync_group_response *response = call->response;
    response->error_code = (int16_t)reply->error;
    response->protocol_type = arena_copy(arena, reply->protocol_type);
    response->protocol_name = arena_copy(arena, reply->protocol);
    response->assignment = arena_copy(arena, reply->assignment);
    group_call_return(call);
}

static void carry_out_store(struct group_entry *entry, const struct group_store *store)
{
    struct group_shard *shard = entry->shard;
    struct bytes group_id = entry->group->id;
    int64_t now_ms = clock_realtime_ms();
    entry->empty_since_ms = store->snapshot.member_count > 0 ? -1 : now_ms;
    expiry_reconsider(entry);
    group_writer_begin(&shard->writer, now_ms);
    group_writer_put_group(&shard->writer, group_id, &store->snapshot);
    enum kafka_error error = shard_append(shard, group_id);
    if (error != KAFKA_NONE) {
        log_write(&shard->broker->log, LOG_LEVEL_ERROR,
                  "group %.*s: cannot store generation %d: %s", BYTES_ARG(group_id),
                  store->snapshot.generation, kafka_error_message((int16_t)error));
    }
    group_stored(entry->group, store->id,
                 error == KAFKA_NONE ? GROUP_OK : GROUP_ERROR_NOT_AVAILABLE, shard_now_ms(shard),
                 &shard->effects);
}

static void carry_out_effects(struct group_entry *entry)
{
    struct group_shard *shard = entry->shard;
    for (struct group_effect *effect = shard->effects.first; effect; effect = effect->next) {
        switch (effect->kind) {
        case GROUP_EFFECT_REPLY_JOIN: reply_join(&effect->join); break;
        case GROUP_EFFECT_REPLY_SYNC: reply_sync(&effect->sync); break;
        case GROUP_EFFECT_STORE: carry_out_store(entry, &effect->store); break;
        case GROUP_EFFECT_NOTE:
            log_write(&shard->broker->log, LOG_LEVEL_INFO, "%.*s", BYTES_ARG(effect->note));
            break;
        }
    }
    group_effects_reset(&shard->effects);
}

void shard_settle(struct group_entry *entry)
{
    struct group *group = entry->group;
    struct loop *loop = worker_loop(entry->shard->worker);
    carry_out_effects(entry);
    if (group->state == GROUP_EMPTY && group->generation == 0 && group->pending_count == 0 &&
        entry->offsets.count == 0 && !pending_offsets_any(&entry->pending)) {
        forget_group(entry);
        return;
    }
    /* A later wake-up is left to the earlier timer, which then sets itself right. */
    int64_t wake_ms = group_wake_ms(group);
    int64_t check_ms = expiry_wake_ms(entry);
    wake_ms = check_ms < wake_ms ? check_ms : wake_ms;
    if (wake_ms == GROUP_NEVER) {
        loop_timer_cancel(loop, &entry->timer);
    } else if (!timer_armed(&entry->timer) || wake_ms < entry->timer.deadline_ms) {
        loop_timer_arm(loop, &entry->timer, wake_ms);
    }
}

static void timer_fired(struct timer *timer)
{
    struct group_entry *entry = container_of(timer, struct group_entry, timer);
    group_tick(entry->group, shard_now_ms(entry->shard), &entry->shard->effects);
    carry_out_effects(entry);
    if (!expiry_check(entry)) {
        shard_settle(entry);
    }
}

void coordinator_withdraw(struct group_call *call)
{
    struct group_entry *entry = call->parked_in;
    call->parked_in = NULL;
    group_abandon(entry->group, call, shard_now_ms(entry->shard), &entry->shard->effects);
    shard_settle(entry);
}

/* --- The log of __consumer_offsets --- */

enum kafka_error coordinator_prepare_topic(struct broker *broker, const struct topic_spec *spec)
{
    struct topic_outcome outcome;
    struct arena arena;
    struct cluster_image *image = broker_image(broker);
    bool exists = image_topic(image, spec->name) != NULL;
    image_unref(image);
    if (exists) {
        return KAFKA_NONE;
    }
    arena_init(&arena, 0);
    broker_create_topics(broker, spec, 1, &arena, &outcome);
    topic_config_unref(outcome.config);
    bool created = outcome.error == KAFKA_NONE || outcome.error == KAFKA_TOPIC_ALREADY_EXISTS;
    if (!created) {
        struct bytes why = bytes_is_null(outcome.message)
                               ? bytes_of(kafka_error_message((int16_t)outcome.error))
                               : outcome.message;
        log_write(&broker->log, LOG_LEVEL_ERROR, "cannot create %.*s: %.*s", BYTES_ARG(spec->name),
                  BYTES_ARG(why));
    }
    arena_finish(&arena);
    return created ? KAFKA_NONE : KAFKA_COORDINATOR_NOT_AVAILABLE;
}

enum kafka_error coordinator_prepare(struct broker *broker)
{
    struct config_entry configs[] = {
        { bytes_of("cleanup.policy"), bytes_of("compact") },
        { bytes_of("compression.type"), bytes_of("producer") },
        { bytes_of("segment.bytes"),
          bytes_of(broker_config_text(&broker->config, "offsets.topic.segment.bytes")) },
    };
    struct topic_spec spec = {
        .name = bytes_of(GROUP_OFFSETS_TOPIC),
        .partition_count = broker->config.offsets_partitions,
        .replication_factor = broker->config.offsets_replication_factor,
        .configs = configs,
        .config_count = sizeof(configs) / sizeof(configs[0]),
        .internal = true,
    };
    return coordinator_prepare_topic(broker, &spec);
}

struct partition *shard_partition(struct group_shard *shard, struct bytes group_id)
{
    const struct image_topic *topic =
        image_topic(worker_image(shard->worker), bytes_of(GROUP_OFFSETS_TOPIC));
    return topic ? topic_partition(topic, group_partition_for(group_id, topic->partition_count))
                 : NULL;
}

enum kafka_error shard_append(struct group_shard *shard, struct bytes group_id)
{
    struct weir_error err;
    struct bytes batch;
    if (group_writer_end(&shard->writer, shard->broker->config.offsets_codec, &batch, &err) < 0) {
        log_write(&shard->broker->log, LOG_LEVEL_ERROR,
                  "group %.*s: its record cannot be written: %s", BYTES_ARG(group_id), err.message);
        return KAFKA_UNKNOWN_SERVER_ERROR;
    }
    enum kafka_error error = coordinator_prepare(shard->broker);
    if (error != KAFKA_NONE) {
        return error;
    }
    struct partition *partition = shard_partition(shard, group_id);
    if (!partition) {
        return KAFKA_UNKNOWN_TOPIC_OR_PARTITION;
    }
    struct arena arena;
    struct append_result result;
    struct append_options options = { .origin = BATCH_ORIGIN_COORDINATOR,
                                      .zstd_allowed = true,
                                      .now_ms = clock_realtime_ms(),
                                      .arena = &arena };
    arena_init(&arena, 0);
    error = partition_append(partition, batch, &options, &result);
    shard->appended_at = result.base_offset;
    arena_finish(&arena);
    return error;
}

void shard_end_transaction(struct group_shard *shard, int64_t producer_id, bool committed)
{
    for (size_t i = shard->groups.count; i > 0; i--) { /* from the end: settling may forget it */
        struct group_entry *entry = shard->groups.entries[i - 1].value;
        if (pending_offsets_any(&entry->pending)) {
            pending_offsets_end(&entry->pending, producer_id, committed, &entry->offsets);
            expiry_reconsider(entry);
            shard_settle(entry);
        }
    }
}

/* --- Deletion --- */

enum { DELETES_PER_BATCH = 1000 };

/* Writes what the writer holds; begins anew. */
static enum kafka_error flush_deletes(struct group_shard *shard, struct bytes group_id)
{
    enum kafka_error error = shard->writer.count > 0 ? shard_append(shard, group_id) : KAFKA_NONE;
    group_writer_begin(&shard->writer, clock_realtime_ms());
    return error;
}

static enum kafka_error write_offset_deletes(struct group_entry *entry,
                                             const struct offset_table *offsets)
{
    struct group_shard *shard = entry->shard;
    struct bytes group_id = entry->group->id;
    enum kafka_error error = KAFKA_NONE;
    for (size_t t = 0; t < offset_table_topic_count(offsets); t++) {
        const struct offset_topic *topic = offset_table_topic(offsets, t);
        for (size_t p = 0; p < offset_topic_count(topic); p++) {
            group_writer_delete_offset(&shard->writer, group_id, topic->name,
                                       offset_topic_entry(topic, p)->partition);
            if (shard->writer.count >= DELETES_PER_BATCH) {
                error = flush_deletes(shard, group_id);
            }
            if (error != KAFKA_NONE) {
                return error;
            }
        }
    }
    return KAFKA_NONE;
}

enum kafka_error shard_delete_offsets(struct group_entry *entry, const struct offset_table *which)
{
    struct group_shard *shard = entry->shard;
    group_writer_begin(&shard->writer, clock_realtime_ms());
    enum kafka_error error = write_offset_deletes(entry, which);
    error = error == KAFKA_NONE ? flush_deletes(shard, entry->group->id) : error;
    for (size_t t = 0; error == KAFKA_NONE && t < offset_table_topic_count(which); t++) {
        const struct offset_topic *topic = offset_table_topic(which, t);
        for (size_t p = 0; p < offset_topic_count(topic); p++) {
            (void)offset_table_remove(&entry->offsets, topic->name,
                                      offset_topic_entry(topic, p)->partition);
        }
    }
    return error;
}

enum kafka_error shard_delete_group(struct group_entry *entry)
{
    struct group_shard *shard = entry->shard;
    if (entry->group->state != GROUP_EMPTY) {
        return KAFKA_NON_EMPTY_GROUP;
    }
    group_writer_begin(&shard->writer, clock_realtime_ms());
    enum kafka_error error = write_offset_deletes(entry, &entry->offsets);
    for (size_t i = 0; error == KAFKA_NONE && i < entry->pending.by_producer.count; i++) {
        error = write_offset_deletes(entry, entry->pending.by_producer.entries[i].value);
    }
    if (error == KAFKA_NONE) {
        group_writer_delete_group(&shard->writer, entry->group->id);
        error = flush_deletes(shard, entry->group->id);
    }
    if (error != KAFKA_NONE) {
        return KAFKA_COORDINATOR_NOT_AVAILABLE;
    }
    log_write(&shard->broker->log, LOG_LEVEL_INFO, "group %.*s: deleted",
              BYTES_ARG(entry->group->id));
    group_kill(entry->group, GROUP_ERROR_NOT_AVAILABLE, &shard->effects);
    carry_out_effects(entry);
    forget_group(entry);
    return KAFKA_NONE;
}

/* Word of a deleted topic, on its way to every shard in turn. */
struct topic_farewell {
    struct loop_task task;
    struct broker *broker;
    struct bytes topic; /* owned */
    struct uuid id;
    int worker;
};

static void forget_offsets(struct group_entry *entry, const struct topic_farewell *farewell)
{
    struct group_shard *shard = entry->shard;
    const struct offset_topic *topic;
    group_writer_begin(&shard->writer, clock_realtime_ms());
    /* From the end: removing moves the last entry into the gap. */
    topic = offset_table_find_topic(&entry->offsets, farewell->topic);
    for (size_t i = topic ? offset_topic_count(topic) : 0; i > 0; i--) {
        const struct offset_entry *offset = offset_topic_entry(topic, i - 1);
        if (!uuid_is_zero(&offset->committed.topic_id) &&
            !uuid_equal(&offset->committed.topic_id, &farewell->id)) {
            continue; /* of a topic that has the name since */
        }
        group_writer_delete_offset(&shard->writer, entry->group->id, farewell->topic,
                                   offset->partition);
        (void)offset_table_remove(&entry->offsets, farewell->topic, offset->partition);
    }
    if (flush_deletes(shard, entry->group->id) != KAFKA_NONE) {
        log_write(&shard->broker->log, LOG_LEVEL_ERROR,
                  "group %.*s: cannot delete its offsets of topic %.*s",
                  BYTES_ARG(entry->group->id), BYTES_ARG(farewell->topic));
    }
}

static void say_farewell(struct loop_task *task)
{
    struct topic_farewell *farewell = container_of(task, struct topic_farewell, task);
    struct broker *broker = farewell->broker;
    struct group_shard *shard = coordinator_shard(broker, broker->workers[farewell->worker]);
    for (size_t i = shard->groups.count; i > 0; i--) { /* from the end: settling may forget it */
        struct group_entry *entry = shard->groups.entries[i - 1].value;
        bool is_concerned = offset_table_find_topic(&entry->offsets, farewell->topic) ||
                            pending_offsets_any(&entry->pending);
        pending_offsets_remove_topic(&entry->pending, farewell->topic, &farewell->id);
        if (is_concerned) {
            forget_offsets(entry, farewell);
            expiry_reconsider(entry);
            shard_settle(entry);
        }
    }
    if (++farewell->worker < broker->worker_count) {
        worker_post(broker->workers[farewell->worker], &farewell->task);
        return;
    }
    group_member_set(&farewell->topic, (struct bytes){ 0 });
    free(farewell);
}

void coordinator_forget_topic(struct broker *broker, struct bytes topic, const struct uuid *id)
{
    struct topic_farewell *farewell = MEM_NEW(struct topic_farewell);
    farewell->task.run = say_farewell;
    farewell->broker = broker;
    farewell->id = *id;
    group_member_set(&farewell->topic, topic);
    worker_post(broker->workers[0], &farewell->task);
}

/* --- Life --- */

static void init_shard(struct group_shard *shard, struct broker *broker, struct worker *worker)
{
    shard->broker = broker;
    shard->worker = worker;
    shard->config = group_config_default();
    shard->config.initial_rebalance_delay_ms = broker->config.group_initial_rebalance_delay_ms;
    shard->config.session_timeout_min_ms = broker->config.group_session_timeout_min_ms;
    shard->config.session_timeout_max_ms = broker->config.group_session_timeout_max_ms;
    shard->config.size_max = broker->config.group_max_size;
    shard->retention = (struct offset_retention){
        .retention_ms = broker->config.offsets_retention_ms,
        .interval_ms = broker->config.offsets_check_interval_ms,
        .started_ms = clock_realtime_ms(),
    };
    map_init(&shard->groups);
    group_effects_init(&shard->effects);
    group_writer_init(&shard->writer);
}

enum weir_status coordinator_create(struct broker *broker,
                                    struct coordinator **out_coordinator,
                                    struct weir_error *err)
{
    struct coordinator *coordinator = MEM_NEW(struct coordinator);
    coordinator->broker = broker;
    coordinator->shards = mem_zalloc((size_t)broker->worker_count, sizeof(*coordinator->shards));
    for (int i = 0; i < broker->worker_count; i++) {
        init_shard(&coordinator->shards[i], broker, broker->workers[i]);
    }
    broker->coordinator = coordinator;
    enum weir_status rc = coordinator_load(broker, err);
    if (rc < 0) {
        broker->coordinator = NULL;
        coordinator_destroy(coordinator);
        return rc;
    }
    *out_coordinator = coordinator;
    return WEIR_OK;
}

static void finish_shard(struct group_shard *shard)
{
    for (size_t i = shard->groups.count;
         i-- > 0;) { /* from the end: forgetting moves the last entry */
        struct group_entry *entry = shard->groups.entries[i].value;
        if (entry->group->state != GROUP_DEAD) {
            group_kill(entry->group, GROUP_ERROR_NOT_AVAILABLE, &shard->effects);
            carry_out_effects(entry);
        }
        forget_group(entry);
    }
    map_finish(&shard->groups);
    group_effects_finish(&shard->effects);
    group_writer_finish(&shard->writer);
}

/* Requests between two workers that have stopped: they end their journey here. */
void coordinator_drain(const struct broker *broker)
{
    bool more = true;
    while (more) {
        more = false;
        for (int i = 0; i < broker->worker_count; i++) {
            more = worker_drain(broker->workers[i]) || more;
        }
    }
}

void coordinator_destroy(struct coordinator *coordinator)
{
    if (!coordinator) {
        return;
    }
    coordinator_drain(coordinator->broker);
    for (int i = 0; i < coordinator->broker->worker_count; i++) {
        finish_shard(&coordinator->shards[i]);
    }
    coordinator_drain(coordinator->broker); /* the answers of the groups that just ended */
    free(coordinator->shards);
    free(coordinator);
}
