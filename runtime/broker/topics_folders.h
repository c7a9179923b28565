/*
 * Folders of the data directory that the metadata does not speak of: those of another broker's, and what an interrupted
 * deletion left.
 *
 * Thread: start of the broker.
 */
#pragma once

#include "weir/status.h"

struct broker;

/*
 * Fills the metadata store, in memory, from the folders that Apache Kafka left: "topic-0" with partition.metadata in it.
 * The leader epochs go on from theirs. Nothing is durable before local_store_new_reign(): an interrupted start begins anew.
 */
WEIR_CHECKED enum weir_status topics_adopt_folders(struct broker *broker, struct weir_error *err);

/*
 * Clears the way for new topics: removes what was condemned ("topic-0.<id>-delete"), and sets aside, as Apache Kafka does
 * ("topic-0.<id>-stray"), partitions of topics that are not there any more. Failures are logged.
 */
void topics_clear_folders(struct broker *broker);
