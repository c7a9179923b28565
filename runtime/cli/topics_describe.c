/*
 * kafka-topics.sh --describe.
 *
 * One line for a topic, then one for each of its partitions, columns separated by a tab:
 *
 *     Topic: NAME  TopicId: ID  PartitionCount: N  ReplicationFactor: N  Configs: name=value,...
 *             Topic: NAME  Partition: N  Leader: ID  Replicas: ID,...  Isr: ID,...  Elr:  LastKnownElr:
 *
 * The partitions come from DescribeTopicPartitions, in pages, where the broker has that (it alone knows the eligible
 * leader replicas of KIP-966), otherwise from Metadata, and then Elr reads "N/A".
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "cli/java_order.h"
#include "cli/topics.h"
#include "client/observe.h"
#include "protocol/kafka_error.h"

enum { RESOURCE_TOPIC = 2, CONFIG_SOURCE_DEFAULT = 5, PAGE_SIZE_DEFAULT = 2000 };

/* What is shown: the topics, in order, and what is needed to judge their partitions. */
struct description {
    struct describe_topic_partitions_response_topic *topics;
    int32_t count;
    struct describe_configs_response configs; /* results as topics */
    const struct metadata_response *cluster;
};

static int by_number(const void *a, const void *b)
{
    const struct describe_topic_partitions_response_partition *left = a;
    const struct describe_topic_partitions_response_partition *right = b;
    return (left->partition_index > right->partition_index) -
           (left->partition_index < right->partition_index);
}

/* --- asking --- */

/* The topic of that name, which must be among them. */
static struct describe_topic_partitions_response_topic *slot(struct description *d,
                                                             struct bytes name)
{
    for (int32_t i = 0; i < d->count; i++) {
        if (bytes_equal(d->topics[i].name, name)) {
            return &d->topics[i];
        }
    }
    return NULL;
}

/* Takes one page over: a topic may go on in the next one. */
static enum weir_status take_page(struct topics_run *run,
                                  struct description *d,
                                  const struct describe_topic_partitions_response *page,
                                  struct weir_error *err)
{
    for (int32_t i = 0; i < page->topics_count; i++) {
        const struct describe_topic_partitions_response_topic *part = &page->topics[i];
        struct describe_topic_partitions_response_topic *topic = slot(d, part->name);
        if (part->error_code != KAFKA_NONE) {
            return topics_refused(part->error_code, bytes_of(NULL), err);
        }
        if (!topic) {
            return weir_fail(err, WEIR_EPROTO, "The broker described %.*s, which was not asked for",
                             BYTES_ARG(part->name));
        }
        struct describe_topic_partitions_response_partition *before = topic->partitions;
        int32_t count = topic->partitions_count;
        struct bytes name = topic->name;
        *topic = *part;
        topic->name = name;
        topic->partitions = message_new(&describe_topic_partitions_response_partition_type,
                                        &run->arena, count + part->partitions_count);
        topic->partitions_count = count + part->partitions_count;
        for (int32_t k = 0; k < topic->partitions_count; k++) {
            topic->partitions[k] = k < count ? before[k] : part->partitions[k - count];
        }
    }
    return WEIR_OK;
}

/* Asks from the broker's cursor on, which must be a later one than before: the pages come to an end. */
static enum weir_status turn_page(struct topics_run *run,
                                  struct describe_topic_partitions_request *request,
                                  const struct describe_topic_partitions_response_cursor *next,
                                  struct weir_error *err)
{
    struct describe_topic_partitions_request_cursor *cursor = request->cursor;
    int order = cursor ? bytes_compare(next->topic_name, cursor->topic_name) : 1;
    if (order < 0 || (order == 0 && next->partition_index <= cursor->partition_index)) {
        return weir_fail(err, WEIR_EPROTO, "The broker's pages of topics do not come to an end");
    }
    cursor = message_new(&describe_topic_partitions_request_cursor_type, &run->arena, 1);
    cursor->topic_name = next->topic_name;
    cursor->partition_index = next->partition_index;
    request->cursor = cursor;
    return WEIR_OK;
}

static enum weir_status describe_by_pages(struct topics_run *run,
                                          struct description *d,
                                          int32_t page_size,
                                          struct weir_error *err)
{
    struct describe_topic_partitions_request request;
    struct describe_topic_partitions_response page;
    message_init(&describe_topic_partitions_request_type, &request);
    request.topics =
        message_new(&describe_topic_partitions_request_topic_type, &run->arena, d->count);
    request.topics_count = d->count;
    request.response_partition_limit = page_size;
    for (int32_t i = 0; i < d->count; i++) {
        request.topics[i].name = d->topics[i].name;
    }
    enum weir_status rc = WEIR_OK;
    do {
        rc = channel_call(run->channel, API_DESCRIBE_TOPIC_PARTITIONS, &request, &run->arena, &page,
                          err);
        if (rc == WEIR_OK) {
            rc = take_page(run, d, &page, err);
        }
        if (rc == WEIR_OK && page.next_cursor) {
            rc = turn_page(run, &request, page.next_cursor, err);
        }
    } while (rc == WEIR_OK && page.next_cursor);
    return rc;
}

static void take_metadata(struct topics_run *run,
                          const struct metadata_response_topic *from,
                          struct describe_topic_partitions_response_topic *topic)
{
    topic->topic_id = from->topic_id;
    topic->partitions = message_new(&describe_topic_partitions_response_partition_type, &run->arena,
                                    from->partitions_count);
    topic->partitions_count = from->partitions_count;
    for (int32_t i = 0; i < from->partitions_count; i++) {
        const struct metadata_response_partition *p = &from->partitions[i];
        topic->partitions[i] = (struct describe_topic_partitions_response_partition){
            .partition_index = p->partition_index,
            .leader_id = p->leader_id,
            .replica_nodes = p->replica_nodes,
            .replica_nodes_count = p->replica_nodes_count,
            .isr_nodes = p->isr_nodes,
            .isr_nodes_count = p->isr_nodes_count,
            .eligible_leader_replicas_count = -1,
            .last_known_elr_count = -1,
        };
    }
}

/* The settings of all topics, in one request. */
static enum weir_status ask_configs(struct topics_run *run,
                                    struct description *d,
                                    struct weir_error *err)
{
    struct describe_configs_request request;
    message_init(&describe_configs_request_type, &request);
    request.resources = message_new(&describe_configs_request_resource_type, &run->arena, d->count);
    request.resources_count = d->count;
    for (int32_t i = 0; i < d->count; i++) {
        request.resources[i].resource_type = RESOURCE_TOPIC;
        request.resources[i].resource_name = d->topics[i].name;
        request.resources[i].configuration_keys_count = -1;
    }
    return channel_call(run->channel, API_DESCRIBE_CONFIGS, &request, &run->arena, &d->configs,
                        err);
}

static enum weir_status collect(struct topics_run *run,
                                const struct topic_name_list *names,
                                const struct metadata_response *cluster,
                                struct description *d,
                                struct weir_error *err)
{
    int32_t page_size = PAGE_SIZE_DEFAULT;
    enum weir_status rc = options_integer(&run->options, TOPICS_PAGE_SIZE, &page_size, err);
    d->cluster = cluster;
    d->count = names->count;
    d->topics =
        message_new(&describe_topic_partitions_response_topic_type, &run->arena, names->count);
    for (int32_t i = 0; i < names->count; i++) {
        d->topics[i].name = names->names[i];
    }
    if (rc == WEIR_OK && channel_version(run->channel, API_DESCRIBE_TOPIC_PARTITIONS) >= 0) {
        rc = describe_by_pages(run, d, page_size, err);
    } else if (rc == WEIR_OK) {
        for (int32_t i = 0; i < cluster->topics_count; i++) {
            struct describe_topic_partitions_response_topic *topic =
                slot(d, cluster->topics[i].name);
            if (topic) {
                take_metadata(run, &cluster->topics[i], topic);
            }
        }
    }
    return rc < 0 ? rc : ask_configs(run, d, err);
}

/* --- showing --- */

static void print_ids(const char *title, const int32_t *ids, int32_t count)
{
    printf("\t%s: ", title);
    if (count < 0) {
        printf("N/A");
    }
    for (int32_t i = 0; i < count; i++) {
        printf(i > 0 ? ",%d" : "%d", ids[i]);
    }
}

/* Settings that somebody made, in the order of a Java map of all settings. */
static void print_configs(const struct describe_configs_response_resource *settings)
{
    const char *separator = "";
    size_t count = (size_t)settings->configs_count;
    for (uint32_t bucket = 0; bucket < 2 * count + 16; bucket++) {
        for (int32_t i = 0; i < settings->configs_count; i++) {
            const struct describe_configs_response_config *config = &settings->configs[i];
            if (config->config_source != CONFIG_SOURCE_DEFAULT &&
                java_bucket(config->name, count) == bucket) {
                printf("%s%.*s=%.*s", separator, BYTES_ARG(config->name), BYTES_ARG(config->value));
                separator = ",";
            }
        }
    }
}

static bool has_overrides(const struct describe_configs_response_resource *settings)
{
    for (int32_t i = 0; i < settings->configs_count; i++) {
        if (settings->configs[i].config_source != CONFIG_SOURCE_DEFAULT) {
            return true;
        }
    }
    return false;
}

static void print_topic(const struct describe_topic_partitions_response_topic *topic,
                        const struct describe_configs_response_resource *settings)
{
    printf("Topic: %.*s", BYTES_ARG(topic->name));
    if (!uuid_is_zero(&topic->topic_id)) {
        char id[UUID_TEXT_SIZE];
        uuid_format(&topic->topic_id, id);
        printf("\tTopicId: %s", id);
    }
    printf("\tPartitionCount: %d\tReplicationFactor: %d\tConfigs: ", topic->partitions_count,
           topic->partitions_count > 0 ? topic->partitions[0].replica_nodes_count : 0);
    print_configs(settings);
    printf("\n");
}

static void print_partition(struct bytes topic,
                            const struct describe_topic_partitions_response_partition *p)
{
    printf("\tTopic: %.*s\tPartition: %d\tLeader: ", BYTES_ARG(topic), p->partition_index);
    if (p->leader_id < 0) {
        printf("none");
    } else {
        printf("%d", p->leader_id);
    }
    print_ids("Replicas", p->replica_nodes, p->replica_nodes_count);
    print_ids("Isr", p->isr_nodes, p->isr_nodes_count);
    print_ids("Elr", p->eligible_leader_replicas, p->eligible_leader_replicas_count);
    print_ids("LastKnownElr", p->last_known_elr, p->last_known_elr_count);
    printf("\n");
}

static bool is_alive(const struct metadata_response *cluster, int32_t broker)
{
    for (int32_t i = 0; i < cluster->brokers_count; i++) {
        if (cluster->brokers[i].node_id == broker) {
            return true;
        }
    }
    return false;
}

/* Whether one of the --...-partitions options asks for this partition; without any of them all are asked for. */
static bool is_wanted(const struct options *o,
                      const struct description *d,
                      const struct describe_topic_partitions_response_partition *p,
                      int64_t min_isr)
{
    bool under_replicated = options_has(o, TOPICS_UNDER_REPLICATED);
    bool unavailable = options_has(o, TOPICS_UNAVAILABLE);
    bool under_min = options_has(o, TOPICS_UNDER_MIN_ISR);
    bool at_min = options_has(o, TOPICS_AT_MIN_ISR);
    if (!under_replicated && !unavailable && !under_min && !at_min) {
        return true;
    }
    bool led = p->leader_id >= 0;
    return (under_replicated && p->isr_nodes_count < p->replica_nodes_count) ||
           (unavailable && (!led || !is_alive(d->cluster, p->leader_id))) ||
           (under_min && (!led || p->isr_nodes_count < min_isr)) ||
           (at_min && p->isr_nodes_count == min_isr);
}

static void print(const struct options *o,
                  const struct description *d,
                  int32_t index,
                  const struct describe_configs_response_resource *settings)
{
    struct describe_topic_partitions_response_topic *topic = &d->topics[index];
    bool overrides_only = options_has(o, TOPICS_WITH_OVERRIDES);
    bool filtered = options_has(o, TOPICS_UNDER_REPLICATED) || options_has(o, TOPICS_UNAVAILABLE) ||
                    options_has(o, TOPICS_UNDER_MIN_ISR) || options_has(o, TOPICS_AT_MIN_ISR);
    int64_t min_isr = 1;
    const struct describe_configs_response_config *config =
        observed_setting(settings, "min.insync.replicas");
    if (config) {
        (void)bytes_parse_i64(config->value, &min_isr);
    }
    qsort(topic->partitions, (size_t)topic->partitions_count, sizeof(*topic->partitions),
          by_number);
    if (!filtered && (!overrides_only || has_overrides(settings))) {
        print_topic(topic, settings);
    }
    for (int32_t i = 0; !overrides_only && i < topic->partitions_count; i++) {
        if (is_wanted(o, d, &topic->partitions[i], min_isr)) {
            print_partition(topic->name, &topic->partitions[i]);
        }
    }
}

/* --- which topics --- */

/* Java's words for a text that is no id; WEIR_OK when it is one. */
static enum weir_status parse_id(const char *text, struct uuid *out_id, struct weir_error *err)
{
    struct bytes id = bytes_of(text);
    if (uuid_parse(id, out_id)) {
        return WEIR_OK;
    }
    if (id.len > 24) {
        return weir_fail(
            err, WEIR_EINVAL,
            "Input string with prefix `%.24s` is too long to be decoded as a base64 UUID", text);
    }
    while (id.len > 0 && id.data[id.len - 1] == '=') {
        id.len--;
    }
    return weir_fail(err, WEIR_EINVAL,
                     "Input string `%s` decoded as %zu bytes, which is not equal to the expected "
                     "16 bytes of a base64-encoded UUID",
                     text, id.len * 6 / 8);
}

/* The name of the topic with the id of --topic-id, if there is one. */
static enum weir_status name_of_id(struct topics_run *run,
                                   const char *text,
                                   const struct metadata_response *cluster,
                                   struct topic_name_list *out_list,
                                   struct weir_error *err)
{
    struct uuid id;
    enum weir_status rc = parse_id(text, &id, err);
    if (rc < 0) {
        return rc;
    }
    out_list->count = 0;
    out_list->names = ARENA_NEW(&run->arena, struct bytes, 1);
    for (int32_t i = 0; i < cluster->topics_count; i++) {
        if (uuid_equal(&cluster->topics[i].topic_id, &id)) {
            out_list->names[out_list->count++] = cluster->topics[i].name;
        }
    }
    if (out_list->count == 0 && !options_has(&run->options, TOPICS_IF_EXISTS)) {
        return weir_fail(err, WEIR_ENOTFOUND, "TopicId '%s' does not exist as expected", text);
    }
    return WEIR_OK;
}

enum weir_status topics_describe(struct topics_run *run, struct weir_error *err)
{
    const char *id;
    struct metadata_response cluster;
    struct topic_name_list names = { 0 };
    struct description d = { 0 };
    enum weir_status rc = options_value(&run->options, TOPICS_TOPIC_ID, &id, err);
    if (rc == WEIR_OK && id) {
        struct uuid ignored; /* an id that is none is told before a broker is looked for */
        rc = parse_id(id, &ignored, err);
    }
    if (rc == WEIR_OK) {
        rc = topics_connect(run, "listTopics", err);
    }
    if (rc == WEIR_OK) {
        rc = observe_topics(run->channel, bytes_of(NULL), &run->arena, &cluster, err);
    }
    if (rc == WEIR_OK) {
        rc = id ? name_of_id(run, id, &cluster, &names, err) : topics_required(run, &names, err);
    }
    if (rc < 0 || names.count == 0) {
        return rc;
    }
    rc = collect(run, &names, &cluster, &d, err);
    for (int32_t i = 0; rc == WEIR_OK && i < d.configs.results_count; i++) {
        const struct describe_configs_response_resource *settings = &d.configs.results[i];
        for (int32_t k = 0; k < d.count; k++) {
            if (settings->error_code == KAFKA_NONE &&
                bytes_equal(d.topics[k].name, settings->resource_name)) {
                print(&run->options, &d, k, settings);
            }
        }
        if (settings->error_code != KAFKA_NONE) {
            rc = topics_refused(settings->error_code, settings->error_message, err);
        }
    }
    return rc;
}
