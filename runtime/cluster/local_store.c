/*
 * Metadata of a single node: see local_store.h.
 */
#include "cluster/local_store.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/mem.h"

static const char file_name[] = "weir.metadata";
static const char first_line[] = "weir-metadata 1";
static const char advice[] = "; restore the file, or remove it to have the topics found by their "
                             "folders, without their configurations";

enum { FILE_MAX_BYTES = 64 << 20 };

static struct bytes owned_copy(struct bytes b)
{
    return (struct bytes){ (uint8_t *)mem_text(b.data, b.len), b.len };
}

static void free_bytes(struct bytes b)
{
    free((void *)(uintptr_t)b.data);
}

static void free_settings(struct stored_settings *settings)
{
    for (int32_t i = 0; i < settings->count; i++) {
        free_bytes(settings->configs[i].name);
        free_bytes(settings->configs[i].value);
    }
    free(settings->configs);
}

static void free_topic(struct stored_topic *topic)
{
    if (!topic) {
        return;
    }
    free_settings(&(struct stored_settings){ topic->configs, topic->config_count });
    free_bytes(topic->name);
    free(topic);
}

static void add_setting(struct stored_settings *settings, struct bytes name, struct bytes value)
{
    settings->configs =
        mem_resize(settings->configs, (size_t)settings->count + 1, sizeof(*settings->configs));
    settings->configs[settings->count++] =
        (struct stored_config){ owned_copy(name), owned_copy(value) };
}

static void add_config(struct stored_topic *topic, struct bytes name, struct bytes value)
{
    struct stored_settings settings = { topic->configs, topic->config_count };
    add_setting(&settings, name, value);
    topic->configs = settings.configs;
    topic->config_count = settings.count;
}

static struct stored_topic *copy_topic(const struct stored_topic *from)
{
    struct stored_topic *topic = MEM_NEW(struct stored_topic);
    topic->name = owned_copy(from->name);
    topic->id = from->id;
    topic->partition_count = from->partition_count;
    topic->leader_epoch = from->leader_epoch;
    for (int32_t i = 0; i < from->config_count; i++) {
        add_config(topic, from->configs[i].name, from->configs[i].value);
    }
    return topic;
}

/* --- reading --- */

struct reading {
    struct local_store *store;
    struct stored_topic *topic; /* the last one read: what `config` lines are about */
    bool ended;
};

static bool read_topic(struct reading *r, struct bytes rest)
{
    struct stored_topic topic = { 0 };
    struct bytes name;
    struct bytes id;
    struct bytes count;
    int64_t partitions = 0;
    int64_t epoch = 0; /* older files have none */
    if (!bytes_cut(&rest, ' ', &name) || !bytes_cut(&rest, ' ', &id) ||
        !uuid_parse(id, &topic.id) || !bytes_cut(&rest, ' ', &count) ||
        !bytes_parse_i64(count, &partitions) || partitions < 1 ||
        partitions > LIMIT_PARTITIONS_PER_TOPIC || name.len == 0 || name.len > LIMIT_TOPIC_NAME) {
        return false;
    }
    if (!bytes_is_null(rest) &&
        (!bytes_parse_i64(rest, &epoch) || epoch < 0 || epoch >= INT32_MAX)) {
        return false;
    }
    topic.name = name;
    topic.partition_count = (int32_t)partitions;
    topic.leader_epoch = (int32_t)epoch;
    r->topic = copy_topic(&topic);
    free_topic(map_put(&r->store->topics, name, r->topic));
    return true;
}

/* "retention.ms 60000": the value is the rest of the line. */
static bool read_setting(struct bytes rest, struct stored_settings *settings)
{
    struct bytes name;
    if (!bytes_cut(&rest, ' ', &name) || bytes_is_null(rest)) {
        return false;
    }
    add_setting(settings, name, rest);
    return true;
}

static bool read_line(struct reading *r, struct bytes line)
{
    struct bytes word;
    struct bytes rest = line;
    int64_t number = 0;
    if (r->ended || bytes_has_control(line) || !bytes_cut(&rest, ' ', &word)) {
        return false;
    }
    if (bytes_equal_text(word, "topic")) {
        return read_topic(r, rest);
    }
    if (bytes_equal_text(word, "config") && r->topic) {
        struct stored_settings settings = { r->topic->configs, r->topic->config_count };
        bool read = read_setting(rest, &settings);
        r->topic->configs = settings.configs;
        r->topic->config_count = settings.count;
        return read;
    }
    if (bytes_equal_text(word, "cluster-config")) {
        return read_setting(rest, &r->store->settings[STORED_CLUSTER]);
    }
    if (bytes_equal_text(word, "broker-config")) {
        return read_setting(rest, &r->store->settings[STORED_NODE]);
    }
    if (bytes_equal_text(word, "producer-ids")) {
        return bytes_parse_i64(rest, &r->store->producer_id_end) && r->store->producer_id_end >= 0;
    }
    r->ended = bytes_equal_text(word, "end") && bytes_parse_i64(rest, &number) &&
               number == (int64_t)r->store->topics.count;
    return r->ended;
}

static enum weir_status parse(struct local_store *store, struct bytes text, struct weir_error *err)
{
    struct reading r = { .store = store };
    struct bytes line;
    int number = 1;
    if (!bytes_cut(&text, '\n', &line) || !bytes_equal_text(line, first_line)) {
        return weir_fail(err, WEIR_ECORRUPT, "%s does not begin with '%s'%s", file_name, first_line,
                         advice);
    }
    while (bytes_cut(&text, '\n', &line) && (line.len > 0 || !bytes_is_null(text))) {
        number++;
        if (!read_line(&r, line)) {
            return weir_fail(err, WEIR_ECORRUPT, "%s line %d cannot be read: '%.*s'%s", file_name,
                             number, BYTES_ARG(line), advice);
        }
    }
    return r.ended ? WEIR_OK
                   : weir_fail(err, WEIR_ECORRUPT, "%s is cut short%s", file_name, advice);
}

enum weir_status local_store_open(int root_fd,
                                  struct local_store **out_store,
                                  struct weir_error *err)
{
    struct local_store *store = MEM_NEW(struct local_store);
    store->root_fd = root_fd;
    struct buffer text;
    buffer_init(&text, FILE_MAX_BYTES);
    enum weir_status rc = file_read(root_fd, file_name, &text, err);
    if (rc == WEIR_OK) {
        store->was_there = true;
        rc = parse(store, buffer_bytes(&text), err);
    } else if (rc == WEIR_ENOTFOUND) {
        rc = WEIR_OK;
    }
    buffer_finish(&text);
    if (rc < 0) {
        local_store_close(store);
        return rc;
    }
    *out_store = store;
    return WEIR_OK;
}

void local_store_close(struct local_store *store)
{
    if (!store) {
        return;
    }
    for (size_t i = 0; i < store->topics.count; i++) {
        free_topic(store->topics.entries[i].value);
    }
    map_finish(&store->topics);
    for (int scope = 0; scope < STORED_SCOPE_COUNT; scope++) {
        free_settings(&store->settings[scope]);
    }
    free(store);
}

/* --- writing --- */

static void print_settings(struct buffer *out,
                           const char *word,
                           const struct stored_settings *settings)
{
    for (int32_t i = 0; i < settings->count; i++) {
        buffer_printf(out, "%s %.*s %.*s\n", word, BYTES_ARG(settings->configs[i].name),
                      BYTES_ARG(settings->configs[i].value));
    }
}

static void print_topic(struct buffer *out, const struct stored_topic *topic)
{
    char id[UUID_TEXT_SIZE];
    uuid_format(&topic->id, id);
    buffer_printf(out, "topic %.*s %s %d %d\n", BYTES_ARG(topic->name), id, topic->partition_count,
                  topic->leader_epoch);
    print_settings(out, "config", &(struct stored_settings){ topic->configs, topic->config_count });
}

static enum weir_status save(const struct local_store *store, struct weir_error *err)
{
    struct buffer out;
    buffer_init(&out, FILE_MAX_BYTES);
    buffer_printf(&out, "%s\nproducer-ids %lld\n", first_line, (long long)store->producer_id_end);
    print_settings(&out, "cluster-config", &store->settings[STORED_CLUSTER]);
    print_settings(&out, "broker-config", &store->settings[STORED_NODE]);
    for (size_t i = 0; i < store->topics.count; i++) {
        print_topic(&out, store->topics.entries[i].value);
    }
    buffer_printf(&out, "end %zu\n", store->topics.count);
    enum weir_status rc =
        out.overflow ? weir_fail(err, WEIR_ETOOBIG, "too many topics for %s", file_name)
                     : file_replace(store->root_fd, file_name, buffer_bytes(&out), true, err);
    buffer_finish(&out);
    return rc;
}

/* Makes one change in memory; returns what was there before. */
static struct stored_topic *swap_topic(struct local_store *store,
                                       struct bytes name,
                                       struct stored_topic *topic)
{
    return topic ? map_put(&store->topics, name, topic) : map_remove(&store->topics, name);
}

enum weir_status local_store_change(struct local_store *store,
                                    const struct stored_change *changes,
                                    size_t count,
                                    struct weir_error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (!changes[i].topic && !map_get(&store->topics, changes[i].name)) {
            return weir_fail(err, WEIR_ENOTFOUND, "there is no topic %.*s",
                             BYTES_ARG(changes[i].name));
        }
    }
    struct stored_topic **before = mem_zalloc(count, sizeof(struct stored_topic *));
    for (size_t i = 0; i < count; i++) {
        struct stored_topic *topic = changes[i].topic ? copy_topic(changes[i].topic) : NULL;
        before[i] = swap_topic(store, changes[i].name, topic);
    }
    enum weir_status rc = save(store, err);
    for (size_t i = 0; i < count; i++) {
        free_topic(rc < 0 ? swap_topic(store, changes[i].name, before[i]) : before[i]);
    }
    free((void *)before);
    return rc;
}

enum weir_status local_store_set_settings(struct local_store *store,
                                          enum stored_scope scope,
                                          const struct stored_settings *settings,
                                          struct weir_error *err)
{
    struct stored_settings before = store->settings[scope];
    store->settings[scope] = (struct stored_settings){ 0 };
    for (int32_t i = 0; i < settings->count; i++) {
        add_setting(&store->settings[scope], settings->configs[i].name, settings->configs[i].value);
    }
    enum weir_status rc = save(store, err);
    if (rc < 0) {
        struct stored_settings failed = store->settings[scope];
        store->settings[scope] = before;
        before = failed;
    }
    free_settings(&before);
    return rc;
}

void local_store_adopt_topic(struct local_store *store, const struct stored_topic *topic)
{
    free_topic(map_put(&store->topics, topic->name, copy_topic(topic)));
}

enum weir_status local_store_set_producer_id_end(struct local_store *store,
                                                 int64_t end,
                                                 struct weir_error *err)
{
    int64_t before = store->producer_id_end;
    store->producer_id_end = end;
    enum weir_status rc = save(store, err);
    if (rc < 0) {
        store->producer_id_end = before;
    }
    return rc;
}

enum weir_status local_store_new_reign(struct local_store *store, struct weir_error *err)
{
    for (size_t i = 0; i < store->topics.count; i++) {
        struct stored_topic *topic = store->topics.entries[i].value;
        topic->leader_epoch++;
    }
    return store->topics.count > 0 ? save(store, err) : WEIR_OK;
}
