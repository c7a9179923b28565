/*
 * What a Kafka source asks a cluster: see kafka_cluster.h.
 */
#include "sources/kafka_cluster.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sources/kafka_config.h"
#include "sources/kafka_errors.h"
#include "sources/kafka_topics.h"

struct kafka_cluster {
    const struct kafka_settings *settings;
    const atomic_bool *cancelled;
    struct kafka_pool *pool;
    struct kafka_topics *topics;
    struct kafka_admin *admin;
    const struct kafka_listener *listener;
    bool again; /* the last failure may pass */
};

/* A pause before the next attempt; false: cancelled meanwhile. */
static bool pause_ms(struct kafka_cluster *c, int64_t ms)
{
    enum { SLICE_MS = 20 };
    int64_t until = clock_monotonic_ms() + ms;
    for (int64_t left = ms; left > 0 && !kafka_cancelled(c->cancelled);
         left = until - clock_monotonic_ms()) {
        int64_t slice = left < SLICE_MS ? left : SLICE_MS;
        struct timespec time = { .tv_nsec = slice * 1000000 };
        nanosleep(&time, NULL);
    }
    return !kafka_cancelled(c->cancelled);
}

/* --- making and closing --- */

struct kafka_cluster *kafka_cluster_new(const struct kafka_settings *settings,
                                        struct kafka_pool *pool,
                                        const atomic_bool *cancelled,
                                        const struct kafka_listener *listener,
                                        struct sql_error *error)
{
    struct kafka_topics *topics = kafka_topics_new(settings, error);
    if (!topics) {
        return NULL;
    }
    struct kafka_cluster *c = MEM_NEW(struct kafka_cluster);
    struct kafka_direct *direct = kafka_pool_direct(pool);
    c->settings = settings;
    c->pool = pool;
    c->cancelled = cancelled;
    c->listener = listener;
    c->topics = topics;
    c->admin = direct ? kafka_admin_direct(direct)
                      : kafka_admin_native(settings, kafka_pool_troubles(pool));
    return c;
}

void kafka_cluster_free(struct kafka_cluster *c)
{
    if (!c) {
        return;
    }
    c->admin->functions->close(c->admin);
    kafka_topics_free(c->topics);
    free(c);
}

static bool fail_code(struct kafka_cluster *c, int code, struct sql_error *error)
{
    c->again = kafka_code_is_passing(code);
    kafka_fail_code(error, code);
    if (code == RD_KAFKA_RESP_ERR__TIMED_OUT || code == RD_KAFKA_RESP_ERR__TRANSPORT) {
        char suffix[300];
        sql_error_add(error, "%s", kafka_pool_trouble(c->pool, suffix, sizeof(suffix)));
    }
    return false;
}

/* --- offsets --- */

static struct kafka_call call_of(const struct kafka_cluster *c, struct arena *arena)
{
    return (struct kafka_call){ c->cancelled, kafka_api_timeout_ms(c->settings), arena,
                                c->listener };
}

/* Each item's offset says what is asked: KAFKA_LATEST, KAFKA_EARLIEST or a time. -1 comes back where no record is that late. */
static bool look_up(struct kafka_cluster *c,
                    struct arena *arena,
                    struct kafka_offsets *items,
                    struct sql_error *error)
{
    struct kafka_call call = call_of(c, arena);
    int code = items->count > 0 ? c->admin->functions->offsets(c->admin, &call, items) : 0;
    return code == 0 || fail_code(c, code, error);
}

static bool is_end(int64_t offset)
{
    return offset == KAFKA_LATEST || offset == KAFKA_EARLIEST;
}

/* Of a negative number Kafka's protocol may make something else, depending on its version. */
static bool is_time_or_end(int64_t offset)
{
    return offset >= KAFKA_EARLIEST;
}

/* The same for those only that are `asked`. */
static bool look_up_those(struct kafka_cluster *c,
                          struct arena *arena,
                          struct kafka_offsets *items,
                          bool (*asked)(int64_t offset),
                          struct sql_error *error)
{
    struct kafka_offsets some = { 0, ARENA_NEW(arena, struct kafka_offset, (size_t)items->count) };
    int32_t *places = ARENA_NEW(arena, int32_t, (size_t)items->count);
    for (int32_t i = 0; i < items->count; i++) {
        if (asked(items->items[i].offset)) {
            places[some.count] = i;
            some.items[some.count++] = items->items[i];
        }
    }
    if (!look_up(c, arena, &some, error)) {
        return false;
    }
    for (int32_t i = 0; i < some.count; i++) {
        items->items[places[i]].offset = some.items[i].offset;
    }
    return true;
}

static bool assigned(struct kafka_cluster *c,
                     struct arena *arena,
                     struct kafka_offsets *out,
                     struct sql_error *error)
{
    struct kafka_call call = call_of(c, arena);
    struct kafka_topic_list list = { 0 };
    int32_t count = 0;
    const struct bytes *names = kafka_topics_names(c->topics, &count);
    int code = 0;
    for (int32_t i = 0; code == 0 && i < count; i++) {
        code = kafka_topic_possible(names[i]) ? 0 : RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION;
    }
    if (code == 0 && !kafka_topics_none(c->topics)) {
        code = c->admin->functions->topics(c->admin, &call, names, count, &list);
    }
    if (code == 0) {
        code = kafka_topics_pick(c->topics, &list, arena, out);
    }
    return code == 0 || fail_code(c, code, error);
}

static void set_offsets(struct kafka_offsets *items, int64_t offset)
{
    for (int32_t i = 0; i < items->count; i++) {
        items->items[i].offset = offset;
    }
}

/* --- questions, asked again when they fail --- */

struct question {
    bool (*ask)(struct kafka_cluster *c, struct question *q, struct sql_error *error);
    struct arena *arena;
    int64_t offset; /* KAFKA_LATEST, KAFKA_EARLIEST */
    const struct kafka_offsets *known;
    const struct kafka_bound *bound;
    enum kafka_bound_use use;
    struct kafka_offsets *out;
};

static bool ask(struct kafka_cluster *c, struct question *q, struct sql_error *error)
{
    int64_t attempts = c->settings->fetch_attempts;
    for (int64_t attempt = 1;; attempt++) {
        struct sql_error failure = { 0 };
        c->again = false;
        if (q->ask(c, q, &failure)) {
            return true;
        }
        c->admin->functions->reset(c->admin);
        if (!c->again || attempt >= attempts || kafka_cancelled(c->cancelled) ||
            !pause_ms(c, c->settings->fetch_interval_ms)) {
            *error = failure;
            return false;
        }
        sql_error_finish(&failure);
    }
}

static bool ask_ends(struct kafka_cluster *c, struct question *q, struct sql_error *error)
{
    if (!assigned(c, q->arena, q->out, error)) {
        return false;
    }
    set_offsets(q->out, q->offset);
    return look_up(c, q->arena, q->out, error);
}

bool kafka_cluster_latest(struct kafka_cluster *c,
                          struct arena *arena,
                          struct kafka_offsets *out,
                          struct sql_error *error)
{
    struct question q = { .ask = ask_ends, .arena = arena, .offset = KAFKA_LATEST, .out = out };
    return ask(c, &q, error);
}

bool kafka_cluster_earliest(struct kafka_cluster *c,
                            struct arena *arena,
                            struct kafka_offsets *out,
                            struct sql_error *error)
{
    struct question q = { .ask = ask_ends, .arena = arena, .offset = KAFKA_EARLIEST, .out = out };
    return ask(c, &q, error);
}

static bool has_shrunk(const struct kafka_offsets *known, const struct kafka_offsets *now)
{
    for (int32_t i = 0; i < now->count; i++) {
        const struct kafka_offset *before = kafka_offsets_find(known, &now->items[i]);
        if (before && before->offset > now->items[i].offset) {
            return true;
        }
    }
    return false;
}

static bool ask_latest_since(struct kafka_cluster *c, struct question *q, struct sql_error *error)
{
    for (int64_t attempt = 1;; attempt++) {
        if (!ask_ends(c, q, error)) {
            return false;
        }
        if (!has_shrunk(q->known, q->out) || attempt >= c->settings->fetch_attempts ||
            !pause_ms(c, c->settings->fetch_interval_ms)) {
            return true;
        }
    }
}

bool kafka_cluster_latest_since(struct kafka_cluster *c,
                                struct arena *arena,
                                const struct kafka_offsets *known,
                                struct kafka_offsets *out,
                                struct sql_error *error)
{
    struct question q = {
        .ask = ask_latest_since, .arena = arena, .offset = KAFKA_LATEST, .known = known, .out = out
    };
    return ask(c, &q, error);
}

static bool ask_earliest_of(struct kafka_cluster *c, struct question *q, struct sql_error *error)
{
    struct kafka_offsets now;
    if (!assigned(c, q->arena, &now, error)) {
        return false;
    }
    struct kafka_offsets some = { 0, ARENA_NEW(q->arena, struct kafka_offset,
                                               (size_t)q->known->count) };
    for (int32_t i = 0; i < q->known->count; i++) {
        if (kafka_offsets_find(&now, &q->known->items[i])) {
            some.items[some.count++] = q->known->items[i];
        }
    }
    set_offsets(&some, KAFKA_EARLIEST);
    *q->out = some;
    return look_up(c, q->arena, &some, error);
}

bool kafka_cluster_earliest_of(struct kafka_cluster *c,
                               struct arena *arena,
                               const struct kafka_offsets *partitions,
                               struct kafka_offsets *out,
                               struct sql_error *error)
{
    if (partitions->count == 0) {
        *out = (struct kafka_offsets){ 0 };
        return true;
    }
    struct question q = { .ask = ask_earliest_of, .arena = arena, .known = partitions, .out = out };
    return ask(c, &q, error);
}

/* --- bounds --- */

static bool check_specified(const struct question *q,
                            const struct kafka_offsets *now,
                            struct sql_error *error)
{
    const struct kafka_offsets *specified = &q->bound->offsets;
    if (kafka_offsets_same_partitions(specified, now)) {
        return true;
    }
    if (q->bound->kind == KAFKA_BOUND_TIMESTAMPS) {
        char text[320];
        (void)snprintf(
            text, sizeof(text),
            "Partitions specified for Kafka timestamp based %s offsets don't match what are assigned. "
            "Maybe topic partitions are created \n"
            "or deleted while the query is running, or you didn't specify all the partitions.",
            q->use == KAFKA_BATCH_END ? "end" : "start");
        return kafka_fail_assigned(error, &kafka_illegal_state, text, specified, now);
    }
    if (q->use == KAFKA_STREAM_START) {
        return kafka_fail_assigned(
            error, &kafka_assertion,
            "assertion failed: If startingOffsets contains specific offsets, you must specify "
            "all TopicPartitions.\nUse -1 for latest, -2 for earliest, if you don't care.",
            specified, now);
    }
    return kafka_fail_assigned(
        error, &kafka_illegal_state,
        "Partitions specified for Kafka start offsets don't match what are assigned. Maybe topic "
        "partitions are created \n"
        "or deleted while the query is running. Use -1 for latest, -2 for earliest.",
        specified, now);
}

/* Times to offsets. Where no record is that late: the end, or an error. */
static bool look_up_times(struct kafka_cluster *c, struct question *q, struct sql_error *error)
{
    struct kafka_offsets times = kafka_offsets_copy(q->arena, q->out);
    if (!look_up_those(c, q->arena, q->out, is_time_or_end, error)) {
        return false;
    }
    for (int32_t i = 0; i < times.count; i++) {
        bool asked = is_time_or_end(times.items[i].offset);
        q->out->items[i].offset = asked ? q->out->items[i].offset : KAFKA_LATEST;
    }
    if (q->use == KAFKA_BATCH_END || q->bound->latest_if_none) {
        return true; /* -1 stays, and means the end */
    }
    int32_t *order = ARENA_NEW(q->arena, int32_t, (size_t)times.count);
    kafka_order_partitions(&times, order);
    for (int32_t i = 0; i < times.count; i++) {
        const struct kafka_offset *p = &times.items[order[i]];
        if (q->out->items[order[i]].offset == KAFKA_LATEST) {
            return sql_fail(error, &kafka_illegal_argument,
                            "No offset matched from request of topic-partition %.*s-%" PRId32
                            " and timestamp %" PRId64 ".",
                            BYTES_ARG(p->topic), p->partition, p->offset);
        }
    }
    return true;
}

static bool ask_bound(struct kafka_cluster *c, struct question *q, struct sql_error *error)
{
    const struct kafka_bound *bound = q->bound;
    if (!assigned(c, q->arena, q->out, error)) {
        return false;
    }
    bool ok = true;
    switch (bound->kind) {
    case KAFKA_BOUND_EARLIEST: set_offsets(q->out, KAFKA_EARLIEST); break;
    case KAFKA_BOUND_LATEST: set_offsets(q->out, KAFKA_LATEST); break;
    case KAFKA_BOUND_TIMESTAMP:
        set_offsets(q->out, bound->timestamp_ms);
        ok = look_up_times(c, q, error);
        break;
    case KAFKA_BOUND_OFFSETS:
    case KAFKA_BOUND_TIMESTAMPS:
        ok = check_specified(q, q->out, error);
        if (ok) {
            *q->out = kafka_offsets_copy(q->arena, &bound->offsets);
            ok = bound->kind == KAFKA_BOUND_OFFSETS || look_up_times(c, q, error);
        }
        break;
    }
    return ok && look_up_those(c, q->arena, q->out, is_end, error);
}

bool kafka_cluster_bound(struct kafka_cluster *c,
                         struct arena *arena,
                         const struct kafka_bound *bound,
                         enum kafka_bound_use use,
                         struct kafka_offsets *out,
                         struct sql_error *error)
{
    struct question q = {
        .ask = ask_bound, .arena = arena, .bound = bound, .use = use, .out = out
    };
    return ask(c, &q, error);
}
