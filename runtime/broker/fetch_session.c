/*
 * Fetch sessions: see fetch_session.h.
 */
#include "broker/fetch_session.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"

enum { IDLE_BEFORE_EVICTION_MS = 120000 }; /* MIN_INCREMENTAL_FETCH_SESSION_EVICTION_MS */

/* A partition of a session, and what the client was last told of it. */
struct session_part {
    struct list_node link;          /* in session.order */
    struct fetch_interest interest; /* its topic name is owned */
    int64_t high_watermark;         /* -1: tell whatever it is */
    int64_t log_start_offset;
};

struct session {
    struct list_node link; /* in sessions.by_use */
    int32_t id;
    int32_t epoch; /* of the next request */
    bool by_id;
    int64_t created_ms;
    int64_t used_ms;
    struct map parts;       /* part_key() -> struct session_part, owned */
    struct list_node order; /* of struct session_part.link: in which they are read */
};

struct fetch_sessions {
    size_t sessions_max;
    size_t partitions_max;

    pthread_mutex_t lock;
    /* The lock must be held for these: */
    struct map sessions;     /* id -> struct session, owned */
    struct list_node by_use; /* the one that was not used for the longest time first */
    size_t partition_count;  /* of all sessions */
};

/* --- partitions --- */

struct key_storage {
    uint8_t bytes[LIMIT_TOPIC_NAME + sizeof(int32_t)];
};

/* Topic and index as a key. */
static struct bytes part_key(const struct fetch_interest *interest,
                             bool by_id,
                             struct key_storage *storage)
{
    size_t len = by_id ? UUID_SIZE : interest->topic.len;
    assert(len <= LIMIT_TOPIC_NAME);
    memcpy(storage->bytes, by_id ? interest->topic_id.bytes : interest->topic.data, len);
    memcpy(storage->bytes + len, &interest->asked.partition, sizeof(int32_t));
    return (struct bytes){ storage->bytes, len + sizeof(int32_t) };
}

/* There is no topic with a longer name, and remembering what clients make up is not for free. */
static bool can_be_kept(const struct fetch_interest *interest)
{
    return interest->topic.len <= LIMIT_TOPIC_NAME;
}

static void free_part(struct session_part *part)
{
    list_remove(&part->link);
    free((void *)(uintptr_t)part->interest.topic.data);
    free(part);
}

static struct session_part *add_part(struct fetch_sessions *sessions,
                                     struct session *session,
                                     const struct fetch_interest *interest,
                                     struct key_storage *storage)
{
    struct session_part *part = MEM_NEW(struct session_part);
    part->interest = *interest;
    part->interest.topic = (struct bytes){ 0 };
    if (!session->by_id) {
        part->interest.topic =
            (struct bytes){ (uint8_t *)mem_text(interest->topic.data, interest->topic.len),
                            interest->topic.len };
    }
    part->high_watermark = part->log_start_offset = -1;
    list_push_back(&session->order, &part->link);
    (void)map_put(&session->parts, part_key(interest, session->by_id, storage), part);
    sessions->partition_count++;
    return part;
}

static void remove_part(struct fetch_sessions *sessions,
                        struct session *session,
                        const struct fetch_interest *interest,
                        struct key_storage *storage)
{
    struct session_part *part =
        map_remove(&session->parts, part_key(interest, session->by_id, storage));
    if (part) {
        free_part(part);
        sessions->partition_count--;
    }
}

/* --- sessions --- */

static struct session *find(const struct fetch_sessions *sessions, int32_t id)
{
    int64_t storage;
    return map_get(&sessions->sessions, map_key_i64(id, &storage));
}

static void remove_session(struct fetch_sessions *sessions, struct session *session)
{
    int64_t storage;
    (void)map_remove(&sessions->sessions, map_key_i64(session->id, &storage));
    list_remove(&session->link);
    sessions->partition_count -= session->parts.count;
    list_foreach(node, &session->order) {
        free_part(container_of(node, struct session_part, link));
    }
    map_finish(&session->parts);
    free(session);
}

/* A session that may go for one of `size` partitions: the one that is idle longest, or an old one that is smaller. */
static struct session *find_victim(const struct fetch_sessions *sessions,
                                   size_t size,
                                   int64_t now_ms)
{
    struct session *smallest = NULL;
    if (list_empty(&sessions->by_use)) {
        return NULL;
    }
    struct session *oldest = container_of(sessions->by_use.next, struct session, link);
    if (now_ms - oldest->used_ms > IDLE_BEFORE_EVICTION_MS) {
        return oldest;
    }
    list_foreach(node, &sessions->by_use) {
        struct session *session = container_of(node, struct session, link);
        if (now_ms - session->created_ms > IDLE_BEFORE_EVICTION_MS && session->parts.count < size &&
            (!smallest || session->parts.count < smallest->parts.count)) {
            smallest = session;
        }
    }
    return smallest;
}

static bool make_room(struct fetch_sessions *sessions, size_t size, int64_t now_ms)
{
    if (sessions->sessions_max == 0 || size > sessions->partitions_max) {
        return false;
    }
    while (sessions->sessions.count >= sessions->sessions_max ||
           sessions->partition_count + size > sessions->partitions_max) {
        struct session *victim = find_victim(sessions, size, now_ms);
        if (!victim) {
            return false;
        }
        remove_session(sessions, victim);
    }
    return true;
}

/* Positive, random, so that a client which mixes up brokers does not hit somebody else's, and not in use. */
static int32_t new_id(const struct fetch_sessions *sessions)
{
    int32_t id = 0;
    while (id == FETCH_SESSION_NONE || find(sessions, id)) {
        struct uuid random = uuid_random();
        uint32_t bits;
        memcpy(&bits, random.bytes, sizeof(bits));
        id = (int32_t)(bits & INT32_MAX);
    }
    return id;
}

static struct session *create(struct fetch_sessions *sessions, bool by_id, int64_t now_ms)
{
    int64_t storage;
    struct session *session = MEM_NEW(struct session);
    session->id = new_id(sessions);
    session->epoch = FETCH_EPOCH_BEGIN + 1;
    session->by_id = by_id;
    session->created_ms = session->used_ms = now_ms;
    list_init(&session->order);
    list_push_back(&sessions->by_use, &session->link);
    (void)map_put(&sessions->sessions, map_key_i64(session->id, &storage), session);
    return session;
}

struct fetch_sessions *fetch_sessions_create(int32_t sessions_max, size_t partitions_max)
{
    struct fetch_sessions *sessions = MEM_NEW(struct fetch_sessions);
    sessions->sessions_max = (size_t)sessions_max;
    sessions->partitions_max = partitions_max;
    (void)pthread_mutex_init(&sessions->lock, NULL);
    list_init(&sessions->by_use);
    return sessions;
}

void fetch_sessions_destroy(struct fetch_sessions *sessions)
{
    if (!sessions) {
        return;
    }
    list_foreach(node, &sessions->by_use) {
        remove_session(sessions, container_of(node, struct session, link));
    }
    map_finish(&sessions->sessions);
    (void)pthread_mutex_destroy(&sessions->lock);
    free(sessions);
}

/* --- a request goes on with a session --- */

/* False: what is to be added cannot be kept. */
static bool take_up_changes(struct fetch_sessions *sessions,
                            struct session *session,
                            const struct fetch_request *body,
                            struct key_storage *storage)
{
    for (int32_t t = 0; t < body->topics_count; t++) {
        const struct fetch_request_topic *topic = &body->topics[t];
        for (int32_t p = 0; p < topic->partitions_count; p++) {
            struct fetch_interest interest = { topic->topic, topic->topic_id,
                                               topic->partitions[p] };
            if (!can_be_kept(&interest)) {
                return false;
            }
            struct session_part *part =
                map_get(&session->parts, part_key(&interest, session->by_id, storage));
            if (part) {
                part->interest.asked = interest.asked;
            } else if (sessions->partition_count < sessions->partitions_max) {
                (void)add_part(sessions, session, &interest, storage);
            } else {
                return false;
            }
        }
    }
    return true;
}

static void forget(struct fetch_sessions *sessions,
                   struct session *session,
                   const struct fetch_request *body,
                   struct key_storage *storage)
{
    for (int32_t t = 0; t < body->forgotten_topics_data_count; t++) {
        const struct fetch_request_forgotten_topic *topic = &body->forgotten_topics_data[t];
        for (int32_t p = 0; p < topic->partitions_count; p++) {
            struct fetch_interest interest = { .topic = topic->topic,
                                               .topic_id = topic->topic_id,
                                               .asked.partition = topic->partitions[p] };
            if (can_be_kept(&interest)) {
                remove_part(sessions, session, &interest, storage);
            }
        }
    }
}

static void copy_interests(const struct session *session,
                           struct arena *arena,
                           struct fetch_interests *out)
{
    struct bytes topic = { 0 };
    out->items = ARENA_NEW(arena, struct fetch_interest, session->parts.count);
    list_foreach(node, &session->order) {
        const struct session_part *part = container_of(node, struct session_part, link);
        struct fetch_interest *to = &out->items[out->count++];
        *to = part->interest;
        if (bytes_is_null(topic) || !bytes_equal(topic, part->interest.topic)) {
            topic = arena_copy(arena, part->interest.topic);
        }
        to->topic = topic;
    }
}

static enum kafka_error check(const struct session *session,
                              const struct fetch_request *body,
                              bool by_id)
{
    if (!session) {
        return KAFKA_FETCH_SESSION_ID_NOT_FOUND;
    }
    if (session->epoch != body->session_epoch) {
        return KAFKA_INVALID_FETCH_SESSION_EPOCH;
    }
    return session->by_id == by_id ? KAFKA_NONE : KAFKA_FETCH_SESSION_TOPIC_ID_ERROR;
}

static enum kafka_error advance(struct fetch_sessions *sessions,
                                struct session *session,
                                const struct fetch_request *body,
                                int64_t now_ms,
                                struct key_storage *storage)
{
    if (!take_up_changes(sessions, session, body, storage)) {
        remove_session(sessions, session);
        return KAFKA_FETCH_SESSION_ID_NOT_FOUND; /* the client begins anew, and maybe gets none */
    }
    forget(sessions, session, body, storage);
    session->epoch = session->epoch == INT32_MAX ? 1 : session->epoch + 1;
    session->used_ms = now_ms;
    list_remove(&session->link);
    list_push_back(&sessions->by_use, &session->link);
    return KAFKA_NONE;
}

enum kafka_error fetch_session_continue(struct fetch_sessions *sessions,
                                        const struct fetch_request *body,
                                        bool by_id,
                                        int64_t now_ms,
                                        struct arena *arena,
                                        struct fetch_interests *out)
{
    struct key_storage storage;
    *out = (struct fetch_interests){ 0 };
    (void)pthread_mutex_lock(&sessions->lock);
    struct session *session = find(sessions, body->session_id);
    enum kafka_error error = check(session, body, by_id);
    if (error == KAFKA_NONE) {
        error = advance(sessions, session, body, now_ms, &storage);
    }
    if (error == KAFKA_NONE && session->parts.count == 0) {
        remove_session(sessions, session);
    } else if (error == KAFKA_NONE) {
        out->session_id = session->id;
        out->session_epoch = session->epoch;
        copy_interests(session, arena, out);
    }
    (void)pthread_mutex_unlock(&sessions->lock);
    return error;
}

/* --- a response --- */

static bool can_all_be_kept(const struct fetch_interests *interests)
{
    for (int32_t i = 0; i < interests->count; i++) {
        if (!can_be_kept(&interests->items[i])) {
            return false;
        }
    }
    return interests->count > 0;
}

int32_t fetch_session_begin(struct fetch_sessions *sessions,
                            const struct fetch_interests *interests,
                            const struct fetch_news *news,
                            bool by_id,
                            int64_t now_ms)
{
    struct key_storage storage;
    int32_t id = FETCH_SESSION_NONE;
    (void)pthread_mutex_lock(&sessions->lock);
    if (can_all_be_kept(interests) && make_room(sessions, (size_t)interests->count, now_ms)) {
        struct session *session = create(sessions, by_id, now_ms);
        id = session->id;
        for (int32_t i = 0; i < interests->count; i++) {
            const struct fetch_interest *interest = &interests->items[i];
            struct session_part *part =
                map_get(&session->parts, part_key(interest, by_id, &storage));
            if (!part) {
                part = add_part(sessions, session, interest, &storage);
            }
            part->interest.asked = interest->asked;
            part->high_watermark = news[i].fails ? -1 : news[i].high_watermark;
            part->log_start_offset = news[i].log_start_offset;
        }
    }
    (void)pthread_mutex_unlock(&sessions->lock);
    return id;
}

static void tell_part(struct session *session, struct session_part *part, struct fetch_news *news)
{
    news->is_told = news->has_records || news->fails ||
                    part->high_watermark != news->high_watermark ||
                    part->log_start_offset != news->log_start_offset;
    part->high_watermark = news->fails ? -1 : news->high_watermark;
    part->log_start_offset = news->log_start_offset;
    if (news->has_records) {
        list_remove(&part->link);
        list_push_back(&session->order, &part->link);
    }
}

enum kafka_error fetch_session_tell(struct fetch_sessions *sessions,
                                    const struct fetch_interests *interests,
                                    struct fetch_news *news)
{
    struct key_storage storage;
    enum kafka_error error = KAFKA_NONE;
    (void)pthread_mutex_lock(&sessions->lock);
    struct session *session = find(sessions, interests->session_id);
    if (session && session->epoch != interests->session_epoch) {
        error = KAFKA_INVALID_FETCH_SESSION_EPOCH;
    }
    for (int32_t i = 0; i < interests->count; i++) {
        struct session_part *part =
            session && error == KAFKA_NONE
                ? map_get(&session->parts, part_key(&interests->items[i], session->by_id, &storage))
                : NULL;
        news[i].is_told = true; /* of a session that was let go of meanwhile, all is told */
        if (part) {
            tell_part(session, part, &news[i]);
        }
    }
    (void)pthread_mutex_unlock(&sessions->lock);
    return error;
}

void fetch_session_end(struct fetch_sessions *sessions, int32_t id)
{
    (void)pthread_mutex_lock(&sessions->lock);
    struct session *session = find(sessions, id);
    if (session) {
        remove_session(sessions, session);
    }
    (void)pthread_mutex_unlock(&sessions->lock);
}
