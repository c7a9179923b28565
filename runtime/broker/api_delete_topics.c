/*
 * DeleteTopics: by name or, since version 6, by id. Each topic fails or succeeds for itself. Error codes and sentences are
 * those of Kafka 4.3 (ControllerApis.deleteTopics).
 */
#include "broker/api_table.h"
#include "broker/broker.h"
#include "broker/tally.h"
#include "broker/topics.h"
#include "broker/worker.h"
#include "protocol/kafka_error.h"

static void refuse(struct delete_topics_response_topic *to,
                   enum kafka_error error,
                   const char *message)
{
    to->error_code = (int16_t)error;
    to->error_message = bytes_of(message);
}

static void delete_named(struct request *request,
                         struct delete_topics_response_topic *to,
                         int32_t timeout_ms)
{
    const struct image_topic *topic = image_topic(worker_image(request->worker), to->name);
    enum kafka_error error = KAFKA_REQUEST_TIMED_OUT; /* nothing is begun without time for it */
    if (!request->broker->config.delete_topic_enable) {
        refuse(to, KAFKA_TOPIC_DELETION_DISABLED,
               kafka_error_message(KAFKA_TOPIC_DELETION_DISABLED));
        return;
    }
    if (topic) {
        to->topic_id = topic->id;
    }
    if (timeout_ms > 0) {
        error = topic_delete(request->broker, to->name);
    }
    if (error != KAFKA_NONE) {
        refuse(to, error,
               error == KAFKA_REQUEST_TIMED_OUT ? NULL : kafka_error_message((int16_t)error));
    }
}

static void delete_one(struct request *request,
                       const struct delete_topics_request_topic *topic,
                       struct delete_topics_response_topic *to)
{
    const struct delete_topics_request *body = request->body;
    to->name = topic->name;
    to->topic_id = topic->topic_id;
    if (!bytes_is_null(topic->name) && !uuid_is_zero(&topic->topic_id)) {
        refuse(to, KAFKA_INVALID_REQUEST, "You may not specify both topic name and topic id.");
        return;
    }
    if (bytes_is_null(topic->name) && uuid_is_zero(&topic->topic_id)) {
        refuse(to, KAFKA_INVALID_REQUEST, "Neither topic name nor id were specified.");
        return;
    }
    if (bytes_is_null(topic->name)) {
        const struct image_topic *found =
            image_topic_by_id(worker_image(request->worker), &topic->topic_id);
        if (!found) {
            refuse(to, KAFKA_UNKNOWN_TOPIC_ID, kafka_error_message(KAFKA_UNKNOWN_TOPIC_ID));
            return;
        }
        to->name = arena_copy(&request->arena, found->name);
    }
    delete_named(request, to, body->timeout_ms);
}

/* Both ways of naming topics, as one list. */
static struct delete_topics_request_topic *asked_topics(struct request *request,
                                                        const struct delete_topics_request *body,
                                                        int32_t *out_count)
{
    int32_t by_name = body->topic_names_count < 0 ? 0 : body->topic_names_count;
    int32_t either = body->topics_count < 0 ? 0 : body->topics_count;
    struct delete_topics_request_topic *all =
        message_new(&delete_topics_request_topic_type, &request->arena, by_name + either);
    for (int32_t i = 0; i < by_name; i++) {
        all[i].name = body->topic_names[i];
    }
    for (int32_t i = 0; i < either; i++) {
        all[by_name + i] = body->topics[i];
    }
    *out_count = by_name + either;
    return all;
}

/* What makes two entries the same topic: the name where there is one, else the id. */
static struct bytes identity(const struct delete_topics_request_topic *topic)
{
    return bytes_is_null(topic->name) ? (struct bytes){ topic->topic_id.bytes, UUID_SIZE }
                                      : topic->name;
}

void api_delete_topics(struct request *request)
{
    struct delete_topics_response response;
    int32_t count = 0;
    struct delete_topics_request_topic *all = asked_topics(request, request->body, &count);
    struct tally asked;
    struct tally answered;
    tally_init(&asked, &request->arena);
    tally_init(&answered, &request->arena);
    message_init(&delete_topics_response_type, &response);
    response.responses = message_new(&delete_topics_response_topic_type, &request->arena, count);
    for (int32_t i = 0; i < count; i++) {
        (void)tally_add(&asked, identity(&all[i]));
    }
    for (int32_t i = 0; i < count; i++) {
        if (tally_add(&answered, identity(&all[i])) > 0) {
            continue; /* answered at its first place */
        }
        struct delete_topics_response_topic *to = &response.responses[response.responses_count++];
        if (tally_count(&asked, identity(&all[i])) > 1) {
            to->name = all[i].name;
            to->topic_id = all[i].topic_id;
            refuse(to, KAFKA_INVALID_REQUEST, "Duplicate topic name.");
        } else {
            delete_one(request, &all[i], to);
        }
    }
    tally_finish(&asked);
    tally_finish(&answered);
    request_respond(request, &response);
}
