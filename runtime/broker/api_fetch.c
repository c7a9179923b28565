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
 * In a session (fetch_session.h) the request names only what changed since the last one, and the response only what has news.
 */
#include <stdatomic.h>

#include "broker/api_table.h"
#include "broker/broker.h"
#include "broker/fetch_session.h"
#include "broker/image.h"
#include "broker/partition.h"
#include "broker/repeats.h"
#include "broker/worker.h"
#include "protocol/kafka_error.h"

enum { VERSION_TOPIC_IDS = 13, VERSION_REPLICA_STATE = 15 };

struct fetch;

/* One partition of a fetch. */
struct fetch_part {
    struct partition_waiter waiter;
    bool waits; /* the waiter is linked */
    struct fetch *fetch;
    const struct fetch_interest *interest;
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
    struct fetch_interests interests;
    struct fetch_part *parts; /* one for each interest */
    int32_t part_count;
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

/* The client is told no more than a code, which many only retry on: whoever runs the broker hears where the fault is. */
static void report_unreadable(struct fetch *fetch, struct partition *p, int64_t offset)
{
    if (!atomic_exchange(&p->told_unreadable, true)) {
        log_write(&fetch->request->broker->log, LOG_LEVEL_ERROR,
                  "Cannot read %.*s-%d at offset %lld: its .log file is damaged or cannot be read "
                  "there; restore the file, or read on from a later offset",
                  BYTES_ARG(p->topic), p->index, (long long)offset);
    }
}

static void read_part(struct fetch *fetch, struct fetch_part *part, int64_t bytes_left)
{
    const struct fetch_request_partition *asked = &part->interest->asked;
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
            .arena = &fetch->request->arena,
        };
        enum kafka_error error =
            partition_read(part->partition, &options, &part->result, part->slice);
        if (error == KAFKA_CORRUPT_MESSAGE || error == KAFKA_STORAGE_ERROR) {
            report_unreadable(fetch, part->partition, asked->fetch_offset);
        }
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

static void answer_aborted(const struct aborted_list *aborted,
                           struct arena *arena,
                           struct fetch_response_partition *out)
{
    out->aborted_transactions_count = (int32_t)aborted->count;
    out->aborted_transactions =
        message_new(&fetch_response_aborted_transaction_type, arena, (int32_t)aborted->count);
    for (size_t i = 0; i < aborted->count; i++) {
        out->aborted_transactions[i].producer_id = aborted->entries[i].producer_id;
        out->aborted_transactions[i].first_offset = aborted->entries[i].first_offset;
    }
}

static void answer_part(const struct fetch *fetch,
                        const struct fetch_part *part,
                        struct fetch_response_partition *out)
{
    const struct read_result *result = &part->result;
    out->partition_index = part->interest->asked.partition;
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
        /* Kafka writes an empty list if none are aborted, and null for read_uncommitted. */
        answer_aborted(&result->aborted, &fetch->request->arena, out);
    }
    /* Never null, also on errors: old clients trip over it (KAFKA-18646). */
    out->records.data = bytes_of("");
    if (part->slice->length > 0) {
        out->records.data = (struct bytes){ NULL, 0 };
        out->records.external = part->slice;
        out->records.external_len = (size_t)part->slice->length;
    }
}

static struct fetch_news *list_news(const struct fetch *fetch)
{
    struct fetch_news *news =
        ARENA_NEW(&fetch->request->arena, struct fetch_news, (size_t)fetch->part_count);
    for (int32_t i = 0; i < fetch->part_count; i++) {
        const struct fetch_part *part = &fetch->parts[i];
        news[i] = (struct fetch_news){
            .high_watermark = part->result.high_watermark,
            .log_start_offset = part->result.log_start_offset,
            .fails = part->result.error != KAFKA_NONE || part->result.diverging_epoch >= 0,
            .has_records = part->slice->length > 0,
            .is_told = true,
        };
    }
    return news;
}

/* Lets the session say what of the news belongs into the response; begins one if the client wants it. */
static enum kafka_error consult_session(const struct fetch *fetch,
                                        struct fetch_news *news,
                                        int32_t *out_session_id)
{
    struct request *request = fetch->request;
    struct fetch_sessions *sessions = request->broker->fetch_sessions;
    *out_session_id = fetch->interests.session_id;
    if (fetch->interests.session_id != FETCH_SESSION_NONE) {
        return fetch_session_tell(sessions, &fetch->interests, news);
    }
    if (fetch->body->session_epoch == FETCH_EPOCH_BEGIN) {
        *out_session_id = fetch_session_begin(sessions, &fetch->interests, news,
                                              request->version >= VERSION_TOPIC_IDS,
                                              loop_now_ms(worker_loop(request->worker)));
    }
    return KAFKA_NONE;
}

static bool is_same_topic(const struct fetch_response_topic *topic,
                          const struct fetch_interest *interest)
{
    return bytes_equal(topic->topic, interest->topic) &&
           uuid_equal(&topic->topic_id, &interest->topic_id);
}

/* The entry that the next partition belongs to: neighbours of one topic share it. */
static struct fetch_response_topic *topic_for(const struct fetch *fetch,
                                              int32_t part,
                                              struct fetch_response *response)
{
    const struct fetch_interest *interest = fetch->parts[part].interest;
    int32_t count = response->responses_count;
    if (count > 0 && is_same_topic(&response->responses[count - 1], interest)) {
        return &response->responses[count - 1];
    }
    struct fetch_response_topic *topic = &response->responses[response->responses_count++];
    topic->topic = interest->topic;
    topic->topic_id = interest->topic_id;
    return topic;
}

static void answer_parts(const struct fetch *fetch,
                         const struct fetch_news *news,
                         struct fetch_response *response)
{
    struct arena *arena = &fetch->request->arena;
    int32_t count = fetch->part_count;
    response->responses = message_new(&fetch_response_topic_type, arena, count);
    struct fetch_response_partition *answers =
        message_new(&fetch_response_partition_type, arena, count);
    for (int32_t i = 0; i < count; i++) {
        if (!news[i].is_told) {
            continue;
        }
        if (fetch->parts[i].refusal == KAFKA_UNKNOWN_SERVER_ERROR) {
            response->error_code = KAFKA_UNKNOWN_SERVER_ERROR;
        }
        struct fetch_response_topic *topic = topic_for(fetch, i, response);
        if (topic->partitions_count++ == 0) {
            topic->partitions = answers;
        }
        answer_part(fetch, &fetch->parts[i], answers++);
    }
}

static void respond(struct fetch *fetch)
{
    struct fetch_response response;
    struct fetch_news *news = list_news(fetch);
    message_init(&fetch_response_type, &response);
    enum kafka_error error = consult_session(fetch, news, &response.session_id);
    if (error == KAFKA_NONE) {
        answer_parts(fetch, news, &response);
    } else {
        response.error_code = (int16_t)error;
        response.session_id = FETCH_SESSION_NONE;
    }
    request_respond(fetch->request, &response);
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
static struct loop *wake(struct partition_waiter *waiter)
{
    struct fetch *fetch = container_of(waiter, struct fetch_part, waiter)->fetch;
    struct loop *loop = worker_loop(fetch->request->worker);
    if (atomic_exchange(&fetch->posted, true)) {
        return NULL; /* it is on its way already */
    }
    return loop_post_quietly(loop, &fetch->request->task) ? loop : NULL;
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

static bool names_same_topic(const struct fetch_interest *a, const struct fetch_interest *b)
{
    return bytes_equal(a->topic, b->topic) && uuid_equal(&a->topic_id, &b->topic_id);
}

static const struct image_topic *find_topic(const struct fetch *fetch,
                                            const struct cluster_image *image,
                                            const struct fetch_interest *interest)
{
    return fetch->request->version >= VERSION_TOPIC_IDS
               ? image_topic_by_id(image, &interest->topic_id)
               : image_topic(image, interest->topic);
}

static void find_part(struct fetch *fetch,
                      const struct image_topic *topic,
                      const struct fetch_interest *interest,
                      struct fetch_part *out)
{
    bool by_id = fetch->request->version >= VERSION_TOPIC_IDS;
    out->fetch = fetch;
    out->interest = interest;
    out->slice = request_slice(fetch->request);
    out->partition = topic ? topic_partition(topic, interest->asked.partition) : NULL;
    if (!topic && by_id) {
        out->refusal = KAFKA_UNKNOWN_TOPIC_ID;
    } else if (!out->partition) {
        out->refusal = KAFKA_UNKNOWN_TOPIC_OR_PARTITION;
    } else if (fetch->body->isolation_level != READ_UNCOMMITTED &&
               fetch->body->isolation_level != READ_COMMITTED) {
        out->refusal = KAFKA_UNKNOWN_SERVER_ERROR;
    }
}

static void find_parts(struct fetch *fetch, const struct cluster_image *image)
{
    const struct fetch_interests *interests = &fetch->interests;
    fetch->part_count = interests->count;
    fetch->parts = ARENA_NEW(&fetch->request->arena, struct fetch_part, (size_t)interests->count);
    const struct image_topic *topic = NULL;
    for (int32_t i = 0; i < interests->count; i++) {
        const struct fetch_interest *interest = &interests->items[i];
        if (i == 0 || !names_same_topic(interest, interest - 1)) {
            topic = find_topic(fetch, image, interest);
        }
        find_part(fetch, topic, interest, &fetch->parts[i]);
    }
}

/* As in Produce: a partition that is named twice counts once, as it was named last. */
static void list_topic(struct fetch *fetch,
                       const struct cluster_image *image,
                       struct repeats *repeats,
                       const struct fetch_request_topic *asked)
{
    bool *repeated = ARENA_NEW(&fetch->request->arena, bool, (size_t)asked->partitions_count);
    struct fetch_interest named = { .topic = asked->topic, .topic_id = asked->topic_id };
    const struct image_topic *topic = find_topic(fetch, image, &named);
    repeats_begin(repeats, topic ? topic->partition_count : 0);
    for (int32_t i = asked->partitions_count; i-- > 0;) {
        repeated[i] = repeats_add(repeats, asked->partitions[i].partition);
    }
    for (int32_t i = 0; i < asked->partitions_count; i++) {
        if (!repeated[i]) {
            named.asked = asked->partitions[i];
            fetch->interests.items[fetch->interests.count++] = named;
        }
    }
}

/* A full fetch is about what it names, and ends the session that it names. */
static void list_interests(struct fetch *fetch, const struct cluster_image *image)
{
    const struct fetch_request *body = fetch->body;
    struct arena *arena = &fetch->request->arena;
    struct repeats repeats;
    size_t count = 0;
    if (body->session_id != FETCH_SESSION_NONE) {
        fetch_session_end(fetch->request->broker->fetch_sessions, body->session_id);
    }
    for (int32_t t = 0; t < body->topics_count; t++) {
        count += (size_t)body->topics[t].partitions_count;
    }
    fetch->interests.items = ARENA_NEW(arena, struct fetch_interest, count);
    repeats_init(&repeats, arena);
    for (int32_t t = 0; t < body->topics_count; t++) {
        list_topic(fetch, image, &repeats, &body->topics[t]);
    }
}

static enum kafka_error continue_session(struct fetch *fetch)
{
    struct request *request = fetch->request;
    return fetch_session_continue(
        request->broker->fetch_sessions, fetch->body, request->version >= VERSION_TOPIC_IDS,
        loop_now_ms(worker_loop(request->worker)), &request->arena, &fetch->interests);
}

static void refuse(struct request *request, enum kafka_error error)
{
    struct fetch_response response;
    message_init(&fetch_response_type, &response);
    response.error_code = (int16_t)error;
    request_respond(request, &response);
}

void api_fetch(struct request *request)
{
    const struct fetch_request *body = request->body;
    /* One image for all: asking for it again may end the one that holds the partitions found so far. */
    const struct cluster_image *image = worker_image(request->worker);
    struct fetch *fetch = ARENA_NEW(&request->arena, struct fetch, 1);
    enum kafka_error error = KAFKA_NONE;
    fetch->request = request;
    fetch->body = body;
    if (body->session_epoch == FETCH_EPOCH_BEGIN || body->session_epoch == FETCH_EPOCH_END) {
        list_interests(fetch, image);
    } else {
        error = continue_session(fetch);
    }
    if (error != KAFKA_NONE) {
        refuse(request, error);
        return;
    }
    find_parts(fetch, image);
    read_parts(fetch);
    if (is_satisfied(fetch) || body->max_wait_ms <= 0) {
        respond(fetch);
    } else {
        park(fetch);
    }
}
