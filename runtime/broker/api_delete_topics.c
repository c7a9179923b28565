/*
 * DeleteTopics: by name, or since version 6 by name or id. A deleted topic is gone for every connection before the
 * answer; its files follow in the background.
 *
 * Source: kafka.server.ControllerApis.deleteTopics; the texts are those of Kafka 4.3.
 */
#include <string.h>

#include "broker/admin.h"
#include "broker/api_table.h"
#include "broker/broker.h"
#include "broker/tally.h"
#include "broker/topics.h"
#include "protocol/kafka_error.h"

/* What one entry asks for, whatever the version. */
struct wanted {
    struct bytes name; /* null: by id */
    struct uuid id;    /* zero: by name */
    struct bytes key;  /* both */
};

struct deleting {
    struct request *request;
    struct wanted *all;
    int32_t count;
    int32_t next; /* of `all` */
    struct tally named;
    struct tally answered;
    struct delete_topics_response response;
};

/* A name and an id as one key: the id, then the name. */
static struct bytes key_of(const struct wanted *wanted, struct arena *arena)
{
    uint8_t *key = ARENA_NEW(arena, uint8_t, UUID_SIZE + wanted->name.len);
    memcpy(key, wanted->id.bytes, UUID_SIZE);
    if (wanted->name.len > 0) {
        memcpy(key + UUID_SIZE, wanted->name.data, wanted->name.len);
    }
    return (struct bytes){ key, UUID_SIZE + wanted->name.len };
}

/* The names of version 1 to 5 and the entries of version 6 in one form. */
static struct wanted *wanted_of(const struct delete_topics_request *body,
                                struct arena *arena,
                                int32_t *out_count)
{
    bool by_name = body->topic_names_count > 0;
    int32_t count = by_name ? body->topic_names_count : body->topics_count;
    *out_count = count > 0 ? count : 0;
    struct wanted *all = ARENA_NEW(arena, struct wanted, (size_t)*out_count);
    for (int32_t i = 0; i < *out_count; i++) {
        if (by_name) {
            all[i].name = body->topic_names[i];
        } else {
            all[i] =
                (struct wanted){ .name = body->topics[i].name, .id = body->topics[i].topic_id };
        }
        all[i].key = key_of(&all[i], arena);
    }
    return all;
}

static void refuse(struct delete_topics_response_topic *to,
                   enum kafka_error error,
                   const char *message)
{
    to->error_code = (int16_t)error;
    to->error_message = bytes_of(message ? message : kafka_error_message((int16_t)error));
}

/* The topic's name, in the arena; null when the answer is there already. */
static struct bytes find_topic(struct request *request,
                               const struct cluster_image *image,
                               const struct wanted *wanted,
                               struct delete_topics_response_topic *to)
{
    bool has_id = !uuid_is_zero(&wanted->id);
    if (has_id && !bytes_is_null(wanted->name)) {
        refuse(to, KAFKA_INVALID_REQUEST, "You may not specify both topic name and topic id.");
        return (struct bytes){ 0 };
    }
    if (!has_id && bytes_is_null(wanted->name)) {
        refuse(to, KAFKA_INVALID_REQUEST, "Neither topic name nor id were specified.");
        return (struct bytes){ 0 };
    }
    const struct image_topic *topic =
        has_id ? image_topic_by_id(image, &wanted->id) : image_topic(image, wanted->name);
    if (!topic) {
        refuse(to, has_id ? KAFKA_UNKNOWN_TOPIC_ID : KAFKA_UNKNOWN_TOPIC_OR_PARTITION, NULL);
        return (struct bytes){ 0 };
    }
    to->name = arena_copy(&request->arena, topic->name); /* the image may go away with the topic */
    to->topic_id = topic->id;
    return to->name;
}

/* The name of the topic that is to go; null when the answer is there already. */
static struct bytes plan_one(struct deleting *d,
                             const struct cluster_image *image,
                             const struct wanted *wanted,
                             struct delete_topics_response_topic *to)
{
    const struct delete_topics_request *body = d->request->body;
    to->name = wanted->name;
    to->topic_id = wanted->id;
    if (!d->request->broker->config.delete_topic_enable) {
        refuse(to, KAFKA_TOPIC_DELETION_DISABLED, NULL);
    } else if (body->timeout_ms <= 0) {
        refuse(to, KAFKA_REQUEST_TIMED_OUT, NULL);
    } else if (tally_count(&d->named, wanted->key) > 1) {
        refuse(to, KAFKA_INVALID_REQUEST,
               bytes_is_null(wanted->name) ? "Duplicate topic id." : "Duplicate topic name.");
    } else {
        return find_topic(d->request, image, wanted, to);
    }
    return (struct bytes){ 0 };
}

/* Whether another entry, by id where this is by name, has this topic in the same step. */
static bool is_listed(const struct bytes *names, int32_t count, struct bytes name)
{
    for (int32_t i = 0; i < count; i++) {
        if (bytes_equal(names[i], name)) {
            return true;
        }
    }
    return false;
}

static void delete_some(struct deleting *d)
{
    struct cluster_image *image = broker_image(d->request->broker);
    struct bytes names[TOPICS_PER_STEP];
    enum kafka_error errors[TOPICS_PER_STEP];
    struct delete_topics_response_topic *going[TOPICS_PER_STEP];
    int32_t count = 0;
    for (; d->next < d->count && count < TOPICS_PER_STEP; d->next++) {
        const struct wanted *wanted = &d->all[d->next];
        if (tally_add(&d->answered, wanted->key) > 0) {
            continue; /* answered at its first place */
        }
        struct delete_topics_response_topic *to =
            &d->response.responses[d->response.responses_count++];
        struct bytes name = plan_one(d, image, wanted, to);
        if (bytes_is_null(name)) {
            continue;
        }
        if (is_listed(names, count, name)) {
            refuse(to, KAFKA_UNKNOWN_TOPIC_OR_PARTITION, NULL);
            continue;
        }
        names[count] = name;
        going[count++] = to;
    }
    image_unref(image);
    broker_delete_topics(d->request->broker, names, count, errors);
    for (int32_t i = 0; i < count; i++) {
        if (errors[i] != KAFKA_NONE) {
            refuse(going[i], errors[i], NULL);
        }
    }
}

static bool step(struct admin_job *job)
{
    struct deleting *d = job->state;
    struct arena *arena = &d->request->arena;
    if (!d->all) {
        d->all = wanted_of(d->request->body, arena, &d->count);
        d->response.responses = message_new(&delete_topics_response_topic_type, arena, d->count);
        for (int32_t i = 0; i < d->count; i++) {
            (void)tally_add(&d->named, d->all[i].key);
        }
    }
    delete_some(d);
    if (d->next < d->count) {
        return false;
    }
    tally_finish(&d->named);
    tally_finish(&d->answered);
    job->response = &d->response;
    return true;
}

void api_delete_topics(struct request *request)
{
    struct deleting *d = ARENA_NEW(&request->arena, struct deleting, 1);
    d->request = request;
    tally_init(&d->named, &request->arena);
    tally_init(&d->answered, &request->arena);
    message_init(&delete_topics_response_type, &d->response);
    admin_submit(request, step, d);
}
