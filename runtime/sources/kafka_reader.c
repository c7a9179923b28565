/*
 * Reading a range of a Kafka partition: see kafka_reader.h.
 */
#include "sources/kafka_reader.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sources/kafka_cluster.h"
#include "sources/kafka_errors.h"

enum {
    ENOUGH_ROWS = ROWS_PER_BATCH / 4, /* rather a smaller batch than to wait */
    WAIT_SLICE_MS = 100,              /* how soon a stop is seen */
    ENDS_TIMEOUT_MS = 10000,
};

struct kafka_reader {
    struct row_reader base;
    const struct kafka_reading *reading;
    struct kafka_range range;
    struct kafka_place *place;
    struct kafka_feed *feed; /* the place's */
    struct kafka_rows rows;
    int64_t moved_ms; /* when the feed went on last */
};

static bool is_done(const struct kafka_reader *r)
{
    return r->feed->next >= r->range.until;
}

static void warn_gap(const struct kafka_reader *r, int64_t from, int64_t to)
{
    kafka_warn_lost(&r->reading->listener,
                    "Skip missing records in [%" PRId64 ", %" PRId64 ") of %.*s-%" PRId32 ".", from,
                    to, BYTES_ARG(r->range.topic), r->range.partition);
}

/* The next offset is not there: an error, or on from where there are records again. */
static bool go_on_behind_gap(struct kafka_reader *r, struct sql_error *error)
{
    int64_t at = r->feed->next;
    if (r->reading->settings->fail_on_data_loss) {
        return kafka_fail_lost(error,
                               "Could not read records in offset [%" PRId64 ", %" PRId64
                               ") for topic partition %.*s-%" PRId32 "\nwith consumer group %s.",
                               at, r->range.until, BYTES_ARG(r->range.topic), r->range.partition,
                               r->reading->group);
    }
    int64_t first = 0;
    int64_t end = 0;
    int code = r->feed->functions->ends(r->feed, &first, &end, ENDS_TIMEOUT_MS);
    if (code != 0) {
        return kafka_fail_code(error, code);
    }
    if (at >= end || first >= r->range.until) {
        warn_gap(r, at, r->range.until);
        r->feed->next = r->range.until;
        r->feed->started = false; /* whoever reads on begins anew */
        return true;
    }
    if (at < first) {
        warn_gap(r, at, first);
    }
    return r->feed->functions->seek(r->feed, at >= first ? at : first, error);
}

/* Nothing has come for too long. */
static bool give_up(struct kafka_reader *r, struct sql_error *error)
{
    int64_t first = 0;
    int64_t end = 0;
    int code = r->feed->functions->ends(r->feed, &first, &end, ENDS_TIMEOUT_MS);
    if (code == 0 && (r->feed->next < first || r->feed->next >= end)) {
        r->moved_ms = clock_monotonic_ms();
        return go_on_behind_gap(r, error);
    }
    char trouble[300];
    return sql_fail(error, &kafka_timeout,
                    "Cannot fetch record for offset %" PRId64 " in %" PRId64 " milliseconds%s",
                    r->feed->next, r->reading->settings->poll_timeout_ms,
                    kafka_pool_trouble(r->reading->pool, trouble, sizeof(trouble)));
}

/* One step of the feed. *out_enough: there are rows, and nothing more has come yet. */
static bool step(struct kafka_reader *r, bool *out_enough, struct sql_error *error)
{
    const struct kafka_settings *settings = r->reading->settings;
    int64_t left = r->moved_ms + settings->poll_timeout_ms - clock_monotonic_ms();
    int wait_ms = left < WAIT_SLICE_MS ? (left > 0 ? (int)left : 0) : WAIT_SLICE_MS;
    int64_t before = r->feed->next;
    bool enough = r->rows.count >= ENOUGH_ROWS;
    *out_enough = false;
    switch (
        r->feed->functions->more(r->feed, &r->rows, r->range.until, enough ? 0 : wait_ms, error)) {
    case KAFKA_FED_MORE: break;
    case KAFKA_FED_NOTHING:
        *out_enough = enough;
        if (kafka_cancelled(r->reading->cancelled)) {
            return sql_fail(error, &kafka_failure, "The query was stopped");
        }
        return enough || left > 0 || give_up(r, error);
    case KAFKA_FED_GONE: return go_on_behind_gap(r, error);
    case KAFKA_FED_FAILED: return false;
    }
    if (r->feed->next != before) {
        r->moved_ms = clock_monotonic_ms();
    }
    return true;
}

static bool reader_next(struct row_reader *base, struct batch **out, struct sql_error *error)
{
    struct kafka_reader *r = (struct kafka_reader *)base;
    *out = NULL;
    if (is_done(r)) {
        return true;
    }
    kafka_rows_begin(&r->rows, ROWS_PER_BATCH);
    r->moved_ms = clock_monotonic_ms();
    bool enough = false;
    while (!enough && !is_done(r) && !kafka_rows_full(&r->rows)) {
        if (!step(r, &enough, error)) {
            return false;
        }
    }
    if (r->rows.count > 0) {
        *out = kafka_rows_take(&r->rows);
    }
    return true;
}

static void reader_close(struct row_reader *base)
{
    struct kafka_reader *r = (struct kafka_reader *)base;
    kafka_pool_release(r->reading->pool, r->place);
    kafka_rows_finish(&r->rows);
    free(r);
}

struct row_reader *kafka_reader_open(const struct kafka_reading *reading,
                                     const struct kafka_range *range,
                                     struct sql_error *error)
{
    struct kafka_place *place = kafka_pool_acquire(reading->pool, range, error);
    if (!place) {
        return NULL;
    }
    struct kafka_reader *r = MEM_NEW(struct kafka_reader);
    r->base = (struct row_reader){ .next = reader_next, .close = reader_close };
    r->reading = reading;
    r->range = *range;
    r->place = place;
    r->feed = place->feed;
    kafka_rows_init(&r->rows, &reading->projection, range->topic, range->partition);
    return &r->base;
}
