/*
 * Records of __consumer_offsets: see group_records.h.
 */
#include "broker/group_records.h"

#include "base/error.h"
#include "base/limits.h"
#include "protocol/codec.h"
#include "protocol/messages.h"

enum {
    OFFSET_KEY_VERSION = 1,
    OFFSET_VALUE_VERSION = 4,
    OFFSET_VALUE_WITH_EXPIRY = 1, /* the only version that has a field for it */
    GROUP_KEY_VERSION = 2,
    GROUP_VALUE_VERSION = 3,
    RECORD_MAX = 16 << 20, /* one key or value */
    BATCH_MAX = 64 << 20,
};

/* --- Where a group lives --- */

/* One step of UTF-8; a byte that begins no character stands for U+FFFD, as in Java. */
static uint32_t next_character(struct bytes text, size_t *at)
{
    uint8_t lead = text.data[(*at)++];
    int more = lead < 0x80 ? 0 : lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc2 ? 1 : -1;
    if (more < 0 || *at + (size_t)more > text.len) {
        return 0xfffd;
    }
    uint32_t character = more == 0 ? lead : lead & (0x3fU >> more);
    for (int i = 0; i < more; i++) {
        character = character << 6 | (text.data[(*at)++] & 0x3fU);
    }
    return character;
}

int32_t group_partition_for(struct bytes group_id, int32_t partition_count)
{
    uint32_t hash = 0;
    for (size_t at = 0; at < group_id.len;) {
        uint32_t character = next_character(group_id, &at);
        if (character >= 0x10000) { /* Java counts two UTF-16 units */
            hash = 31 * hash + (0xd800 + ((character - 0x10000) >> 10));
            character = 0xdc00 + ((character - 0x10000) & 0x3ff);
        }
        hash = 31 * hash + character;
    }
    /* Utils.abs(): the one number without a positive twin becomes 0. */
    uint32_t positive = hash == 0x80000000U ? 0 : hash > 0x80000000U ? 0U - hash : hash;
    return (int32_t)(positive % (uint32_t)partition_count);
}

/* --- Writing --- */

void group_writer_init(struct group_record_writer *w)
{
    *w = (struct group_record_writer){ 0 };
    batch_builder_init(&w->batch, BATCH_MAX);
    buffer_init(&w->key, RECORD_MAX);
    buffer_init(&w->value, RECORD_MAX);
}

void group_writer_finish(struct group_record_writer *w)
{
    batch_builder_release(&w->batch);
    buffer_finish(&w->key);
    buffer_finish(&w->value);
}

void group_writer_begin(struct group_record_writer *w, int64_t now_ms)
{
    batch_builder_release(&w->batch);
    batch_builder_init(&w->batch, BATCH_MAX);
    w->now_ms = now_ms;
    w->count = 0;
    w->error = (struct weir_error){ 0 };
}

/* `value_type` NULL writes a null value. */
static void add_record(struct group_record_writer *w,
                       const void *value,
                       int16_t value_version,
                       const struct message_type *value_type)
{
    if (w->error.status < 0) {
        return;
    }
    struct bytes value_bytes = { 0 };
    buffer_clear(&w->value);
    if (value_type) {
        if (versioned_encode(value_type, value_version, value, &w->value, &w->error) < 0) {
            return;
        }
        value_bytes = buffer_bytes(&w->value);
    }
    batch_builder_add(&w->batch, w->now_ms, buffer_bytes(&w->key), value_bytes, NULL, 0);
    w->count++;
}

static void set_offset_key(struct group_record_writer *w,
                           struct bytes group,
                           struct bytes topic,
                           int32_t partition)
{
    struct offset_commit_key key;
    message_init(&offset_commit_key_type, &key);
    key.group = group;
    key.topic = topic;
    key.partition = partition;
    buffer_clear(&w->key);
    if (w->error.status == WEIR_OK) {
        (void)!versioned_encode(&offset_commit_key_type, OFFSET_KEY_VERSION, &key, &w->key,
                                &w->error);
    }
}

static void set_group_key(struct group_record_writer *w, struct bytes group)
{
    struct group_metadata_key key;
    message_init(&group_metadata_key_type, &key);
    key.group = group;
    buffer_clear(&w->key);
    if (w->error.status == WEIR_OK) {
        (void)!versioned_encode(&group_metadata_key_type, GROUP_KEY_VERSION, &key, &w->key,
                                &w->error);
    }
}

void group_writer_put_offset(struct group_record_writer *w,
                             struct bytes group,
                             struct bytes topic,
                             int32_t partition,
                             const struct committed_offset *committed)
{
    struct offset_commit_value value;
    message_init(&offset_commit_value_type, &value);
    value.offset = committed->offset;
    value.leader_epoch = committed->leader_epoch;
    value.metadata = bytes_is_null(committed->metadata) ? bytes_of("") : committed->metadata;
    value.commit_timestamp = committed->commit_timestamp_ms;
    value.expire_timestamp = committed->expire_ms > 0 ? committed->expire_ms : -1;
    value.topic_id = committed->topic_id;
    set_offset_key(w, group, topic, partition);
    add_record(w, &value,
               committed->expire_ms > 0 ? OFFSET_VALUE_WITH_EXPIRY : OFFSET_VALUE_VERSION,
               &offset_commit_value_type);
}

void group_writer_delete_offset(struct group_record_writer *w,
                                struct bytes group,
                                struct bytes topic,
                                int32_t partition)
{
    set_offset_key(w, group, topic, partition);
    add_record(w, NULL, 0, NULL);
}

static struct bytes or_empty(struct bytes b)
{
    return bytes_is_null(b) ? bytes_of("") : b;
}

void group_writer_put_group(struct group_record_writer *w,
                            struct bytes group,
                            const struct group_snapshot *snapshot)
{
    struct arena arena;
    struct group_metadata_value value;
    arena_init(&arena, 0);
    message_init(&group_metadata_value_type, &value);
    value.protocol_type = or_empty(snapshot->protocol_type);
    value.generation = snapshot->generation;
    value.protocol = snapshot->protocol;
    value.leader = snapshot->leader;
    value.current_state_timestamp = w->now_ms;
    value.members_count = (int32_t)snapshot->member_count;
    value.members =
        message_new(&group_metadata_value_member_type, &arena, (int32_t)snapshot->member_count);
    for (size_t i = 0; i < snapshot->member_count; i++) {
        const struct group_member_view *view = &snapshot->members[i];
        struct group_metadata_value_member *member = &value.members[i];
        member->member_id = view->id;
        member->group_instance_id = view->instance_id;
        member->client_id = or_empty(view->client_id);
        member->client_host = or_empty(view->client_host);
        member->rebalance_timeout = view->rebalance_timeout_ms;
        member->session_timeout = view->session_timeout_ms;
        member->subscription = or_empty(view->metadata);
        member->assignment = or_empty(view->assignment);
    }
    set_group_key(w, group);
    add_record(w, &value, GROUP_VALUE_VERSION, &group_metadata_value_type);
    arena_finish(&arena);
}

void group_writer_delete_group(struct group_record_writer *w, struct bytes group)
{
    set_group_key(w, group);
    add_record(w, NULL, 0, NULL);
}

enum weir_status group_writer_end(struct group_record_writer *w,
                                  enum codec codec,
                                  struct bytes *out_batch,
                                  struct weir_error *err)
{
    if (w->error.status < 0) {
        return weir_fail(err, w->error.status, "%s", w->error.message);
    }
    return batch_builder_finish(&w->batch, codec, out_batch, err);
}

/* --- Reading --- */

static enum weir_status read_offset(struct bytes key,
                                    struct bytes value,
                                    struct arena *arena,
                                    struct group_record *out,
                                    struct weir_error *err)
{
    struct offset_commit_key k;
    struct offset_commit_value v;
    enum weir_status rc = versioned_decode(&offset_commit_key_type, false, key, arena, &k, err);
    if (rc < 0) {
        return rc;
    }
    out->kind = GROUP_RECORD_OFFSET;
    out->group = k.group;
    out->topic = k.topic;
    out->partition = k.partition;
    if (out->is_delete) {
        return WEIR_OK;
    }
    rc = versioned_decode(&offset_commit_value_type, false, value, arena, &v, err);
    if (rc < 0) {
        return rc;
    }
    out->committed =
        (struct committed_offset){ .offset = v.offset,
                                   .leader_epoch = v.leader_epoch,
                                   .metadata = v.metadata,
                                   .commit_timestamp_ms = v.commit_timestamp,
                                   .expire_ms = v.expire_timestamp > 0 ? v.expire_timestamp : 0,
                                   .topic_id = v.topic_id };
    return WEIR_OK;
}

static void snapshot_from_value(const struct group_metadata_value *v,
                                struct arena *arena,
                                struct group_snapshot *out)
{
    *out = (struct group_snapshot){
        .protocol_type = v->protocol_type,
        .generation = v->generation,
        .protocol = v->protocol,
        .leader = v->leader,
        .members = ARENA_NEW(arena, struct group_member_view, (size_t)v->members_count),
        .member_count = (size_t)v->members_count,
    };
    for (int32_t i = 0; i < v->members_count; i++) {
        const struct group_metadata_value_member *member = &v->members[i];
        out->members[i] = (struct group_member_view){
            .id = member->member_id,
            .instance_id = member->group_instance_id,
            .client_id = member->client_id,
            .client_host = member->client_host,
            .session_timeout_ms = member->session_timeout,
            .rebalance_timeout_ms =
                member->rebalance_timeout < 0 ? member->session_timeout : member->rebalance_timeout,
            .metadata = member->subscription,
            .assignment = member->assignment,
        };
    }
}

static enum weir_status read_group(struct bytes key,
                                   struct bytes value,
                                   struct arena *arena,
                                   struct group_record *out,
                                   struct weir_error *err)
{
    struct group_metadata_key k;
    struct group_metadata_value v;
    enum weir_status rc = versioned_decode(&group_metadata_key_type, false, key, arena, &k, err);
    if (rc < 0) {
        return rc;
    }
    out->kind = GROUP_RECORD_GROUP;
    out->group = k.group;
    if (out->is_delete) {
        return WEIR_OK;
    }
    rc = versioned_decode(&group_metadata_value_type, false, value, arena, &v, err);
    if (rc < 0) {
        return rc;
    }
    out->state_timestamp_ms = v.current_state_timestamp;
    snapshot_from_value(&v, arena, &out->snapshot);
    return WEIR_OK;
}

enum weir_status group_record_read(struct bytes key,
                                   struct bytes value,
                                   struct arena *arena,
                                   struct group_record *out_record,
                                   struct weir_error *err)
{
    *out_record = (struct group_record){ .is_delete = bytes_is_null(value) };
    if (key.len < 2) {
        return weir_fail(err, WEIR_EPROTO, "key of %zu bytes: too short to say what it is",
                         key.len);
    }
    int kind = key.data[0] << 8 | key.data[1];
    switch (kind) {
    case 0:
    case OFFSET_KEY_VERSION: return read_offset(key, value, arena, out_record, err);
    case GROUP_KEY_VERSION: return read_group(key, value, arena, out_record, err);
    default: out_record->kind = GROUP_RECORD_OTHER; return WEIR_OK;
    }
}
