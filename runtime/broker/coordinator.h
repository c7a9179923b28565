/*
 * The group coordinator: who owns which group, what is remembered of it, and what happens on its behalf.
 *
 * Each group belongs to one worker (by hash of its id), in that worker's shard; only that worker's thread touches it. The
 * group itself is the pure state machine of coordination/group.h: this file gives it the clock, carries out its effects
 * (answers, records in __consumer_offsets, log lines) and keeps its timer. An idle group has one timer at most and causes
 * no work until it fires.
 *
 * What is acknowledged is in the log of __consumer_offsets first. At start all of it is read back (coordinator_create),
 * before the first connection is accepted, so nobody is ever told to wait for loading.
 *
 * Sources: GroupCoordinatorService.java, GroupMetadataManager.java, OffsetMetadataManager.java.
 * Thread: the shard's worker, unless a function says otherwise.
 */
#pragma once

#include "base/uuid.h"
#include "broker/group_call.h"
#include "broker/group_records.h"
#include "broker/topics.h"
#include "coordination/group.h"
#include "coordination/offset_expiry.h"
#include "coordination/pending_offsets.h"
#include "net/timer.h"
#include "protocol/kafka_error.h"

struct broker;
struct coordinator;
struct worker;

struct group_entry {
    struct group_shard *shard;
    struct group *group;
    struct offset_table offsets;
    struct pending_offsets pending; /* of open transactions */
    int64_t empty_since_ms;         /* since 1970; -1: not known, or not empty */
    struct timer timer;
    /* coordinator_expiry.c's: */
    int64_t check_ms;    /* the next check for offsets that are too old, since 1970; OFFSET_NEVER */
    bool check_is_stale; /* it may have to be earlier */
};

/* The groups of one worker. */
struct group_shard {
    struct broker *broker;
    struct worker *worker;
    struct group_config config;
    struct offset_retention retention;
    struct map groups; /* id -> struct group_entry */
    struct group_effects effects;
    struct group_record_writer writer;
    int64_t appended_at; /* base offset of what shard_append() wrote last */
};

/* --- Life --- */

/* Reads the groups back. After the workers were created and the topics loaded, before the workers start. */
WEIR_CHECKED enum weir_status coordinator_create(struct broker *broker,
                                                 struct coordinator **out_coordinator,
                                                 struct weir_error *err);
/* After the workers have stopped: runs what they still have in their mailboxes. */
void coordinator_drain(const struct broker *broker);
/* After the workers have stopped, before they are destroyed: nothing parked is left over. Takes NULL. */
void coordinator_destroy(struct coordinator *coordinator);

/* --- Any thread --- */

struct group_shard *coordinator_shard(const struct broker *broker, const struct worker *worker);

/* Creates __consumer_offsets if it is not there. KAFKA_COORDINATOR_NOT_AVAILABLE when that fails. */
enum kafka_error coordinator_prepare(struct broker *broker);

/* Creates a topic of the broker's own if it is not there. KAFKA_COORDINATOR_NOT_AVAILABLE when that fails. */
enum kafka_error coordinator_prepare_topic(struct broker *broker, const struct topic_spec *spec);

/* A topic was deleted: its committed offsets go too, soon. */
void coordinator_forget_topic(struct broker *broker, struct bytes topic, const struct uuid *id);

/* --- Groups of a shard --- */

/* NULL when there is none. */
struct group_entry *shard_find(const struct group_shard *shard, struct bytes group_id);
struct group_entry *shard_find_or_create(struct group_shard *shard, struct bytes group_id);

int64_t shard_now_ms(const struct group_shard *shard);

/* After every event of a group: carries out shard->effects, sets the timer, and forgets the group if there is nothing to
 * remember. The entry may be gone afterwards. */
void shard_settle(struct group_entry *entry);

/* Appends the shard's writer's batch to the group's partition of __consumer_offsets. */
enum kafka_error shard_append(struct group_shard *shard, struct bytes group_id);

/* The group's partition of __consumer_offsets; NULL: there is none yet. */
struct partition *shard_partition(struct group_shard *shard, struct bytes group_id);

/* The producer's transaction has ended: its offsets count, or are forgotten, in all groups of the shard. */
void shard_end_transaction(struct group_shard *shard, int64_t producer_id, bool committed);

/* Deletes these of the group's offsets from the log, then from memory. */
enum kafka_error shard_delete_offsets(struct group_entry *entry, const struct offset_table *which);

/* Ends an empty group: its offsets and itself are deleted from the log, then from memory. */
enum kafka_error shard_delete_group(struct group_entry *entry);

/* What a JoinGroup that failed says the protocol is. */
struct bytes join_no_protocol(int16_t version);

/* A parked call's connection died. */
void coordinator_withdraw(struct group_call *call);
