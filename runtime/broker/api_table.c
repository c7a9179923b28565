/*
 * The APIs served, by key: see api_table.h. Source of the floors: KIP-896, but for those that Kafka 4 itself put back
 * (Metadata and JoinGroup from 0: KAFKA-18648, KAFKA-19444).
 */
#include "broker/api_table.h"

#include <stddef.h>

const struct api_row api_rows[] = {
    { API_PRODUCE, 3, 13, 0, api_produce },
    { API_FETCH, 4, 18, 4, api_fetch },
    { API_LIST_OFFSETS, 1, 11, 1, api_list_offsets },
    { API_METADATA, 0, 13, 0, api_metadata },
    { API_OFFSET_COMMIT, 2, 10, 2, api_offset_commit },
    { API_OFFSET_FETCH, 1, 10, 1, api_offset_fetch },
    { API_FIND_COORDINATOR, 0, 6, 0, api_find_coordinator },
    { API_JOIN_GROUP, 0, 9, 0, api_join_group },
    { API_HEARTBEAT, 0, 4, 0, api_heartbeat },
    { API_LEAVE_GROUP, 0, 5, 0, api_leave_group },
    { API_SYNC_GROUP, 0, 5, 0, api_sync_group },
    { API_DESCRIBE_GROUPS, 0, 6, 0, api_describe_groups },
    { API_LIST_GROUPS, 0, 5, 0, api_list_groups },
    { API_SASL_HANDSHAKE, 0, 1, 0, api_sasl_handshake },
    { API_API_VERSIONS, 0, 4, 0, api_api_versions },
    { API_CREATE_TOPICS, 2, 7, 2, api_create_topics },
    { API_DELETE_TOPICS, 1, 6, 1, api_delete_topics },
    { API_DELETE_RECORDS, 0, 2, 0, api_delete_records },
    { API_INIT_PRODUCER_ID, 0, 5, 0, api_init_producer_id },
    { API_OFFSET_FOR_LEADER_EPOCH, 2, 4, 2, api_offset_for_leader_epoch },
    { API_ADD_PARTITIONS_TO_TXN, 0, 3, 0, api_add_partitions_to_txn },
    { API_ADD_OFFSETS_TO_TXN, 0, 3, 0, api_add_offsets_to_txn },
    { API_END_TXN, 0, 3, 0, api_end_txn },
    { API_TXN_OFFSET_COMMIT, 0, 3, 0, api_txn_offset_commit },
    { API_DESCRIBE_CONFIGS, 1, 4, 1, api_describe_configs },
    { API_ALTER_CONFIGS, 0, 2, 0, api_alter_configs },
    { API_DESCRIBE_LOG_DIRS, 1, 4, 1, api_describe_log_dirs },
    { API_SASL_AUTHENTICATE, 0, 2, 0, api_sasl_authenticate },
    { API_CREATE_PARTITIONS, 0, 3, 0, api_create_partitions },
    { API_DELETE_GROUPS, 0, 2, 0, api_delete_groups },
    { API_ELECT_LEADERS, 0, 2, 0, api_elect_leaders },
    { API_INCREMENTAL_ALTER_CONFIGS, 0, 1, 0, api_incremental_alter_configs },
    { API_OFFSET_DELETE, 0, 0, 0, api_offset_delete },
    { API_DESCRIBE_CLUSTER, 0, 2, 0, api_describe_cluster },
    { API_DESCRIBE_PRODUCERS, 0, 0, 0, api_describe_producers },
    { API_DESCRIBE_TRANSACTIONS, 0, 0, 0, api_describe_transactions },
    { API_LIST_TRANSACTIONS, 0, 1, 0, api_list_transactions },
    { API_LIST_CONFIG_RESOURCES, 0, 1, 0, api_list_config_resources },
    { API_DESCRIBE_TOPIC_PARTITIONS, 0, 0, 0, api_describe_topic_partitions },
};

const int api_row_count = sizeof(api_rows) / sizeof(api_rows[0]);

const struct api_row *api_row_find(int16_t key)
{
    for (int i = 0; i < api_row_count; i++) {
        if (api_rows[i].key == key) {
            return &api_rows[i];
        }
    }
    return NULL;
}
