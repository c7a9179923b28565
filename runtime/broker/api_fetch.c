/*
 * Fetch: batches from partitions, as ranges of .log files; or, when there is not enough yet, later
 * (kafka.server.KafkaApis.handleFetchRequest, ReplicaManager.fetchMessages, DelayedFetch).
 *
 * LESSON: long-poll
 *
 * A fetch is answered at once when it finds min_bytes, an error, or may not wait. Otherwise it is parked: it hangs a waiter
 * into every partition it asks for and arms a timer. An append wakes it by posting its task to its own worker, which looks
 * again; so an idle consumer costs nothing at all, and a record reaches it as fast as one thread can wake another.
 *
 * Fetch sessions (KIP-227) are a memory of what was asked; a broker may decline to keep one by answering session id 0, and
 * this one does: every request then names all its partitions.
 */
#include <stdatomic.h>

#include "broker/api_table.h"
#include "broker/broker.h"
#include "broker/image.h"
#include "broker/partition.h"
#include "broker/repeats.h"
#include "broker/worker.h"
#include "protocol/kafka_error.h"

enum { VERSION_TOPIC_IDS = 13, VERSION_REPLICA_STATE = 15, SESSION_EPOCH_NEW = 0 };

struct fetch;

/* One partition of a fetch. */
struct fetch_part {
    struct partition_waiter waiter;
    bool waits; /* the waiter is linked */
    struct fetch *fetch;
    const struct fetch_request_partition *asked;
    struct partition *partition; /* the image's, with a reference of its own while parked */
    enum kafka_error refusal;    /* not KAFKA_NONE: nothing was or will be read */
    struct log_slice *slice;     /* the request's */
    struct read_result result;
};

enum ending { ENDING_NONE, ENDING_RESPOND, ENDING_DROP };

/* A fetch in work or parked; lies in the request's arena. */
struct fetch {
    struct request *request;
    const struct fetch_request *body;
    struct fetch_part *parts; /* of all topics, in the order of the request */
    int32_t part_count;
    int32_t *topic_part_counts; /* how many of them belong to each topic of the request */
    int64_t bytes;
    bool any_error; /* or a diverging epoch: something to be told at once */

    /* While parked: */
    struct timer timer;
    atomic_bool posted; /* the request's task is in the worker's mailbox */
    enum ending ending;
};

/* --- reading --- */

static bool is_follower(const struct request *request, const struct fetch_request *body)
{
    int32_t replica = request->version >= VERSION_REPLICA_STATE ? body->replica_state.replica_id
                                                                : body->replica_id;
    return replica >= 0;
}

static void refuse_part(struct fetch_part *part, enum kafka_error error)
{
    part->result = (struct read_result){
        .error = error,
        .high_watermark = -1,
        .last_stable_offset = -1,
        .log_start_offset = -1,
        .diverging_epoch = -1,
        .diverging_end_offset = -1,
    };
}

static void read_part(struct fetch *fetch, struct fetch_part *part, int64_t bytes_left)
{
    const struct fetch_request_partition *asked = part->asked;
    log_slice_release(part->slice);
    if (part->refusal != KAFKA_NONE) {
        refuse_part(part, part->refusal);
    } else if (is_follower(fetch->request, fetch->body)) {
        refuse_part(part, KAFKA_NOT_LEADER_OR_FOLLOWER); /* no replica of anything but ourselves */
    } else {
        bool first_data = fetch->bytes == 0;
        struct read_options options = {
            .offset = asked->fetch_offset,
            .max_bytes =
                asked->partition_max_bytes < bytes_left ? asked->partition_max_bytes : bytes_left,
            .current_leader_epoch = asked->current_leader_epoch,
            .last_fetched_epoch = asked->last_fetched_epoch,
            .isolation = (enum isolation)fetch->body->isolation_level,
            .min_one = first_data,
        };
        (void)partition_read(part->partition, &options, &part->result, part->slice);
    }
    fetch->bytes += part->slice->length;
    fetch->any_error |= part->result.error != KAFKA_NONE || part->result.diverging_epoch >= 0;
}

static int64_t bytes_max(const struct fetch *fetch)
{
    int64_t limit = fetch->request->broker->config.fetch_max_bytes;
    return fetch->body->max_bytes < limit ? fetch->body->max_bytes : limit;
}

static void read_parts(struct fetch *fetch)
{
    fetch->bytes = 0;
    fetch->any_error = false;
    int64_t max = bytes_max(fetch);
    for (int32_t i = 0; i < fetch->part_count; i++) {
        int64_t left = max > fetch->bytes ? max - fetch->bytes : 0;
        read_part(fetch, &fetch->parts[i], left);
    }
}

static bool is_satisfied(const struct fetch *fetch)
{
    int64_t max = bytes_max(fetch);
    int64_t wanted = fetch->body->min_bytes < max ? fetch->body->min_bytes : max;
    return fetch->any_error || fetch->part_count == 0 || fetch->bytes >= wanted;
}

/* --- answering --- */

static void answer_part(const struct fetch *fetch,
                        const struct fetch_part *part,
                        struct fetch_response_partition *out)
{
    const struct read_result *result = &part->result;
    out->partition_index = part->asked->partition;
    out->error_code = (int16_t)result->error;
    out->high_watermark = result->high_watermark;
    out->last_stable_offset = result->last_stable_offset;
    out->log_start_offset = result->log_start_offset;
    if (result->diverging_epoch >= 0) {
        out->diverging_epoch.epoch = result->diverging_epoch;
        out->diverging_epoch.end_offset = result->diverging_end_offset;
    }
    out->aborted_transactions_count = -1;
    if (part->refusal != KAFKA_NONE || fetch->body->isolation_level == READ_COMMITTED) {
        out->aborted_transactions_count = 0;
        /* None are aborted: Kafka writes an empty list here, and null for read_uncommitted. */
        out->aborted_transactions =
            message_new(&fetch_response_aborted_transaction_type, &fetch->request->arena, 0);
    }
    /* Never null, also on errors: old clients trip over it (KAFKA-18646). */
    out->records.data = bytes_of("");
    if (part->slice->length > 0) {
        out->records.data = (struct bytes){ NULL, 0 };
        out->records.external = part->slice;
        out->records.external_len = (size_t)part->slice->length;
    }
}

static void respond(struct fetch *fetch)
{
    struct request *request = fetch->request;
    const struct fetch_request *body = fetch->body;
    struct fetch_response response;
    const struct fetch_part *part = fetch->parts;
    message_init(&fetch_response_type, &response);
    response.responses_count = body->topics_count;
    response.responses =
        message_new(&fetch_response_topic_type, &request->arena, body->topics_count);
    for (int32_t t = 0; t < body->topics_count; t++) {
        struct fetch_response_topic *topic = &response.responses[t];
        topic->topic = body->topics[t].topic;
        topic->topic_id = body->topics[t].topic_id;
        topic->partitions_count = fetch->topic_part_counts[t];
        topic->partitions =
            message_new(&fetch_response_partition_type, &request->arena, topic->partitions_count);
        for (int32_t i = 0; i < topic->partitions_count; i++) {
            if (part->refusal == KAFKA_UNKNOWN_SERVER_ERROR) {
                response.error_code = KAFKA_UNKNOWN_SERVER_ERROR;
            }
            answer_part(fetch, part++, &topic->partitions[i]);
        }
    }
    request_respond(request, &response);
}

/* --- parking --- */

/* The last step of a parked fetch: nothing refers to it any more. */
static void end(struct fetch *fetch)
{
    for (int32_t i = 0; i < fetch->part_count; i++) {
        partition_unref(fetch->parts[i].partition);
    }
    fetch->request->abandon = NULL;
    if (fetch->ending == ENDING_RESPOND) {
        respond(fetch);
    } else {
        request_drop(fetch->request);
    }
}

/* Takes the fetch out of timer and partitions, and ends it; but when its task is on the way, the task does that. */
static void unpark(struct fetch *fetch, enum ending ending)
{
    loop_timer_cancel(worker_loop(fetch->request->worker), &fetch->timer);
    for (int32_t i = 0; i < fetch->part_count; i++) {
        partition_unwait(fetch->parts[i].partition, &fetch->parts[i].waiter);
    }
    fetch->ending = ending;
    /* No waiter is linked, so `posted` cannot become true any more. */
    if (!atomic_load(&fetch->posted)) {
        end(fetch);
    }
}

/* Hangs a waiter into every partition that has none yet; false when one has moved on since it was read. */
static bool hang_in(struct fetch *fetch)
{
    for (int32_t i = 0; i < fetch->part_count; i++) {
        struct fetch_part *part = &fetch->parts[i];
        if (!part->waits) {
            part->waits =
                partition_wait(part->partition, &part->waiter, part->result.high_watermark);
        }
        if (!part->waits) {
            return false;
        }
    }
    return true;
}

/* Looks whether there is enough now, and goes on waiting if not. */
static void look_again(struct fetch *fetch)
{
    do {
        read_parts(fetch);
        if (is_satisfied(fetch)) {
            unpark(fetch, ENDING_RESPOND);
            return;
        }
    } while (!hang_in(fetch));
}

static void run_parked(struct loop_task *task)
{
    struct fetch *fetch = container_of(task, struct request, task)->parked;
    /* Before reading: what is appended from here on posts the task again. */
    atomic_store(&fetch->posted, false);
    if (fetch->ending != ENDING_NONE) {
        end(fetch);
    } else {
        look_again(fetch);
    }
}

/* From any thread, with the partition's waiters' lock held. */
static void wake(struct partition_waiter *waiter)
{
    struct fetch *fetch = container_of(waiter, struct fetch_part, waiter)->fetch;
    if (!atomic_exchange(&fetch->posted, true)) {
        worker_post(fetch->request->worker, &fetch->request->task);
    }
}

static void time_is_up(struct timer *timer)
{
    struct fetch *fetch = container_of(timer, struct fetch, timer);
    read_parts(fetch); /* less than min_bytes may be there */
    unpark(fetch, ENDING_RESPOND);
}

static void abandon(struct request *request)
{
    unpark(request->parked, ENDING_DROP);
}

static void park(struct fetch *fetch)
{
    struct request *request = fetch->request;
    fetch->timer.fire = time_is_up;
    request->parked = fetch;
    request->abandon = abandon;
    request->task.run = run_parked;
    for (int32_t i = 0; i < fetch->part_count; i++) {
        fetch->parts[i].waiter.wake = wake;
        list_init(&fetch->parts[i].waiter.link);
        (void)partition_ref(fetch->parts[i].partition);
    }
    loop_timer_arm(worker_loop(request->worker), &fetch->timer,
                   request->received_ms + fetch->body->max_wait_ms);
    if (!hang_in(fetch)) {
        look_again(fetch);
    }
}

/* --- the handler --- */

static void find_part(struct fetch *fetch,
                      const struct image_topic *topic,
                      const struct fetch_request_partition *asked,
                      struct fetch_part *out)
{
    bool by_id = fetch->request->version >= VERSION_TOPIC_IDS;
    out->fetch = fetch;
    out->asked = asked;
    out->slice = request_slice(fetch->request);
    out->partition = topic ? topic_partition(topic, asked->partition) : NULL;
    if (!topic && by_id) {
        out->refusal = KAFKA_UNKNOWN_TOPIC_ID;
    } else if (!out->partition) {
        out->refusal = KAFKA_UNKNOWN_TOPIC_OR_PARTITION;
    } else if (fetch->body->isolation_level != READ_UNCOMMITTED &&
               fetch->body->isolation_level != READ_COMMITTED) {
        out->refusal = KAFKA_UNKNOWN_SERVER_ERROR;
    }
}

/* As in Produce: a partition that is named twice counts once, as it was named last. */
static void find_topic_parts(struct fetch *fetch,
                             const struct cluster_image *image,
                             struct repeats *repeats,
                             int32_t t)
{
    struct request *request = fetch->request;
    const struct fetch_request_topic *asked = &fetch->body->topics[t];
    const struct image_topic *topic = request->version >= VERSION_TOPIC_IDS
                                          ? image_topic_by_id(image, &asked->topic_id)
                                          : image_topic(image, asked->topic);
    bool *repeated = ARENA_NEW(&request->arena, bool, (size_t)asked->partitions_count);
    repeats_begin(repeats, topic ? topic->partition_count : 0);
    for (int32_t i = asked->partitions_count; i-- > 0;) {
        repeated[i] = repeats_add(repeats, asked->partitions[i].partition);
    }
    for (int32_t i = 0; i < asked->partitions_count; i++) {
        if (!repeated[i]) {
            find_part(fetch, topic, &asked->partitions[i], &fetch->parts[fetch->part_count++]);
            fetch->topic_part_counts[t]++;
        }
    }
}

static struct fetch *find_parts(struct request *request)
{
    const struct fetch_request *body = request->body;
    struct fetch *fetch = ARENA_NEW(&request->arena, struct fetch, 1);
    size_t count = 0;
    for (int32_t t = 0; t < body->topics_count; t++) {
        count += (size_t)body->topics[t].partitions_count;
    }
    fetch->request = request;
    fetch->body = body;
    fetch->parts = ARENA_NEW(&request->arena, struct fetch_part, count);
    fetch->topic_part_counts = ARENA_NEW(&request->arena, int32_t, (size_t)body->topics_count);
    /* One image for all: asking for it again may end the one that holds the partitions found so far. */
    const struct cluster_image *image = worker_image(request->worker);
    struct repeats repeats;
    repeats_init(&repeats, &request->arena);
    for (int32_t t = 0; t < body->topics_count; t++) {
        find_topic_parts(fetch, image, &repeats, t);
    }
    return fetch;
}

/* We keep no sessions, so none can be continued; beginning and closing one are full fetches. */
static bool continues_session(const struct fetch_request *body)
{
    return body->session_epoch > SESSION_EPOCH_NEW;
}

void api_fetch(struct request *request)
{
    const struct fetch_request *body = request->body;
    if (continues_session(body)) {
        struct fetch_response response;
        message_init(&fetch_response_type, &response);
        response.error_code = KAFKA_FETCH_SESSION_ID_NOT_FOUND;
        request_respond(request, &response);
        return;
    }
    struct fetch *fetch = find_parts(request);
    read_parts(fetch);
    if (is_satisfied(fetch) || body->max_wait_ms <= 0) {
        respond(fetch);
    } else {
        park(fetch);
    }
}
