/*
 * Fuzz target: whatever settings a client gives a topic, they are taken or refused with a sentence; what is taken shows the text
 * that was given, and stays in the bounds that the log relies on.
 *
 * Input: key=value lines. A value that is not there is null.
 */
#include <assert.h>

#include "base/arena.h"
#include "base/error.h"
#include "broker/topic_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ENTRIES_MAX = 64 };

static int32_t read_entries(struct bytes input, struct config_entry *out)
{
    int32_t count = 0;
    struct bytes line;
    while (count < ENTRIES_MAX && bytes_cut(&input, '\n', &line)) {
        struct config_entry *entry = &out[count++];
        (void)bytes_cut(&line, '=', &entry->name);
        entry->value = line; /* null without a '=' */
    }
    return count;
}

static void look_at(const struct topic_config *config,
                    const struct broker_config *broker,
                    struct arena *arena)
{
    assert(config->log.segment_bytes > 0);
    assert(config->log.max_message_bytes >= 0);
    assert(config->log.index_interval_bytes >= 0);
    assert(config->log.compacted || config->log.deletes || config->entry_count > 0);
    for (int i = 0; i < topic_config_key_count; i++) {
        const char *name = topic_config_keys[i].key.name;
        const struct config_entry *entry = topic_config_entry(config, name);
        const char *text = topic_config_text(config, broker, name);
        assert(!entry || bytes_is_null(entry->value) ||
               (text && bytes_equal_text(entry->value, text)));
        (void)topic_config_shown(config, broker, &topic_config_keys[i], arena);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config_entry entries[ENTRIES_MAX];
    struct broker_config broker;
    struct topic_config *config;
    struct arena arena;
    struct weir_error err = { 0 };
    arena_init(&arena, 0);
    broker_config_init(&broker);
    enum weir_status rc = broker_config_complete(&broker, &err);
    assert(rc == WEIR_OK);
    int32_t count = read_entries((struct bytes){ data, size }, entries);
    if (topic_config_create(&broker, entries, count, &config, &err) == WEIR_OK) {
        look_at(config, &broker, &arena);
        topic_config_unref(config);
    } else {
        assert(err.message[0] != '\0');
    }
    broker_config_finish(&broker);
    arena_finish(&arena);
    return 0;
}
