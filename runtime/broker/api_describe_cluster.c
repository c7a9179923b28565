/*
 * DescribeCluster: who the cluster is, which brokers it has, who its controller is: of one node, three times the same.
 */
#include "broker/api_table.h"
#include "broker/broker.h"
#include "protocol/kafka_error.h"

enum {
    ENDPOINT_BROKERS = 1,
    ENDPOINT_CONTROLLERS = 2,
    CLUSTER_OPERATIONS = 8096, /* Create, Alter, Describe, ClusterAction, DescribeConfigs, ... */
};

static void refuse_endpoint(struct request *request, struct describe_cluster_response *response)
{
    const struct describe_cluster_request *body = request->body;
    if (body->endpoint_type == ENDPOINT_CONTROLLERS) {
        response->error_code = KAFKA_MISMATCHED_ENDPOINT_TYPE;
        response->error_message =
            bytes_of("The request was sent to an endpoint of type BROKER, but we wanted an "
                     "endpoint of type CONTROLLER");
    } else {
        response->error_code = KAFKA_UNSUPPORTED_ENDPOINT_TYPE;
        response->error_message =
            arena_printf(&request->arena, "Unsupported endpoint type %d", body->endpoint_type);
    }
    response->cluster_id = bytes_of("");
}

void api_describe_cluster(struct request *request)
{
    const struct describe_cluster_request *body = request->body;
    const struct broker *broker = request->broker;
    struct describe_cluster_response response;
    message_init(&describe_cluster_response_type, &response);
    if (body->endpoint_type != ENDPOINT_BROKERS) {
        refuse_endpoint(request, &response);
        request_respond(request, &response);
        return;
    }
    response.cluster_id = bytes_of(broker->cluster_id);
    response.controller_id = broker->config.node_id;
    response.brokers_count = 1;
    response.brokers = message_new(&describe_cluster_response_broker_type, &request->arena, 1);
    response.brokers[0].broker_id = broker->config.node_id;
    response.brokers[0].rack = bytes_of(broker_config_text(&broker->config, "broker.rack"));
    request_advertised_address(request, &response.brokers[0].host, &response.brokers[0].port);
    if (body->include_cluster_authorized_operations) {
        response.cluster_authorized_operations = CLUSTER_OPERATIONS;
    }
    request_respond(request, &response);
}
