/*
 * Single settings set, deleted, appended to and subtracted from: config_apply() of topics_change.h.
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
                        const struct topic_config_key *key,
                        const struct config_change *change)
{
    const struct config_entry *there = find(a, change->entry.name);
    struct bytes list = there ? there->value : bytes_of(key->key.default_text);
    set(a, change->entry.name,
        change->operation == CONFIG_APPEND ? list_with(a->arena, list, change->entry.value)
                                           : list_without(a->arena, list, change->entry.value));
}

static struct bytes apply(struct applying *a, const struct config_change *change)
{
    const struct topic_config_key *key = topic_config_key_find(change->entry.name);
    struct bytes name = change->entry.name;
    if (change->operation == CONFIG_DELETE) {
        drop(a, name);
        return (struct bytes){ 0 };
    }
    bool changes_list = change->operation == CONFIG_APPEND || change->operation == CONFIG_SUBTRACT;
    if (changes_list && (!key || key->key.type != CONFIG_LIST)) {
        return arena_printf(a->arena, "Can't %s to key %.*s because its type is not LIST.",
                            change->operation == CONFIG_APPEND ? "APPEND" : "SUBTRACT",
                            BYTES_ARG(name));
    }
    if (!key) { /* also keeps the list of settings short */
        return arena_printf(a->arena, "Unknown topic config name: %.*s", BYTES_ARG(name));
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

enum kafka_error config_apply(const struct topic_config *before,
                              const struct config_changes *spec,
                              struct arena *arena,
                              struct config_entry **out_entries,
                              int32_t *out_count,
                              struct bytes *out_message)
{
    struct applying a = { .arena = arena };
    a.entries = ARENA_NEW(arena, struct config_entry, (size_t)topic_config_key_count);
    for (int32_t i = 0; !spec->replace_all && i < before->entry_count; i++) {
        a.entries[a.count++] = before->entries[i];
    }
    *out_message = (struct bytes){ 0 };
    for (int32_t i = 0; i < spec->count && bytes_is_null(*out_message); i++) {
        *out_message = apply(&a, &spec->changes[i]);
    }
    *out_entries = a.entries;
    *out_count = a.count;
    return bytes_is_null(*out_message) ? KAFKA_NONE : KAFKA_INVALID_CONFIG;
}
