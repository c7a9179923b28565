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

static void free_topic(struct stored_topic *topic)
{
    if (!topic) {
        return;
    }
    for (int32_t i = 0; i < topic->config_count; i++) {
        free_bytes(topic->configs[i].name);
        free_bytes(topic->configs[i].value);
    }
    free(topic->configs);
    free_bytes(topic->name);
    free(topic);
}

static void add_config(struct stored_topic *topic, struct bytes name, struct bytes value)
{
    topic->configs =
        mem_resize(topic->configs, (size_t)topic->config_count + 1, sizeof(*topic->configs));
    topic->configs[topic->config_count++] =
        (struct stored_config){ owned_copy(name), owned_copy(value) };
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
        struct bytes name;
        if (!bytes_cut(&rest, ' ', &name) || bytes_is_null(rest)) {
            return false;
        }
        add_config(r->topic, name, rest);
        return true;
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
    free(store);
}

/* --- writing --- */

static void print_topic(struct buffer *out, const struct stored_topic *topic)
{
    char id[UUID_TEXT_SIZE];
    uuid_format(&topic->id, id);
    buffer_printf(out, "topic %.*s %s %d %d\n", BYTES_ARG(topic->name), id, topic->partition_count,
                  topic->leader_epoch);
    for (int32_t i = 0; i < topic->config_count; i++) {
        buffer_printf(out, "config %.*s %.*s\n", BYTES_ARG(topic->configs[i].name),
                      BYTES_ARG(topic->configs[i].value));
    }
}

static enum weir_status save(const struct local_store *store, struct weir_error *err)
{
    struct buffer out;
    buffer_init(&out, FILE_MAX_BYTES);
    buffer_printf(&out, "%s\nproducer-ids %lld\n", first_line, (long long)store->producer_id_end);
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

enum weir_status local_store_put_topic(struct local_store *store,
                                       const struct stored_topic *topic,
                                       struct weir_error *err)
{
    struct stored_topic *copy = copy_topic(topic);
    struct stored_topic *before = map_put(&store->topics, topic->name, copy);
    enum weir_status rc = save(store, err);
    if (rc < 0) {
        if (before) {
            (void)map_put(&store->topics, topic->name, before);
        } else {
            (void)map_remove(&store->topics, topic->name);
        }
        free_topic(copy);
        return rc;
    }
    free_topic(before);
    return WEIR_OK;
}

void local_store_adopt_topic(struct local_store *store, const struct stored_topic *topic)
{
    free_topic(map_put(&store->topics, topic->name, copy_topic(topic)));
}

enum weir_status local_store_remove_topic(struct local_store *store,
                                          struct bytes name,
                                          struct weir_error *err)
{
    struct stored_topic *topic = map_remove(&store->topics, name);
    if (!topic) {
        return weir_fail(err, WEIR_ENOTFOUND, "there is no topic %.*s", BYTES_ARG(name));
    }
    enum weir_status rc = save(store, err);
    if (rc < 0) {
        (void)map_put(&store->topics, topic->name, topic);
        return rc;
    }
    free_topic(topic);
    return WEIR_OK;
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
