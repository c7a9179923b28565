/*
 * DescribeLogDirs: the data directory, how large each partition in it is, and how much room is left (KIP-113, KIP-827).
 * Partitions that do not exist are left out, as in Kafka.
 */
#include <limits.h>
#include <stdlib.h>
#include <sys/statvfs.h>

#include "broker/api_table.h"
#include "broker/broker.h"
#include "broker/partition.h"
#include "broker/worker.h"

struct log_dir_listing {
    struct request *request;
    const struct cluster_image *image;
    struct describe_log_dirs_response_log_dir *dir;
    bool **wanted; /* by topic of the image and partition; NULL: none of the topic */
};

/* Marks what is asked for; a topic may be named more than once. */
static void read_wishes(struct log_dir_listing *l)
{
    const struct describe_log_dirs_request *body = l->request->body;
    struct arena *arena = &l->request->arena;
    l->wanted = ARENA_NEW(arena, bool *, l->image->topic_count);
    for (int32_t t = 0; t < body->topics_count; t++) {
        const struct describe_log_dirs_request_topic *asked = &body->topics[t];
        const struct image_topic *topic = image_topic(l->image, asked->topic);
        if (!topic) {
            continue;
        }
        bool **wanted = &l->wanted[topic - l->image->topics];
        if (!*wanted) {
            *wanted = ARENA_NEW(arena, bool, (size_t)topic->partition_count);
        }
        for (int32_t p = 0; p < asked->partitions_count; p++) {
            if (topic_partition(topic, asked->partitions[p])) {
                (*wanted)[asked->partitions[p]] = true;
            }
        }
    }
}

static void add_topic(struct log_dir_listing *l,
                      const struct image_topic *topic,
                      const bool *wanted)
{
    struct describe_log_dirs_response_topic *to = &l->dir->topics[l->dir->topics_count];
    to->name = topic->name;
    to->partitions = message_new(&describe_log_dirs_response_partition_type, &l->request->arena,
                                 topic->partition_count);
    for (int32_t i = 0; i < topic->partition_count; i++) {
        if (!wanted || wanted[i]) {
            struct describe_log_dirs_response_partition *p =
                &to->partitions[to->partitions_count++];
            p->partition_index = i;
            p->partition_size = partition_log_size(topic->partitions[i]->log);
        }
    }
    l->dir->topics_count += to->partitions_count > 0;
}

static void add_room(struct log_dir_listing *l)
{
    struct statvfs fs;
    if (fstatvfs(l->request->broker->root_fd, &fs) == 0) {
        l->dir->total_bytes = (int64_t)(fs.f_blocks * fs.f_frsize);
        l->dir->usable_bytes = (int64_t)(fs.f_bavail * fs.f_frsize);
    }
}

static struct bytes absolute_path(struct request *request)
{
    char path[PATH_MAX];
    const char *given = request->broker->config.log_dir;
    return arena_copy(&request->arena, bytes_of(realpath(given, path) ? path : given));
}

void api_describe_log_dirs(struct request *request)
{
    const struct describe_log_dirs_request *body = request->body;
    struct log_dir_listing l = { .request = request, .image = worker_image(request->worker) };
    struct describe_log_dirs_response response;
    message_init(&describe_log_dirs_response_type, &response);
    response.results_count = 1;
    response.results = l.dir =
        message_new(&describe_log_dirs_response_log_dir_type, &request->arena, 1);
    l.dir->log_dir = absolute_path(request);
    l.dir->topics = message_new(&describe_log_dirs_response_topic_type, &request->arena,
                                (int32_t)l.image->topic_count);
    bool all = body->topics_count < 0; /* null */
    if (!all) {
        read_wishes(&l);
    }
    for (size_t t = 0; t < l.image->topic_count; t++) {
        if (all || l.wanted[t]) {
            add_topic(&l, &l.image->topics[t], all ? NULL : l.wanted[t]);
        }
    }
    add_room(&l);
    request_respond(request, &response);
}
