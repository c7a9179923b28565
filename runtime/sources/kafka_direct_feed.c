/*
 * Feeds over plain connections: see kafka_direct.h.
 *
 *     more(): records of the last answer, as long as there are any
 *             else: the answer to the Fetch that is on its way; before its records are looked at, the next Fetch is sent
 *             else: a Fetch
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "protocol/kafka_error.h"
#include "sources/kafka_batches.h"
#include "sources/kafka_direct.h"
#include "sources/kafka_errors.h"

enum { PAUSE_FIRST_MS = 20, PAUSE_LONGEST_MS = 1000, UNKNOWN_MAX = 3 };

struct direct_feed {
    struct kafka_feed base;
    struct kafka_direct *direct;
    char *topic; /* owned */
    int32_t partition;
    struct channel *channel; /* NULL: not connected */
    bool asked;              /* a Fetch is on its way */
    int64_t again_ms;        /* not before then, after trouble; monotonic */
    int64_t pause_ms;
    int32_t unknown;     /* how often in a row the topic was not known */
    struct buffer frame; /* the last answer, and what it points to */
    struct arena arena;
    struct kafka_batches batches;
};

static struct bytes topic_of(const struct direct_feed *f)
{
    return bytes_of(f->topic);
}

/* --- trouble --- */

static void disconnect(struct direct_feed *f)
{
    kafka_direct_drop(f->direct, f->channel);
    f->channel = NULL;
    f->asked = false;
}

/* Not now: the leader is looked for again after a pause. */
static enum kafka_fed later(struct direct_feed *f)
{
    disconnect(f);
    kafka_direct_forget(f->direct, topic_of(f), f->partition);
    f->pause_ms = f->pause_ms ? f->pause_ms * 2 : PAUSE_FIRST_MS;
    f->pause_ms = f->pause_ms < PAUSE_LONGEST_MS ? f->pause_ms : PAUSE_LONGEST_MS;
    f->again_ms = clock_monotonic_ms() + f->pause_ms;
    return KAFKA_FED_NOTHING;
}

static enum kafka_fed on_code(struct direct_feed *f, int code, struct sql_error *error)
{
    switch (code) {
    case KAFKA_OFFSET_OUT_OF_RANGE: return KAFKA_FED_GONE;
    case KAFKA_UNKNOWN_TOPIC_OR_PARTITION:
        if (++f->unknown < UNKNOWN_MAX) { /* brokers hear of a new topic at different times */
            return later(f);
        }
        break;
    case KAFKA_TOPIC_AUTHORIZATION_FAILED:
    case KAFKA_CLUSTER_AUTHORIZATION_FAILED:
    case KAFKA_INVALID_TOPIC_EXCEPTION:
    case KAFKA_UNSUPPORTED_VERSION: break;
    case KAFKA_CORRUPT_MESSAGE:
        kafka_fail_record(error, f->topic, f->partition,
                          kafka_error_message(KAFKA_CORRUPT_MESSAGE));
        return KAFKA_FED_FAILED;
    default: kafka_direct_note(f->direct, kafka_error_name((int16_t)code)); return later(f);
    }
    kafka_fail_code(error, code);
    return KAFKA_FED_FAILED;
}

/* --- asking --- */

static bool send_fetch(struct direct_feed *f, int64_t offset)
{
    const struct kafka_fetching *how = kafka_direct_fetching(f->direct);
    struct fetch_request request;
    struct fetch_request_topic topic;
    struct fetch_request_partition partition;
    struct weir_error err;
    message_init(&fetch_request_type, &request);
    message_init(&fetch_request_topic_type, &topic);
    message_init(&fetch_request_partition_type, &partition);
    partition.partition = f->partition;
    partition.fetch_offset = offset;
    partition.partition_max_bytes = how->partition_max_bytes;
    topic.topic = topic_of(f);
    topic.partitions = &partition;
    topic.partitions_count = 1;
    request.max_wait_ms = how->max_wait_ms;
    request.min_bytes = how->min_bytes;
    request.max_bytes = how->max_bytes;
    request.isolation_level = how->committed ? 1 : 0;
    request.rack_id = how->rack.data ? how->rack : bytes_of("");
    request.topics = &topic;
    request.topics_count = 1;
    f->asked = channel_send(f->channel, API_FETCH, &request, &err) == WEIR_OK;
    if (!f->asked) {
        kafka_direct_note(f->direct, err.message);
    }
    return f->asked;
}

static void wait_until(int64_t until_ms, int wait_ms)
{
    int64_t left = until_ms - clock_monotonic_ms();
    left = left < wait_ms ? left : wait_ms;
    struct timespec time = { .tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000 };
    while (left > 0 && nanosleep(&time, &time) != 0 && errno == EINTR) {
    }
}

/* Sends a Fetch; MORE: it is on its way. */
static enum kafka_fed ask(struct direct_feed *f, int wait_ms, struct sql_error *error)
{
    if (f->again_ms > clock_monotonic_ms()) {
        wait_until(f->again_ms, wait_ms);
        if (f->again_ms > clock_monotonic_ms()) {
            return KAFKA_FED_NOTHING;
        }
    }
    if (!f->channel) {
        int code = KAFKA_NONE;
        struct weir_error err;
        enum weir_status rc =
            kafka_direct_connect(f->direct, topic_of(f), f->partition, &f->channel, &code, &err);
        if (rc < 0) {
            f->channel = NULL;
            return code != KAFKA_NONE ? on_code(f, code, error) : later(f);
        }
    }
    return send_fetch(f, f->base.next) ? KAFKA_FED_MORE : later(f);
}

/* --- answers --- */

static struct fetch_response_partition *only_partition(struct fetch_response *response)
{
    bool one = response->responses_count == 1 && response->responses[0].partitions_count == 1;
    return one ? &response->responses[0].partitions[0] : NULL;
}

/* Takes the answer in, and asks for what comes behind it if the range goes on there. */
static enum kafka_fed receive(struct direct_feed *f, int64_t until, struct sql_error *error)
{
    struct fetch_response response;
    struct weir_error err;
    kafka_batches_clear(&f->batches);
    arena_reset(&f->arena);
    f->asked = false;
    if (channel_receive(f->channel, API_FETCH, &f->frame, &f->arena, &response, &err) < 0) {
        kafka_direct_note(f->direct, err.message);
        return later(f);
    }
    struct fetch_response_partition *partition = only_partition(&response);
    int code = response.error_code != KAFKA_NONE || !partition ? response.error_code
                                                               : partition->error_code;
    if (code != KAFKA_NONE) {
        return on_code(f, code, error);
    }
    if (!partition) {
        kafka_direct_note(f->direct, "an answer to Fetch without the partition");
        return later(f);
    }
    f->pause_ms = 0;
    f->unknown = 0;
    if (!kafka_batches_any(partition->records.data)) {
        return KAFKA_FED_NOTHING;
    }
    int64_t end = kafka_batches_end(partition->records.data);
    if (end >= 0 && end < until && !send_fetch(f, end)) {
        (void)later(f);
    }
    kafka_batches_start(&f->batches, partition);
    return KAFKA_FED_MORE;
}

static enum kafka_fed direct_more(struct kafka_feed *base,
                                  struct kafka_rows *rows,
                                  int64_t until,
                                  int wait_ms,
                                  struct sql_error *error)
{
    struct direct_feed *f = (struct direct_feed *)base;
    if (!kafka_batches_empty(&f->batches)) {
        struct weir_error err;
        if (!kafka_batches_take(&f->batches, rows, until, &f->base.low, &f->base.next, &err)) {
            kafka_fail_record(error, f->topic, f->partition, err.message);
            return KAFKA_FED_FAILED;
        }
        return KAFKA_FED_MORE;
    }
    if (!f->asked) {
        enum kafka_fed fed = ask(f, wait_ms, error);
        if (fed != KAFKA_FED_MORE) {
            return fed;
        }
    }
    return channel_wait(f->channel, wait_ms) ? receive(f, until, error) : KAFKA_FED_NOTHING;
}

/* --- the rest of a feed --- */

static bool direct_seek(struct kafka_feed *base, int64_t offset, struct sql_error *error)
{
    (void)error;
    struct direct_feed *f = (struct direct_feed *)base;
    kafka_batches_clear(&f->batches);
    if (f->asked) {
        disconnect(f);
    }
    f->base.low = offset;
    f->base.next = offset;
    f->base.started = true;
    return true;
}

static int direct_ends(struct kafka_feed *base,
                       int64_t *out_first,
                       int64_t *out_end,
                       int timeout_ms)
{
    struct direct_feed *f = (struct direct_feed *)base;
    struct kafka_offset first = { topic_of(f), f->partition, KAFKA_EARLIEST };
    struct kafka_offset last = { topic_of(f), f->partition, KAFKA_LATEST };
    struct arena arena;
    (void)timeout_ms;
    arena_init(&arena, 0);
    int code = kafka_direct_offsets(f->direct, &arena, &(struct kafka_offsets){ 1, &first });
    if (code == KAFKA_NONE) {
        code = kafka_direct_offsets(f->direct, &arena, &(struct kafka_offsets){ 1, &last });
    }
    arena_finish(&arena);
    *out_first = first.offset;
    *out_end = last.offset;
    return code;
}

static void direct_rest(struct kafka_feed *base)
{
    struct direct_feed *f = (struct direct_feed *)base;
    if (f->asked) {
        disconnect(f); /* the range was left before its end: nobody wants the answer */
    } else if (f->channel) {
        kafka_direct_give_back(f->direct, f->channel);
        f->channel = NULL;
    }
}

static void direct_close(struct kafka_feed *base)
{
    struct direct_feed *f = (struct direct_feed *)base;
    direct_rest(base);
    kafka_batches_finish(&f->batches);
    buffer_finish(&f->frame);
    arena_finish(&f->arena);
    free(f->topic);
    free(f);
}

static const struct kafka_feed_functions functions = {
    .more = direct_more,
    .seek = direct_seek,
    .ends = direct_ends,
    .rest = direct_rest,
    .close = direct_close,
};

struct kafka_feed *kafka_direct_feed(struct kafka_direct *d, const struct kafka_range *range)
{
    const struct kafka_fetching *how = kafka_direct_fetching(d);
    struct direct_feed *f = MEM_NEW(struct direct_feed);
    f->base.functions = &functions;
    f->direct = d;
    f->topic = mem_text(range->topic.data, range->topic.len);
    f->partition = range->partition;
    buffer_init(&f->frame, LIMIT_RESPONSE);
    arena_init(&f->arena, 0);
    kafka_batches_init(&f->batches, how->committed, how->check_crcs);
    return &f->base;
}
