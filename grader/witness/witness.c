/*
 * Topics as the check sees them.
 */
#include "witness/witness.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "client/handle.h"
#include "witness/clients.h"

bool witness_failed(struct witness *w, const char *doing, const struct weir_error *err)
{
    return check_broken(w->check, "%s: %s", doing, err->message);
}

/* --- life --- */

static bool open_metadata(struct witness *w, struct weir_error *err)
{
    const struct client_own_option own[] = { { 0 } };
    rd_kafka_conf_t *conf;
    return client_conf_create(w->options, own, &conf, err) == WEIR_OK &&
           client_handle_create(RD_KAFKA_PRODUCER, conf, &w->metadata, err) == WEIR_OK;
}

static void *close_consumer(void *argument)
{
    weir_consumer_close(argument);
    return NULL;
}

void witness_close_consumer(struct weir_consumer *consumer)
{
    enum { CLOSE_MS = 3000 };
    pthread_t thread;
    if (!consumer) {
        return;
    }
    int64_t deadline_ms = clock_realtime_ms() + CLOSE_MS;
    const struct timespec deadline = { .tv_sec = deadline_ms / 1000,
                                       .tv_nsec = deadline_ms % 1000 * 1000000 };
    if (pthread_create(&thread, NULL, close_consumer, consumer) != 0) {
        weir_consumer_close(consumer);
    } else if (pthread_timedjoin_np(thread, NULL, &deadline) != 0) {
        (void)pthread_detach(thread); /* it goes with this process */
    }
}

/* Best effort: the verdict is there already, and a topic that stays behind is no reason to change it. */
static void delete_claims(struct witness *w)
{
    struct weir_error err;
    for (size_t i = 0; i < w->claim_count; i++) {
        if (weir_admin_delete_topic(w->admin, w->claims[i], WITNESS_TIMEOUT_MS, &err) < 0) {
            continue; /* most likely gone already */
        }
    }
}

void with_witness(struct check *c, void (*body)(struct check *c, struct witness *w))
{
    struct weir_error err;
    struct witness w = { .check = c, .options = { { "bootstrap.servers", check_bootstrap(c) } } };
    if (open_metadata(&w, &err) && weir_admin_create(w.options, &w.admin, &err) == WEIR_OK) {
        body(c, &w);
        /* Before the topics that they read are deleted. */
        witness_close_tails(&w);
        witness_close_consumer(w.consumer);
        weir_producer_close(w.producer, 0, NULL);
        delete_claims(&w);
    } else {
        witness_failed(&w, "the check's own client", &err);
    }
    weir_admin_close(w.admin);
    if (w.metadata) {
        rd_kafka_destroy(w.metadata);
    }
}

/* --- names --- */

bool witnessed_is_internal(const char *name)
{
    return strcmp(name, "__consumer_offsets") == 0 || strcmp(name, "__transaction_state") == 0;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const struct rd_kafka_metadata *ask_metadata(struct witness *w)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t code =
        rd_kafka_metadata(w->metadata, 1, NULL, &metadata, WITNESS_TIMEOUT_MS);
    if (code) {
        check_broken(w->check, "the cluster at %s does not tell its topics: %s",
                     check_bootstrap(w->check), rd_kafka_err2str(code));
        return NULL;
    }
    return metadata;
}

bool witness_names(struct witness *w, struct witnessed_names *out_names)
{
    struct arena *a = check_arena(w->check);
    const struct rd_kafka_metadata *metadata = ask_metadata(w);
    if (!metadata) {
        return false;
    }
    size_t count = (size_t)metadata->topic_cnt;
    out_names->items = ARENA_NEW(a, const char *, count + 1);
    out_names->count = count;
    for (size_t i = 0; i < count; i++) {
        out_names->items[i] = arena_text(a, bytes_of(metadata->topics[i].topic));
    }
    if (count > 0) {
        qsort(out_names->items, count, sizeof(out_names->items[0]), by_bytes);
    }
    rd_kafka_metadata_destroy(metadata);
    return true;
}

bool witnessed_has(const struct witnessed_names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->items[i], name) == 0) {
            return true;
        }
    }
    return false;
}

const char *witnessed_list(struct check *c, const struct witnessed_names *names)
{
    enum { SHOWN_MAX = 10 };
    const char *text = "none";
    for (size_t i = 0; i < names->count && i < SHOWN_MAX; i++) {
        text = i == 0 ? names->items[0] : check_text(c, "%s, %s", text, names->items[i]);
    }
    return names->count <= SHOWN_MAX
               ? text
               : check_text(c, "%s and %zu more", text, names->count - SHOWN_MAX);
}

/* --- one topic --- */

static int32_t *copy_ids(struct arena *a, const int32_t *ids, int count)
{
    int32_t *copy = ARENA_NEW(a, int32_t, (size_t)count + 1);
    for (int i = 0; i < count; i++) {
        copy[i] = ids[i];
    }
    return copy;
}

static int by_partition(const void *a, const void *b)
{
    const struct weir_partition_info *x = a;
    const struct weir_partition_info *y = b;
    return (x->partition > y->partition) - (x->partition < y->partition);
}

static struct weir_topic_info *copy_topic(struct arena *a, const struct rd_kafka_metadata_topic *t)
{
    struct weir_topic_info *info = ARENA_NEW(a, struct weir_topic_info, 1);
    info->partition_count = (size_t)t->partition_cnt;
    info->partitions = ARENA_NEW(a, struct weir_partition_info, info->partition_count + 1);
    for (size_t i = 0; i < info->partition_count; i++) {
        const struct rd_kafka_metadata_partition *p = &t->partitions[i];
        info->partitions[i] = (struct weir_partition_info){
            .partition = p->id,
            .leader = p->leader,
            .replicas = copy_ids(a, p->replicas, p->replica_cnt),
            .replica_count = (size_t)p->replica_cnt,
            .in_sync = copy_ids(a, p->isrs, p->isr_cnt),
            .in_sync_count = (size_t)p->isr_cnt,
        };
    }
    if (info->partition_count > 0) {
        qsort(info->partitions, info->partition_count, sizeof(info->partitions[0]), by_partition);
    }
    return info;
}

const struct weir_topic_info *witness_topic(struct witness *w, const char *name)
{
    const struct weir_topic_info *found = NULL;
    const struct rd_kafka_metadata *metadata = ask_metadata(w);
    for (int i = 0; metadata && i < metadata->topic_cnt; i++) {
        const struct rd_kafka_metadata_topic *t = &metadata->topics[i];
        if (strcmp(t->topic, name) == 0 && t->partition_cnt > 0) {
            found = copy_topic(check_arena(w->check), t);
        }
    }
    if (metadata) {
        rd_kafka_metadata_destroy(metadata);
    }
    return found;
}

/* Every partition of it has a leader: it can be used. */
static bool is_up(const struct weir_topic_info *info)
{
    for (size_t i = 0; info && i < info->partition_count; i++) {
        if (info->partitions[i].leader < 0) {
            return false;
        }
    }
    return info != NULL;
}

bool witness_wait_topic(struct witness *w, const char *name, bool there, int patience_ms)
{
    int64_t deadline_ms = clock_monotonic_ms() + patience_ms;
    while (!check_over(w->check)) {
        const struct weir_topic_info *info = witness_topic(w, name);
        if (there ? is_up(info) : !info && !check_over(w->check)) {
            return true;
        }
        if (clock_monotonic_ms() >= deadline_ms) {
            return false;
        }
        /* Nothing tells a client of a new topic: it has to ask again. */
        (void)poll(NULL, 0, WITNESS_LOOK_AGAIN_MS);
    }
    return false;
}

bool witness_claim(struct witness *w, const char *name)
{
    struct weir_error err;
    if (w->claim_count == WITNESS_CLAIMS_MAX) {
        return check_broken(w->check, "the check uses more than %d topics", WITNESS_CLAIMS_MAX);
    }
    enum weir_status rc = weir_admin_delete_topic(w->admin, name, WITNESS_TIMEOUT_MS, &err);
    if (rc < 0 && rc != WEIR_ENOTFOUND) {
        return witness_failed(w, "the check cannot remove an old topic", &err);
    }
    w->claims[w->claim_count++] = name;
    return rc == WEIR_ENOTFOUND || witness_wait_topic(w, name, false, WITNESS_TIMEOUT_MS) ||
           check_broken(w->check, "the topic %s was deleted and still shows", name);
}

bool witness_create(struct witness *w,
                    const char *name,
                    int32_t partitions,
                    const struct weir_option *configs)
{
    struct weir_error err;
    const struct weir_new_topic topic = {
        .name = name, .partitions = partitions, .replication_factor = -1, .configs = configs
    };
    if (!witness_claim(w, name)) {
        return false;
    }
    if (weir_admin_create_topic(w->admin, &topic, WITNESS_TIMEOUT_MS, &err) < 0) {
        return witness_failed(w, "the check cannot create its topic", &err);
    }
    return witness_wait_topic(w, name, true, WITNESS_TIMEOUT_MS) ||
           check_broken(w->check, "the topic %s was created and does not show", name);
}

const char *witness_config(struct witness *w, const char *topic, const char *setting)
{
    struct weir_error err;
    char *value;
    if (weir_admin_topic_config(w->admin, topic, setting, &value, &err) < 0) {
        witness_failed(w, "the check cannot read a setting", &err);
        return NULL;
    }
    const char *copy = arena_text(check_arena(w->check), bytes_of(value));
    free(value);
    return copy;
}

bool witness_make_internal(struct witness *w)
{
    struct weir_error err;
    struct weir_consumer *member;
    int64_t offset;
    const struct weir_option options[] = {
        { "bootstrap.servers", check_bootstrap(w->check) },
        { "group.id", "weir-witness" },
        { NULL, NULL },
    };
    if (weir_consumer_create(options, &member, &err) < 0) {
        return witness_failed(w, "the check's own consumer", &err);
    }
    /* Asking what a group has committed makes the cluster look for the group's coordinator, and that makes the topic. */
    struct weir_topic_partition nothing = { "weir-witness", 0 };
    enum weir_status rc = weir_consumer_committed(member, nothing, &offset, &err);
    weir_consumer_close(member);
    if (rc < 0 && rc != WEIR_ENOTFOUND) {
        return witness_failed(w, "the check cannot ask for a group's offsets", &err);
    }
    return witness_wait_topic(w, "__consumer_offsets", true, WITNESS_TIMEOUT_MS) ||
           check_broken(w->check, "the cluster has no topic __consumer_offsets");
}
