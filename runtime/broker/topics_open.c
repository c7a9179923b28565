/*
 * Opening and closing logs: see topics_open.h.
 */
#include "broker/topics_open.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/mem.h"
#include "broker/broker.h"
#include "broker/log_keeper.h"
#include "broker/partition.h"
#include "broker/topic_config.h"

const char recovery_point_file[] = "recovery-point-offset-checkpoint";
const char log_start_file[] = "log-start-offset-checkpoint";
static const char replication_file[] = "replication-offset-checkpoint";
static const char clean_file[] = ".kafka_cleanshutdown";

static void read_checkpoint(struct broker *broker, const char *file, struct checkpoint *out)
{
    struct weir_error err;
    checkpoint_init(out);
    if (checkpoint_read(broker->root_fd, file, out, &err) < 0) {
        log_write(&broker->log, LOG_LEVEL_WARN, "Ignoring a checkpoint: %s", err.message);
    }
}

void log_checkpoints_read(struct broker *broker, struct log_checkpoints *out)
{
    read_checkpoint(broker, recovery_point_file, &out->recovery_points);
    read_checkpoint(broker, log_start_file, &out->log_starts);
    /* From here on the logs may change, so a crash must not find the mark of the last clean stop. */
    broker->clean_start = unlinkat(broker->root_fd, clean_file, 0) == 0;
}

void log_checkpoints_finish(struct log_checkpoints *checkpoints)
{
    checkpoint_finish(&checkpoints->recovery_points);
    checkpoint_finish(&checkpoints->log_starts);
}

static void write_checkpoint(struct broker *broker,
                             const char *file,
                             struct checkpoint *checkpoint,
                             bool *all_written)
{
    struct weir_error err;
    if (checkpoint_write(broker->root_fd, file, checkpoint, &err) < 0) {
        log_write(&broker->log, LOG_LEVEL_ERROR, "Cannot write a checkpoint: %s", err.message);
        *all_written = false;
    }
    checkpoint_finish(checkpoint);
}

void log_checkpoints_write(struct broker *broker)
{
    struct cluster_image *image = broker_image(broker);
    struct checkpoint recovery;
    struct checkpoint starts;
    struct checkpoint marks;
    checkpoint_init(&recovery);
    checkpoint_init(&starts);
    checkpoint_init(&marks);
    bool clean = true;
    for (size_t t = 0; t < image->topic_count; t++) {
        const struct image_topic *topic = &image->topics[t];
        for (int32_t i = 0; i < topic->partition_count; i++) {
            struct partition *p = topic->partitions[i];
            struct weir_error err;
            int64_t start = partition_log_start_offset(p->log);
            if (start > 0) { /* was promised, however the log closes */
                checkpoint_set(&starts, p->topic, i, start);
            }
            if (partition_log_close(p->log, &err) < 0) {
                log_write(&broker->log, LOG_LEVEL_ERROR, "Cannot close %.*s-%d: %s",
                          BYTES_ARG(p->topic), i, err.message);
                clean = false;
                continue;
            }
            checkpoint_set(&recovery, p->topic, i, partition_log_recovery_point(p->log));
            checkpoint_set(&marks, p->topic, i, atomic_load(&p->high_watermark));
        }
    }
    image_unref(image);
    write_checkpoint(broker, recovery_point_file, &recovery, &clean);
    write_checkpoint(broker, log_start_file, &starts, &clean);
    write_checkpoint(broker, replication_file, &marks, &clean);
    struct weir_error err;
    if (clean && file_replace(broker->root_fd, clean_file,
                              bytes_of("{\"version\":0,\"brokerEpoch\":1}\n"), true, &err) < 0) {
        log_write(&broker->log, LOG_LEVEL_ERROR, "Cannot mark the clean stop: %s", err.message);
    }
}

static void report_recovery(struct broker *broker,
                            const struct image_topic *topic,
                            int32_t index,
                            const struct recovery_report *report)
{
    if (report->bytes_cut > 0 || report->segments_removed > 0) {
        log_write(&broker->log, LOG_LEVEL_WARN,
                  "Recovered %.*s-%d: cut %lld bytes, log ends at offset %lld (%s)",
                  BYTES_ARG(topic->name), index, (long long)report->bytes_cut,
                  (long long)report->end_offset, report->reason);
    } else if (report->reason[0]) {
        log_write(&broker->log, LOG_LEVEL_WARN, "%.*s-%d is damaged, and is kept as it is (%s)",
                  BYTES_ARG(topic->name), index, report->reason);
    } else if (report->indexes_rebuilt > 0) {
        log_write(&broker->log, LOG_LEVEL_INFO, "Rebuilt %d index files of %.*s-%d",
                  report->indexes_rebuilt, BYTES_ARG(topic->name), index);
    }
}

/* The leader epoch from now on: later than all that the log has seen, also where another broker led it since our last. */
static int32_t reign(struct partition_log *log, int32_t stored_epoch)
{
    int32_t latest = partition_log_epoch_at(log, INT64_MAX);
    return latest < stored_epoch || latest == INT32_MAX ? stored_epoch : latest + 1;
}

static enum weir_status open_one(struct broker *broker,
                                 struct image_topic *topic,
                                 int32_t index,
                                 const struct log_open_options *base,
                                 struct weir_error *err)
{
    struct log_open_options options = *base;
    struct partition_log *log = NULL;
    struct recovery_report report;
    options.partition = index;
    enum weir_status rc = partition_log_open(&options, &log, &report, err);
    if (rc < 0) {
        return rc;
    }
    report_recovery(broker, topic, index, &report);
    topic->partitions[index] =
        partition_create(topic->name, index, &topic->id, broker->config.node_id,
                         reign(log, options.leader_epoch_max), log);
    return WEIR_OK;
}

/* Opens the partitions from `first` on; those before it are open. On failure nothing of the topic stays open. */
static enum weir_status open_from(struct broker *broker,
                                  struct image_topic *topic,
                                  int32_t first,
                                  struct log_open_options *options,
                                  const struct log_checkpoints *checkpoints,
                                  struct weir_error *err)
{
    for (int32_t i = first; i < topic->partition_count; i++) {
        if (checkpoints) {
            options->recovery_point =
                checkpoint_get(&checkpoints->recovery_points, topic->name, i, 0);
            options->log_start_offset = checkpoint_get(&checkpoints->log_starts, topic->name, i, 0);
        }
        enum weir_status rc = open_one(broker, topic, i, options, err);
        if (rc < 0) {
            topic_release_partitions(topic);
            return rc;
        }
    }
    return WEIR_OK;
}

static struct log_open_options open_options(const struct broker *broker,
                                            const struct image_topic *topic,
                                            int32_t leader_epoch)
{
    return (struct log_open_options){ .root_fd = broker->root_fd,
                                      .topic = topic->name,
                                      .topic_id = topic->id,
                                      .config = topic->config->log,
                                      .leader_epoch_max = leader_epoch,
                                      .clean = broker->clean_start,
                                      .listener = log_keeper_listener(broker->keeper) };
}

enum weir_status topic_open_partitions(struct broker *broker,
                                       struct image_topic *topic,
                                       int32_t leader_epoch,
                                       const struct log_checkpoints *checkpoints,
                                       struct weir_error *err)
{
    struct log_open_options options = open_options(broker, topic, leader_epoch);
    topic->partitions = mem_zalloc((size_t)topic->partition_count, sizeof(*topic->partitions));
    return open_from(broker, topic, 0, &options, checkpoints, err);
}

enum weir_status topic_open_added(struct broker *broker,
                                  const struct image_topic *before,
                                  struct image_topic *topic,
                                  struct weir_error *err)
{
    struct log_open_options options =
        open_options(broker, topic, before->partitions[0]->leader_epoch);
    topic->partitions = mem_zalloc((size_t)topic->partition_count, sizeof(*topic->partitions));
    for (int32_t i = 0; i < before->partition_count; i++) {
        topic->partitions[i] = partition_ref(before->partitions[i]);
    }
    return open_from(broker, topic, before->partition_count, &options, NULL, err);
}

void topic_release_partitions(struct image_topic *topic)
{
    for (int32_t i = 0; topic->partitions && i < topic->partition_count; i++) {
        partition_unref(topic->partitions[i]);
    }
    free(topic->partitions);
    topic->partitions = NULL;
}
