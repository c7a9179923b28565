/*
 * The APIs that this broker serves: one row each, in api_table.c, and one file each, api_<name>.c.
 *
 * What is not complete is not here, and what is not here is not advertised.
 */
#pragma once

#include "broker/request.h"

struct api_row {
    int16_t key;
    int16_t version_min; /* served */
    int16_t version_max;
    int16_t
        advertised_min; /* Produce says 0: librdkafka before 2.11.1 compresses only then (KAFKA-18659) */
    api_handler handle;
};

extern const struct api_row api_rows[];
extern const int api_row_count;

/* NULL: not served. */
const struct api_row *api_row_find(int16_t key);

void api_add_offsets_to_txn(struct request *request);
void api_add_partitions_to_txn(struct request *request);
void api_alter_configs(struct request *request);
void api_api_versions(struct request *request);
void api_create_partitions(struct request *request);
void api_create_topics(struct request *request);
void api_delete_groups(struct request *request);
void api_delete_records(struct request *request);
void api_delete_topics(struct request *request);
void api_describe_cluster(struct request *request);
void api_describe_configs(struct request *request);
void api_describe_groups(struct request *request);
void api_describe_log_dirs(struct request *request);
void api_describe_producers(struct request *request);
void api_describe_topic_partitions(struct request *request);
void api_describe_transactions(struct request *request);
void api_elect_leaders(struct request *request);
void api_end_txn(struct request *request);
void api_fetch(struct request *request);
void api_find_coordinator(struct request *request);
void api_heartbeat(struct request *request);
void api_incremental_alter_configs(struct request *request);
void api_init_producer_id(struct request *request);
void api_join_group(struct request *request);
void api_leave_group(struct request *request);
void api_list_config_resources(struct request *request);
void api_list_groups(struct request *request);
void api_list_offsets(struct request *request);
void api_list_transactions(struct request *request);
void api_metadata(struct request *request);
void api_offset_commit(struct request *request);
void api_offset_delete(struct request *request);
void api_offset_fetch(struct request *request);
void api_offset_for_leader_epoch(struct request *request);
void api_produce(struct request *request);
void api_sasl_authenticate(struct request *request);
void api_sasl_handshake(struct request *request);
void api_sync_group(struct request *request);
void api_txn_offset_commit(struct request *request);
