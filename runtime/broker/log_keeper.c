/*
 * The log keeper: see log_keeper.h. Lock order: a log's lock, then the keeper's; so the keeper calls into logs without its
 * own.
 */
#include "broker/log_keeper.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/mem.h"
#include "broker/broker.h"
#include "broker/partition.h"
#include "broker/topics_open.h"
#include "storage/log_cleaner.h"
#include "storage/log_flush.h"
#include "storage/log_retention.h"

enum { FIRST_CHECK_MS = 30000, MS_PER_S = 1000, NS_PER_MS = 1000000 };

struct condemned_folder {
    struct list_node link; /* in log_keeper.folders */
    int64_t due_ms;        /* monotonic */
    char name[LOG_FOLDER_MAX];
};

struct log_keeper {
    struct broker *broker;
    pthread_t thread;
    bool started;

    pthread_mutex_t lock;
    pthread_cond_t woken;
    /* lock must be held for these: */
    bool stopping;
    bool rolled;          /* a segment is complete */
    bool nudged;          /* something was condemned */
    int64_t flush_due_ms; /* when the first records must be synced, by flush.ms */
    struct list_node folders;

    pthread_mutex_t checkpoints_lock;
    /* checkpoints_lock must be held for these: */
    struct log_checkpoints written; /* as on disk */
    bool is_behind;                 /* what the disk has may be about topics that are gone */
};

/* --- life --- */

struct log_keeper *log_keeper_create(struct broker *broker)
{
    struct log_keeper *k = MEM_NEW(struct log_keeper);
    pthread_condattr_t attributes;
    k->broker = broker;
    (void)pthread_mutex_init(&k->lock, NULL);
    (void)pthread_mutex_init(&k->checkpoints_lock, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&k->woken, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    list_init(&k->folders);
    k->flush_due_ms = INT64_MAX;
    checkpoint_init(&k->written.recovery_points);
    checkpoint_init(&k->written.log_starts);
    return k;
}

void log_keeper_stop(struct log_keeper *k)
{
    if (!k || !k->started) {
        return;
    }
    (void)pthread_mutex_lock(&k->lock);
    k->stopping = true;
    (void)pthread_cond_signal(&k->woken);
    (void)pthread_mutex_unlock(&k->lock);
    (void)pthread_join(k->thread, NULL);
    k->started = false;
}

void log_keeper_destroy(struct log_keeper *k)
{
    if (!k) {
        return;
    }
    log_keeper_stop(k);
    list_foreach(node, &k->folders) {
        free(container_of(node, struct condemned_folder, link));
    }
    log_checkpoints_finish(&k->written);
    (void)pthread_cond_destroy(&k->woken);
    (void)pthread_mutex_destroy(&k->lock);
    (void)pthread_mutex_destroy(&k->checkpoints_lock);
    free(k);
}

/* --- notes for the thread --- */

static void wake(struct log_keeper *k, bool *flag)
{
    (void)pthread_mutex_lock(&k->lock);
    *flag = true;
    (void)pthread_cond_signal(&k->woken);
    (void)pthread_mutex_unlock(&k->lock);
}

static void note_rolled(void *context)
{
    struct log_keeper *k = context;
    wake(k, &k->rolled);
}

static void note_dirty(void *context, int64_t due_ms)
{
    struct log_keeper *k = context;
    (void)pthread_mutex_lock(&k->lock);
    if (due_ms < k->flush_due_ms) {
        k->flush_due_ms = due_ms;
        (void)pthread_cond_signal(&k->woken);
    }
    (void)pthread_mutex_unlock(&k->lock);
}

struct log_listener log_keeper_listener(struct log_keeper *k)
{
    return (struct log_listener){ note_rolled, note_dirty, k };
}

void log_keeper_nudge(struct log_keeper *k)
{
    wake(k, &k->nudged);
}

void log_keeper_remove_folder(struct log_keeper *k, const char *folder, int64_t delay_ms)
{
    struct condemned_folder *f = MEM_NEW(struct condemned_folder);
    int64_t now_ms = clock_monotonic_ms();
    f->due_ms = delay_ms > INT64_MAX - now_ms ? INT64_MAX : now_ms + delay_ms;
    (void)snprintf(f->name, sizeof(f->name), "%s", folder);
    (void)pthread_mutex_lock(&k->lock);
    list_push_back(&k->folders, &f->link);
    k->nudged = true;
    (void)pthread_cond_signal(&k->woken);
    (void)pthread_mutex_unlock(&k->lock);
}

/* --- checkpoints --- */

/* What is true now, of the topics of the newest image. */
static void collect(struct broker *broker, struct log_checkpoints *out)
{
    struct cluster_image *image = broker_image(broker);
    checkpoint_init(&out->recovery_points);
    checkpoint_init(&out->log_starts);
    for (size_t t = 0; t < image->topic_count; t++) {
        const struct image_topic *topic = &image->topics[t];
        for (int32_t i = 0; i < topic->partition_count; i++) {
            int64_t synced = partition_log_recovery_point(topic->partitions[i]->log);
            int64_t start = partition_log_start_offset(topic->partitions[i]->log);
            if (synced > 0) {
                checkpoint_set(&out->recovery_points, topic->name, i, synced);
            }
            if (start > 0) {
                checkpoint_set(&out->log_starts, topic->name, i, start);
            }
        }
    }
    image_unref(image);
}

/* Both or just the starts; with checkpoints_lock held. */
static enum weir_status store(struct log_keeper *k, bool both, struct weir_error *err)
{
    struct log_checkpoints now;
    collect(k->broker, &now);
    int root_fd = k->broker->root_fd;
    enum weir_status rc = checkpoint_write(root_fd, log_start_file, &now.log_starts, err);
    if (rc == WEIR_OK && both) {
        rc = checkpoint_write(root_fd, recovery_point_file, &now.recovery_points, err);
    }
    if (rc < 0) {
        log_checkpoints_finish(&now);
        return rc;
    }
    checkpoint_finish(&k->written.log_starts);
    k->written.log_starts = now.log_starts;
    if (both) {
        checkpoint_finish(&k->written.recovery_points);
        k->written.recovery_points = now.recovery_points;
    } else {
        checkpoint_finish(&now.recovery_points);
    }
    return WEIR_OK;
}

enum weir_status log_keeper_store_starts(struct log_keeper *k, struct weir_error *err)
{
    (void)pthread_mutex_lock(&k->checkpoints_lock);
    enum weir_status rc = store(k, false, err);
    (void)pthread_mutex_unlock(&k->checkpoints_lock);
    return rc;
}

static void store_both(struct log_keeper *k)
{
    struct weir_error err;
    k->is_behind = store(k, true, &err) < 0;
    if (k->is_behind) {
        log_write(&k->broker->log, LOG_LEVEL_ERROR, "Cannot write a checkpoint: %s", err.message);
    }
}

void log_keeper_adopt(struct log_keeper *k, struct log_checkpoints *checkpoints)
{
    log_checkpoints_finish(&k->written);
    k->written = *checkpoints;
    *checkpoints = (struct log_checkpoints){ 0 };
}

static bool knows(const struct log_checkpoints *c, struct bytes topic, int32_t index)
{
    return checkpoint_get(&c->recovery_points, topic, index, -1) >= 0 ||
           checkpoint_get(&c->log_starts, topic, index, -1) >= 0;
}

static bool knows_topic(const struct log_checkpoints *written, const struct image_topic *topic)
{
    for (int32_t i = 0; i < topic->partition_count; i++) {
        if (knows(written, topic->name, i)) {
            return true;
        }
    }
    return false;
}

void log_keeper_forget_topics(struct log_keeper *k,
                              const struct image_topic *const *topics,
                              size_t count)
{
    bool known = false;
    (void)pthread_mutex_lock(&k->checkpoints_lock);
    for (size_t i = 0; i < count && !known; i++) {
        known = knows_topic(&k->written, topics[i]);
    }
    if (known) {
        store_both(k);
    }
    (void)pthread_mutex_unlock(&k->checkpoints_lock);
}

enum weir_status log_keeper_catch_up(struct log_keeper *k, struct weir_error *err)
{
    (void)pthread_mutex_lock(&k->checkpoints_lock);
    enum weir_status rc = k->is_behind ? store(k, true, err) : WEIR_OK;
    k->is_behind = rc < 0;
    (void)pthread_mutex_unlock(&k->checkpoints_lock);
    return rc;
}

/* A crash may have come between a topic's deletion and forgetting it. */
static void forget_strangers(struct log_keeper *k)
{
    struct cluster_image *image = broker_image(k->broker);
    size_t ours = 0;
    (void)pthread_mutex_lock(&k->checkpoints_lock);
    for (size_t t = 0; t < image->topic_count; t++) {
        const struct image_topic *topic = &image->topics[t];
        for (int32_t i = 0; i < topic->partition_count; i++) {
            ours += checkpoint_get(&k->written.recovery_points, topic->name, i, -1) >= 0;
            ours += checkpoint_get(&k->written.log_starts, topic->name, i, -1) >= 0;
        }
    }
    if (ours < k->written.recovery_points.offsets.count + k->written.log_starts.offsets.count) {
        store_both(k);
    }
    (void)pthread_mutex_unlock(&k->checkpoints_lock);
    image_unref(image);
}

/* --- the rounds --- */

/* Why all logs are looked at. */
struct occasion {
    bool rolled; /* a segment is complete */
    bool check;  /* log.retention.check.interval.ms is over */
    bool flush;  /* records must be synced, by flush.ms */
};

static void retain(struct broker *broker, struct partition *p)
{
    struct log_retained gone;
    struct weir_error err;
    enum weir_status rc = partition_log_retain(p->log, clock_realtime_ms(), &gone, &err);
    if (gone.segments > 0) {
        log_write(&broker->log, LOG_LEVEL_INFO,
                  "Deleted %d old segments of %.*s-%d (%lld bytes); it begins at offset %lld now",
                  gone.segments, BYTES_ARG(p->topic), p->index, (long long)gone.bytes,
                  (long long)gone.start_offset);
    }
    if (rc < 0) {
        log_write(&broker->log, LOG_LEVEL_ERROR, "Cannot delete old segments of %.*s-%d: %s",
                  BYTES_ARG(p->topic), p->index, err.message);
    }
}

/* One cleaning. True: it had no memory for all there is to be cleaned. */
static bool compact_some(struct broker *broker, struct partition *p)
{
    struct log_compacted done;
    struct weir_error err;
    enum weir_status rc = partition_log_compact(p->log, clock_realtime_ms(), &done, &err);
    if (done.segments > 0) {
        log_write(&broker->log, LOG_LEVEL_INFO,
                  "Compacted %d segments of %.*s-%d from %lld to %lld bytes", done.segments,
                  BYTES_ARG(p->topic), p->index, (long long)done.bytes_before,
                  (long long)done.bytes_after);
    }
    if (rc < 0 && !atomic_load(&p->deleted)) {
        log_write(&broker->log, LOG_LEVEL_ERROR, "Cannot compact %.*s-%d: %s", BYTES_ARG(p->topic),
                  p->index, err.message);
    }
    return done.more;
}

static bool is_stopping(struct log_keeper *k)
{
    (void)pthread_mutex_lock(&k->lock);
    bool stopping = k->stopping;
    (void)pthread_mutex_unlock(&k->lock);
    return stopping;
}

static void compact(struct log_keeper *k, struct partition *p)
{
    bool more = true;
    while (more) {
        more = compact_some(k->broker, p) && !is_stopping(k);
    }
}

static void report_flush(struct broker *broker, const struct partition *p, const char *why)
{
    log_write(&broker->log, LOG_LEVEL_ERROR, "Cannot sync %.*s-%d: %s", BYTES_ARG(p->topic),
              p->index, why);
}

/* What flush.ms asks for. */
static void flush_by_time(struct log_keeper *k, struct partition *p)
{
    struct weir_error err;
    int64_t next_ms;
    if (partition_log_flush_due(p->log, clock_monotonic_ms(), &next_ms, &err) < 0) {
        report_flush(k->broker, p, err.message);
    }
    note_dirty(k, next_ms);
}

/* What is complete. True when the recovery point moved. */
static bool flush(struct broker *broker, struct partition *p)
{
    struct weir_error err;
    bool moved;
    if (partition_log_flush_complete(p->log, &moved, &err) < 0) {
        report_flush(broker, p, err.message);
    }
    return moved;
}

/* One look at every log; returns when files are due. */
static int64_t visit_logs(struct log_keeper *k, struct occasion why)
{
    struct cluster_image *image = broker_image(k->broker);
    int64_t next_ms = INT64_MAX;
    bool moved = false;
    for (size_t t = 0; t < image->topic_count; t++) {
        for (int32_t i = 0; i < image->topics[t].partition_count; i++) {
            struct partition *p = image->topics[t].partitions[i];
            if (why.flush) {
                flush_by_time(k, p);
            }
            if (why.rolled) {
                moved |= flush(k->broker, p);
            }
            if (why.check) {
                retain(k->broker, p);
            }
            if ((why.rolled || why.check) && k->broker->config.log_cleaner_enable) {
                compact(k, p);
            }
            int64_t due_ms = partition_log_reap(p->log, clock_monotonic_ms());
            next_ms = due_ms < next_ms ? due_ms : next_ms;
        }
    }
    image_unref(image);
    if (moved) {
        (void)pthread_mutex_lock(&k->checkpoints_lock);
        store_both(k);
        (void)pthread_mutex_unlock(&k->checkpoints_lock);
    }
    return next_ms;
}

/* Takes a folder that is due; otherwise NULL, and *next_ms is not later than when one will be. */
static struct condemned_folder *take_folder(struct log_keeper *k, int64_t now_ms, int64_t *next_ms)
{
    struct condemned_folder *found = NULL;
    (void)pthread_mutex_lock(&k->lock);
    list_foreach(node, &k->folders) {
        struct condemned_folder *f = container_of(node, struct condemned_folder, link);
        if (!found && f->due_ms <= now_ms) {
            list_remove(node);
            found = f;
        } else if (f->due_ms < *next_ms) {
            *next_ms = f->due_ms;
        }
    }
    (void)pthread_mutex_unlock(&k->lock);
    return found;
}

static int64_t remove_folders(struct log_keeper *k, int64_t next_ms)
{
    struct condemned_folder *f;
    while ((f = take_folder(k, clock_monotonic_ms(), &next_ms)) != NULL) {
        struct weir_error err;
        if (file_remove_tree(k->broker->root_fd, f->name, &err) < 0) {
            log_write(&k->broker->log, LOG_LEVEL_ERROR, "Cannot remove %s: %s", f->name,
                      err.message);
        }
        free(f);
    }
    return next_ms;
}

/* --- the thread --- */

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* With the lock held: sleeps until `due_ms`, records must be synced, or a note. */
static void sleep_until(struct log_keeper *k, int64_t due_ms)
{
    while (!k->stopping && !k->rolled && !k->nudged) {
        int64_t until_ms = earlier(due_ms, k->flush_due_ms);
        struct timespec until = { until_ms / MS_PER_S, until_ms % MS_PER_S * NS_PER_MS };
        if (clock_monotonic_ms() >= until_ms) {
            break;
        }
        (void)pthread_cond_timedwait(&k->woken, &k->lock, &until);
    }
}

static void *run(void *context)
{
    struct log_keeper *k = context;
    int64_t interval_ms = k->broker->config.retention_check_interval_ms;
    int64_t check_ms = clock_monotonic_ms() + earlier(interval_ms, FIRST_CHECK_MS);
    int64_t due_ms = INT64_MAX; /* files and folders */
    (void)pthread_mutex_lock(&k->lock);
    for (;;) {
        sleep_until(k, earlier(check_ms, due_ms));
        if (k->stopping) {
            break;
        }
        int64_t woken_ms = clock_monotonic_ms();
        struct occasion why = { k->rolled, woken_ms >= check_ms, woken_ms >= k->flush_due_ms };
        k->rolled = k->nudged = false;
        k->flush_due_ms = why.flush ? INT64_MAX : k->flush_due_ms; /* the logs say it again */
        (void)pthread_mutex_unlock(&k->lock);
        due_ms = remove_folders(k, visit_logs(k, why));
        if (why.check) {
            int64_t now_ms = clock_monotonic_ms();
            check_ms = interval_ms > INT64_MAX - now_ms ? INT64_MAX : now_ms + interval_ms;
        }
        (void)pthread_mutex_lock(&k->lock);
    }
    (void)pthread_mutex_unlock(&k->lock);
    return NULL;
}

enum weir_status log_keeper_start(struct log_keeper *k, struct weir_error *err)
{
    sigset_t all;
    sigset_t before;
    forget_strangers(k);
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the main thread's */
    int failed = pthread_create(&k->thread, NULL, run, k);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) {
        errno = failed;
        return weir_fail_errno(err, "cannot start the thread that looks after the logs");
    }
    k->started = true;
    return WEIR_OK;
}
