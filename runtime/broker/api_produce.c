/*
 * Produce: one record batch for each partition named (kafka.server.KafkaApis.handleProduceRequest,
 * ReplicaManager.appendRecords).
 *
 * acks=1 and acks=all are the same with one replica: the batch is in the log before the answer. acks=0 gets no answer;
 * what goes wrong closes the connection, for that is the only way left to say so.
 */
#include "base/clock.h"
#include "broker/api_table.h"
#include "broker/broker.h"
#include "broker/image.h"
#include "broker/partition.h"
#include "broker/repeats.h"
#include "broker/topics.h"
#include "broker/transactions.h"
#include "broker/worker.h"
#include "protocol/batch.h"
#include "protocol/kafka_error.h"

enum { VERSION_ZSTD = 7, VERSION_TOPIC_IDS = 13, ACKS_ALL = -1, ACKS_NONE = 0, ACKS_LEADER = 1 };

/* What holds for all partitions of one request. */
struct produce {
    struct request *request;
    const struct produce_request *body;
    const struct cluster_image *image;
    struct repeats repeats;
    enum kafka_error refusal; /* not KAFKA_NONE: every partition gets it */
    bool any_error;
};

static bool is_transactional(struct bytes records)
{
    struct batch_header h;
    if (records.len < BATCH_HEADER_SIZE || records.data[BATCH_AT_MAGIC] != BATCH_MAGIC) {
        return false;
    }
    batch_header_read(records.data, &h);
    return h.attributes & BATCH_TRANSACTIONAL;
}

static bool any_transactional(const struct produce_request *body)
{
    for (int32_t t = 0; t < body->topic_data_count; t++) {
        const struct produce_request_topic *topic = &body->topic_data[t];
        for (int32_t i = 0; i < topic->partition_data_count; i++) {
            if (is_transactional(topic->partition_data[i].records.data)) {
                return true;
            }
        }
    }
    return false;
}

static enum kafka_error refuse_all(const struct produce_request *body)
{
    if (bytes_is_null(body->transactional_id) && any_transactional(body)) {
        return KAFKA_TRANSACTIONAL_ID_AUTHORIZATION_FAILED; /* Kafka's answer to a missing id */
    }
    bool known = body->acks == ACKS_ALL || body->acks == ACKS_NONE || body->acks == ACKS_LEADER;
    return known ? KAFKA_NONE : KAFKA_INVALID_REQUIRED_ACKS;
}

/* KAFKA_NONE and a partition to append to, or why not. */
static enum kafka_error find_partition(const struct produce *produce,
                                       const struct image_topic *topic,
                                       const struct produce_request_partition *asked,
                                       struct partition **out_partition)
{
    bool by_id = produce->request->version >= VERSION_TOPIC_IDS;
    if (produce->refusal == KAFKA_TRANSACTIONAL_ID_AUTHORIZATION_FAILED) {
        return produce->refusal; /* before anything is looked for */
    }
    if (!topic && by_id) {
        return KAFKA_UNKNOWN_TOPIC_ID;
    }
    *out_partition = topic ? topic_partition(topic, asked->index) : NULL;
    if (!*out_partition) {
        return KAFKA_UNKNOWN_TOPIC_OR_PARTITION;
    }
    if (produce->refusal != KAFKA_NONE) {
        return produce->refusal;
    }
    return topic->internal ? KAFKA_INVALID_TOPIC_EXCEPTION : KAFKA_NONE;
}

static void answer_record_errors(const struct append_result *result,
                                 struct arena *arena,
                                 struct produce_response_partition *out)
{
    if (result->record_error_count == 0) {
        return;
    }
    out->record_errors_count = result->record_error_count;
    out->record_errors =
        message_new(&produce_response_record_error_type, arena, result->record_error_count);
    for (int32_t i = 0; i < result->record_error_count; i++) {
        out->record_errors[i].batch_index = result->record_errors[i].batch_index;
        out->record_errors[i].batch_index_error_message = result->record_errors[i].message;
    }
}

/* The partition knows of no such transaction; its coordinator can say what is the matter. */
static enum kafka_error explain_refusal(const struct produce *produce, struct bytes records)
{
    struct batch_header h;
    batch_header_read(records.data, &h);
    return transactions_explain(produce->request->broker, produce->body->transactional_id,
                                h.producer_id, h.producer_epoch);
}

/* That the disk is full, say, concerns whoever runs the broker as much as the client. */
static void report_unwritable(struct produce *produce, struct partition *p, struct bytes why)
{
    if (!atomic_exchange(&p->told_unwritable, true)) {
        log_write(&produce->request->broker->log, LOG_LEVEL_ERROR,
                  "Cannot append to %.*s-%d: %.*s; see to log.dirs=%s", BYTES_ARG(p->topic),
                  p->index, BYTES_ARG(why), produce->request->broker->config.log_dir);
    }
}

static enum kafka_error append(struct produce *produce,
                               struct partition *partition,
                               struct bytes records,
                               struct produce_response_partition *out)
{
    struct request *request = produce->request;
    struct append_options options = {
        .origin = BATCH_ORIGIN_CLIENT,
        .zstd_allowed = request->version >= VERSION_ZSTD,
        .now_ms = clock_realtime_ms(),
        .arena = &request->arena,
    };
    struct append_result result;
    enum kafka_error error = partition_append(partition, records, &options, &result);
    if (error == KAFKA_STORAGE_ERROR) {
        report_unwritable(produce, partition, result.message);
    } else if (error == KAFKA_NONE && atomic_load(&partition->told_unwritable)) {
        atomic_store(&partition->told_unwritable, false);
    }
    out->base_offset = result.base_offset;
    out->log_append_time_ms = result.log_append_time_ms;
    out->log_start_offset = result.log_start_offset;
    out->error_message = result.message;
    answer_record_errors(&result, &request->arena, out);
    if (error == KAFKA_INVALID_TXN_STATE && is_transactional(records)) {
        error = explain_refusal(produce, records);
        out->error_message = error == KAFKA_INVALID_TXN_STATE
                                 ? bytes_of("Partition was not added to the transaction")
                                 : (struct bytes){ 0 };
    } else if (error == KAFKA_INVALID_PRODUCER_EPOCH && is_transactional(records)) {
        out->log_start_offset = -1; /* in Kafka the coordinator says so, before the log is asked */
    }
    return error;
}

static void produce_partition(struct produce *produce,
                              const struct image_topic *topic,
                              const struct produce_request_partition *data,
                              struct produce_response_partition *answer)
{
    struct partition *partition = NULL;
    answer->index = data->index;
    answer->base_offset = -1;
    enum kafka_error error = find_partition(produce, topic, data, &partition);
    if (error == KAFKA_NONE) {
        error = append(produce, partition, data->records.data, answer);
    }
    answer->error_code = (int16_t)error;
    produce->any_error |= error != KAFKA_NONE;
}

/* A partition that is named twice counts once, as it was named last: Kafka keeps what it was sent in a map. */
static void produce_topic(struct produce *produce,
                          const struct produce_request_topic *asked,
                          struct produce_response_topic *out)
{
    struct request *request = produce->request;
    const struct cluster_image *image = produce->image;
    const struct image_topic *topic = request->version >= VERSION_TOPIC_IDS
                                          ? image_topic_by_id(image, &asked->topic_id)
                                          : image_topic(image, asked->name);
    bool *repeated = ARENA_NEW(&request->arena, bool, (size_t)asked->partition_data_count);
    repeats_begin(&produce->repeats, topic ? topic->partition_count : 0);
    for (int32_t i = asked->partition_data_count; i-- > 0;) {
        repeated[i] = repeats_add(&produce->repeats, asked->partition_data[i].index);
    }
    out->name = asked->name;
    out->topic_id = asked->topic_id;
    out->partition_responses =
        message_new(&produce_response_partition_type, &request->arena, asked->partition_data_count);
    for (int32_t i = 0; i < asked->partition_data_count; i++) {
        if (!repeated[i]) {
            produce_partition(produce, topic, &asked->partition_data[i],
                              &out->partition_responses[out->partition_responses_count++]);
        }
    }
}

void api_produce(struct request *request)
{
    const struct produce_request *body = request->body;
    struct produce produce = { .request = request,
                               .body = body,
                               .image = worker_image(request->worker),
                               .refusal = refuse_all(body) };
    repeats_init(&produce.repeats, &request->arena);
    struct produce_response response;
    message_init(&produce_response_type, &response);
    response.responses_count = body->topic_data_count;
    response.responses =
        message_new(&produce_response_topic_type, &request->arena, body->topic_data_count);
    for (int32_t t = 0; t < body->topic_data_count; t++) {
        produce_topic(&produce, &body->topic_data[t], &response.responses[t]);
    }
    if (body->acks != ACKS_NONE) {
        request_respond(request, &response);
    } else if (produce.any_error) {
        request_disconnect(request, "a produce request with acks=0 failed");
    } else {
        request_respond_nothing(request);
    }
}
