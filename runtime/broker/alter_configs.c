/*
 * Altering configurations: see alter_configs.h.
 */
#include "broker/alter_configs.h"

#include "base/buffer.h"
#include "base/limits.h"
#include "broker/broker.h"
#include "broker/config_describe.h"
#include "broker/tally.h"

struct altering {
    struct request *request;
    enum alter_mode mode;
    bool validate_only;
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
                   arena_printf(arena, "Unknown operation %d for key %.*s",
                                (int)a->changes[i].operation, BYTES_ARG(a->changes[i].entry.name)));
            return false;
        }
    }
    return true;
}

/* --- by what is altered --- */

static bool is_dynamic(struct bytes name)
{
    const struct config_key *key =
        config_key_find(broker_config_keys, broker_config_key_count, name);
    return key && key->dynamic;
}

static void alter_broker(const struct altering *altering, struct alteration *a)
{
    struct arena *arena = &altering->request->arena;
    int32_t node_id = altering->request->broker->config.node_id;
    int64_t asked = node_id;
    if (a->resource_name.len > 0 && !bytes_parse_i64(a->resource_name, &asked)) {
        refuse(a, arena_printf(arena, "Node id must be an integer, but it is: %.*s",
                               BYTES_ARG(a->resource_name)));
        return;
    }
    if (asked != node_id) {
        refuse(a, arena_printf(arena, "Unexpected broker id, expected %d, but received %.*s",
                               node_id, BYTES_ARG(a->resource_name)));
        return;
    }
    for (int32_t i = 0; i < a->count; i++) {
        struct bytes name = a->changes[i].entry.name;
        if (!is_dynamic(name)) {
            refuse(a, arena_printf(arena, "Cannot update these configs dynamically: [%.*s]",
                                   BYTES_ARG(name)));
            return;
        }
    }
    if (a->count > 0) {
        refuse(a, arena_printf(
                      arena,
                      "This broker does not change its own settings while it runs: put "
                      "%.*s into server.properties, or behind --override, and start it again.",
                      BYTES_ARG(a->changes[0].entry.name)));
    }
}

static void alter_topic(const struct altering *altering, struct alteration *a)
{
    struct config_changes spec = { .topic = a->resource_name,
                                   .changes = a->changes,
                                   .count = a->count,
                                   .replace_all = altering->mode == ALTER_ALL,
                                   .validate_only = altering->validate_only };
    a->error = topic_change_config(altering->request->broker, &spec, &altering->request->arena,
                                   &a->message);
}

static void alter(const struct altering *altering, struct alteration *a)
{
    struct arena *arena = &altering->request->arena;
    if (!is_well_formed(a, arena)) {
        return;
    }
    if (a->resource_type == RESOURCE_TOPIC) {
        alter_topic(altering, a);
    } else if (a->resource_type == RESOURCE_BROKER) {
        alter_broker(altering, a);
    } else if (a->resource_type == RESOURCE_BROKER_LOGGER) {
        refuse(a, bytes_of("The level of the logger is fixed."));
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

void alter_configs(struct request *request,
                   struct alteration *alterations,
                   int32_t count,
                   enum alter_mode mode,
                   bool validate_only)
{
    struct altering altering = { request, mode, validate_only };
    struct tally named;
    tally_init(&named, &request->arena);
    for (int32_t i = 0; i < count; i++) {
        (void)tally_add(&named, resource_key(&alterations[i], &request->arena));
    }
    for (int32_t i = 0; i < count; i++) {
        if (tally_count(&named, resource_key(&alterations[i], &request->arena)) > 1) {
            refuse(&alterations[i], bytes_of("Each resource must appear at most once."));
        } else {
            alter(&altering, &alterations[i]);
        }
    }
    tally_finish(&named);
}
