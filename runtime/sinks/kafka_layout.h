/*
 * Which columns of a query become which part of a Kafka record.
 *
 *     column      type                                          without it
 *     topic       string                                        the option topic, which goes before the column
 *     key         string or binary                              null
 *     value       string or binary                              refused
 *     headers     array<struct<key:string,value:binary>>        none
 *     partition   int                                           the producer chooses
 *
 * Names are exact, upper and lower case differ. Other columns are ignored.
 *
 * Source: KafkaWriter.validateQuery, its order of checks and its words. Thread: any; pure.
 */
#pragma once

#include "columns/sql_error.h"
#include "columns/type.h"

/* Indexes of columns; -1: there is none. */
struct kafka_layout {
    int32_t topic; /* -1 also where the option decides */
    int32_t key;
    int32_t value;
    int32_t headers;
    int32_t partition;
};

/* False: the error is set. */
bool kafka_layout_find(const struct type *schema,
                       bool has_topic_option,
                       bool case_sensitive,
                       struct kafka_layout *out,
                       struct sql_error *error);
