/*
 * Altering configurations: see alter_configs.h.
 */
#include "broker/alter_configs.h"

#include "base/buffer.h"
#include "base/limits.h"
#include "broker/admin.h"
#include "broker/broker.h"
#include "broker/broker_settings.h"
#include "broker/config_describe.h"
#include "broker/logger.h"
#include "broker/tally.h"
#include "broker/topics.h"

struct altering {
    struct request *request;
    struct alter_configs what;
    int32_t next; /* those before it are done */
    struct tally named;
};

static void refuse(struct alteration *a, struct bytes message)
{
    a->error = KAFKA_INVALID_REQUEST;
    a->message = message;
}

static bool names_key_twice(const struct alteration *a, struct arena *arena)
{
    struct tally keys;
    bool twice = false;
    tally_init(&keys, arena);
    for (int32_t i = 0; i < a->count && !twice; i++) {
        twice = tally_add(&keys, a->changes[i].entry.name) > 0;
    }
    tally_finish(&keys);
    return twice;
}

/* "a, b": the keys that are to be set to null. */
static struct bytes keys_without_value(const struct alteration *a, struct arena *arena)
{
    struct buffer names;
    buffer_init(&names, LIMIT_REQUEST_DEFAULT);
    for (int32_t i = 0; i < a->count; i++) {
        const struct config_change *change = &a->changes[i];
        if (change->operation != CONFIG_DELETE && bytes_is_null(change->entry.value)) {
            buffer_printf(&names, "%s%.*s", names.len > 0 ? ", " : "",
                          BYTES_ARG(change->entry.name));
        }
    }
    struct bytes text =
        names.len > 0 ? arena_copy(arena, buffer_bytes(&names)) : (struct bytes){ 0 };
    buffer_finish(&names);
    return text;
}

static bool is_well_formed(struct alteration *a, struct arena *arena)
{
    if (names_key_twice(a, arena)) {
        refuse(a, bytes_of("Error due to duplicate config keys"));
        return false;
    }
    struct bytes keys = keys_without_value(a, arena);
    if (!bytes_is_null(keys)) {
        refuse(a, arena_printf(arena, "Null value not supported for : %.*s", BYTES_ARG(keys)));
        return false;
    }
    for (int32_t i = 0; i < a->count; i++) {
        if (a->changes[i].operation > CONFIG_SUBTRACT) {
            refuse(a,
                   arena_printf(arena, "Unknown operations type %d", (int)a->changes[i].operation));
            return false;
        }
    }
    return true;
}

/* --- by what is altered --- */

static struct config_changes changes_of(const struct altering *altering, const struct alteration *a)
{
    return (struct config_changes){ .topic = a->resource_name,
                                    .changes = a->changes,
                                    .count = a->count,
                                    .replace_all = altering->what.mode == ALTER_ALL,
                                    .validate_only = altering->what.validate_only };
}

/* Whether the resource is this node; `wrong` is Kafka's sentence when it is another. */
static bool is_this_node(const struct altering *altering, struct alteration *a, const char *wrong)
{
    struct arena *arena = &altering->request->arena;
    int32_t node_id = altering->request->broker->config.node_id;
    int64_t asked = 0;
    if (!bytes_parse_i64(a->resource_name, &asked)) {
        refuse(a, arena_printf(arena, "Node id must be an integer, but it is: %.*s",
                               BYTES_ARG(a->resource_name)));
        return false;
    }
    if (asked != node_id) {
        refuse(a, arena_printf(arena, "%s %d, but received %.*s", wrong, node_id,
                               BYTES_ARG(a->resource_name)));
        return false;
    }
    return true;
}

static void alter_broker(const struct altering *altering, struct alteration *a)
{
    bool for_all = a->resource_name.len == 0;
    if (!for_all && !is_this_node(altering, a, "Unexpected broker id, expected")) {
        return;
    }
    struct config_changes spec = changes_of(altering, a);
    broker_change_settings(altering->request->broker,
                           for_all ? CONFIG_LAYER_CLUSTER : CONFIG_LAYER_NODE, &spec,
                           &altering->request->arena);
    a->error = spec.error;
    a->message = spec.message;
}

static void alter_logger(const struct altering *altering, struct alteration *a)
{
    if (is_this_node(altering, a, "Unexpected node id. Expected")) {
        a->error =
            logger_alter(&altering->request->broker->log, a->changes, a->count,
                         altering->what.validate_only, &altering->request->arena, &a->message);
    }
}

/* Everything but topics. */
static void alter_other(const struct altering *altering, struct alteration *a)
{
    struct arena *arena = &altering->request->arena;
    if (a->resource_type == RESOURCE_BROKER) {
        alter_broker(altering, a);
    } else if (a->resource_type == RESOURCE_BROKER_LOGGER && altering->what.mode == ALTER_SOME) {
        alter_logger(altering, a);
    } else if (a->resource_type == RESOURCE_GROUP || a->resource_type == RESOURCE_CLIENT_METRICS) {
        refuse(a,
               bytes_of("Settings of groups and of client metrics are not served by this broker."));
    } else {
        refuse(a, arena_printf(arena, "Unknown resource type %d", a->resource_type));
    }
}

static struct bytes resource_key(const struct alteration *a, struct arena *arena)
{
    return arena_printf(arena, "%d:%.*s", a->resource_type, BYTES_ARG(a->resource_name));
}

static bool may_be_done(struct altering *altering, struct alteration *a)
{
    struct arena *arena = &altering->request->arena;
    if (tally_count(&altering->named, resource_key(a, arena)) > 1) {
        refuse(a, bytes_of("Each resource must appear at most once."));
        return false;
    }
    return is_well_formed(a, arena);
}

/* Does the next of them; topics are taken together, others go first. */
static void alter_some(struct altering *altering)
{
    struct config_changes specs[TOPICS_PER_STEP];
    struct alteration *topics[TOPICS_PER_STEP];
    int32_t count = 0;
    for (; altering->next < altering->what.count && count < TOPICS_PER_STEP; altering->next++) {
        struct alteration *a = &altering->what.alterations[altering->next];
        if (!may_be_done(altering, a)) {
            continue;
        }
        if (a->resource_type == RESOURCE_TOPIC) {
            specs[count] = changes_of(altering, a);
            topics[count++] = a;
        } else {
            alter_other(altering, a);
        }
    }
    broker_change_topics(altering->request->broker, specs, count, &altering->request->arena);
    for (int32_t i = 0; i < count; i++) {
        topics[i]->error = specs[i].error;
        topics[i]->message = specs[i].message;
    }
}

static bool step(struct admin_job *job)
{
    struct altering *altering = job->state;
    alter_some(altering);
    if (altering->next < altering->what.count) {
        return false;
    }
    tally_finish(&altering->named);
    job->response =
        altering->what.answer(job->request, altering->what.alterations, altering->what.count);
    return true;
}

void alter_configs_submit(struct request *request, const struct alter_configs *what)
{
    struct altering *altering = ARENA_NEW(&request->arena, struct altering, 1);
    altering->request = request;
    altering->what = *what;
    tally_init(&altering->named, &request->arena);
    for (int32_t i = 0; i < what->count; i++) {
        (void)tally_add(&altering->named, resource_key(&what->alterations[i], &request->arena));
    }
    admin_submit(request, step, altering);
}
