/*
 * Single settings of a topic or a broker set, deleted, appended to and subtracted from: config_apply() of topics_change.h.
 *
 * Source: ConfigurationControlManager.incrementalAlterConfigResource. Only keys whose value is a list can be appended to;
 * a list that was never set counts as its default, so that "append compact" gives "delete,compact".
 */
#include <string.h>

#include "broker/topics_change.h"

enum {
    VALUE_SIZE_MAX = 32767 /* Short.MAX_VALUE: what a record of Kafka's metadata log can hold */
};

struct applying {
    enum config_subject_kind kind;
    struct arena *arena;
    struct config_entry *entries;
    int32_t count;
};

static struct config_entry *find(struct applying *a, struct bytes name)
{
    for (int32_t i = 0; i < a->count; i++) {
        if (bytes_equal(a->entries[i].name, name)) {
            return &a->entries[i];
        }
    }
    return NULL;
}

static void set(struct applying *a, struct bytes name, struct bytes value)
{
    struct config_entry *there = find(a, name);
    if (!there) {
        there = &a->entries[a->count++];
    }
    *there = (struct config_entry){ name, value };
}

static void drop(struct applying *a, struct bytes name)
{
    struct config_entry *there = find(a, name);
    if (there) {
        memmove(there, there + 1,
                (size_t)(&a->entries[a->count] - (there + 1)) * sizeof(*a->entries));
        a->count--;
    }
}

static bool list_has(struct bytes list, struct bytes word)
{
    struct bytes item;
    while (bytes_cut(&list, ',', &item)) {
        if (bytes_equal(item, word)) {
            return true;
        }
    }
    return false;
}

/* The items of `list` that are not in `others`, with commas between them. */
static struct bytes list_without(struct arena *arena, struct bytes list, struct bytes others)
{
    struct bytes item;
    char *text = ARENA_NEW(arena, char, list.len + 1);
    size_t len = 0;
    while (bytes_cut(&list, ',', &item)) {
        if (item.len == 0 || list_has(others, item)) {
            continue;
        }
        if (len > 0) {
            text[len++] = ',';
        }
        memcpy(text + len, item.data, item.len);
        len += item.len;
    }
    return (struct bytes){ (const uint8_t *)text, len };
}

static struct bytes list_with(struct arena *arena, struct bytes list, struct bytes more)
{
    struct bytes added = list_without(arena, more, list);
    return arena_printf(arena, "%.*s%s%.*s", BYTES_ARG(list), list.len && added.len ? "," : "",
                        BYTES_ARG(added));
}

static void change_list(struct applying *a,
                        const struct config_key *key,
                        const struct config_change *change)
{
    const struct config_entry *there = find(a, change->entry.name);
    struct bytes list = there ? there->value : bytes_of(key->default_text ? key->default_text : "");
    set(a, change->entry.name,
        change->operation == CONFIG_APPEND ? list_with(a->arena, list, change->entry.value)
                                           : list_without(a->arena, list, change->entry.value));
}

static const struct config_key *find_key(const struct applying *a, struct bytes name)
{
    if (a->kind == CONFIG_OF_BROKER) {
        return config_key_find(broker_config_keys, broker_config_key_count, name);
    }
    const struct topic_config_key *key = topic_config_key_find(name);
    return key ? &key->key : NULL;
}

static struct bytes no_list(const struct applying *a, const struct config_change *change)
{
    bool appends = change->operation == CONFIG_APPEND;
    return a->kind == CONFIG_OF_BROKER
               ? arena_printf(a->arena, "Config value %s is not allowed for config key: %.*s",
                              appends ? "append" : "subtract", BYTES_ARG(change->entry.name))
               : arena_printf(a->arena, "Can't %s to key %.*s because its type is not LIST.",
                              appends ? "APPEND" : "SUBTRACT", BYTES_ARG(change->entry.name));
}

static struct bytes apply(struct applying *a, const struct config_change *change)
{
    const struct config_key *key = find_key(a, change->entry.name);
    struct bytes name = change->entry.name;
    if (change->operation == CONFIG_DELETE) {
        drop(a, name);
        return (struct bytes){ 0 };
    }
    bool changes_list = change->operation == CONFIG_APPEND || change->operation == CONFIG_SUBTRACT;
    if (changes_list && (!key || key->type != CONFIG_LIST)) {
        return no_list(a, change);
    }
    if (!key) { /* also keeps the list of settings short */
        return arena_printf(a->arena, "Unknown %s config name: %.*s",
                            a->kind == CONFIG_OF_BROKER ? "broker" : "topic", BYTES_ARG(name));
    }
    if (change->entry.value.len > VALUE_SIZE_MAX) {
        return arena_printf(a->arena,
                            "The configuration value cannot be added because it exceeds the "
                            "maximum value size of %d bytes.",
                            VALUE_SIZE_MAX);
    }
    if (changes_list) {
        change_list(a, key, change);
    } else {
        set(a, name, change->entry.value);
    }
    return (struct bytes){ 0 };
}

enum kafka_error config_apply(const struct config_subject *subject,
                              const struct config_changes *spec,
                              struct arena *arena,
                              struct config_entry **out_entries,
                              int32_t *out_count,
                              struct bytes *out_message)
{
    struct applying a = { .kind = subject->kind, .arena = arena };
    /* What is set is known, and so are the keys that come; no key twice. */
    int known =
        subject->kind == CONFIG_OF_BROKER ? broker_config_key_count : topic_config_key_count;
    a.entries = ARENA_NEW(arena, struct config_entry, (size_t)known);
    for (int32_t i = 0; !spec->replace_all && i < subject->entry_count; i++) {
        a.entries[a.count++] = subject->entries[i];
    }
    *out_message = (struct bytes){ 0 };
    for (int32_t i = 0; i < spec->count && bytes_is_null(*out_message); i++) {
        *out_message = apply(&a, &spec->changes[i]);
    }
    *out_entries = a.entries;
    *out_count = a.count;
    return bytes_is_null(*out_message) ? KAFKA_NONE : KAFKA_INVALID_CONFIG;
}
