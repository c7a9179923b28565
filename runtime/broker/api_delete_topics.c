/*
 * DeleteTopics: by name, or since version 6 by name or id. A deleted topic is gone for every connection before the
 * answer; its files follow in the background.
 *
 * Source: kafka.server.ControllerApis.deleteTopics; the texts are those of Kafka 4.3.
 */
#include <string.h>

#include "broker/api_table.h"
#include "broker/broker.h"
#include "broker/tally.h"
#include "broker/topics.h"
#include "broker/worker.h"
#include "protocol/kafka_error.h"

/* What one entry asks for, whatever the version. */
struct wanted {
    struct bytes name; /* null: by id */
    struct uuid id;    /* zero: by name */
    struct bytes key;  /* both */
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

static void delete_one(struct request *request,
                       const struct wanted *wanted,
                       struct delete_topics_response_topic *to)
{
    struct broker *broker = request->broker;
    bool has_id = !uuid_is_zero(&wanted->id);
    if (has_id && !bytes_is_null(wanted->name)) {
        refuse(to, KAFKA_INVALID_REQUEST, "You may not specify both topic name and topic id.");
        return;
    }
    if (!has_id && bytes_is_null(wanted->name)) {
        refuse(to, KAFKA_INVALID_REQUEST, "Neither topic name nor id were specified.");
        return;
    }
    const struct cluster_image *image = worker_image(request->worker);
    const struct image_topic *topic =
        has_id ? image_topic_by_id(image, &wanted->id) : image_topic(image, wanted->name);
    if (!topic) {
        refuse(to, has_id ? KAFKA_UNKNOWN_TOPIC_ID : KAFKA_UNKNOWN_TOPIC_OR_PARTITION, NULL);
        return;
    }
    to->name = arena_copy(&request->arena, topic->name); /* the image may go away with the topic */
    to->topic_id = topic->id;
    enum kafka_error error = topic_delete(broker, to->name);
    if (error != KAFKA_NONE) {
        refuse(to, error, NULL);
    }
}

void api_delete_topics(struct request *request)
{
    const struct delete_topics_request *body = request->body;
    struct delete_topics_response response;
    message_init(&delete_topics_response_type, &response);
    int32_t count = 0;
    struct wanted *all = wanted_of(body, &request->arena, &count);
    response.responses = message_new(&delete_topics_response_topic_type, &request->arena, count);
    struct tally named;
    struct tally answered;
    tally_init(&named, &request->arena);
    tally_init(&answered, &request->arena);
    for (int32_t i = 0; i < count; i++) {
        (void)tally_add(&named, all[i].key);
    }
    for (int32_t i = 0; i < count; i++) {
        if (tally_add(&answered, all[i].key) > 0) {
            continue; /* answered at its first place */
        }
        struct delete_topics_response_topic *to = &response.responses[response.responses_count++];
        to->name = all[i].name;
        to->topic_id = all[i].id;
        if (!request->broker->config.delete_topic_enable) {
            refuse(to, KAFKA_TOPIC_DELETION_DISABLED, NULL);
        } else if (body->timeout_ms <= 0) {
            refuse(to, KAFKA_REQUEST_TIMED_OUT, NULL);
        } else if (tally_count(&named, all[i].key) > 1) {
            refuse(to, KAFKA_INVALID_REQUEST,
                   bytes_is_null(all[i].name) ? "Duplicate topic id." : "Duplicate topic name.");
        } else {
            delete_one(request, &all[i], to);
        }
    }
    tally_finish(&named);
    tally_finish(&answered);
    request_respond(request, &response);
}
