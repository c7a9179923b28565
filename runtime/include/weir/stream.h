/*
 * Structured Streaming: tables that grow, asked with the same questions as tables that do not.
 *
 * A **frame** (Spark's DataFrame) is a question: where rows come from and what is done with them. Making one reads nothing. A batch
 * action (weir_show, weir_collect, weir_count) answers it once; weir_start() answers it again and again, as rows arrive,
 * until the **query** is stopped:
 *
 *     struct weir_session *spark = weir_session_create(
 *         &(struct weir_session_options){ .master = "local[2]", .app_name = "Fraud" }, &err);
 *
 *     struct weir_frame *input = weir_read_stream(spark, "kafka", NULL,
 *         WEIR_OPTIONS({ "kafka.bootstrap.servers", "localhost:9092" }, { "subscribe", "a_partitioned_topic" }));
 *     struct weir_frame *flat = weir_select_expr(
 *         weir_select_expr(input, "from_json(CAST(value AS STRING), 'name STRING, flag INT') AS value"),
 *         "value.name", "value.flag");
 *     struct weir_frame *counts = weir_group_count(weir_group_by(weir_where(flat, "flag = 1"), "name"));
 *
 *     struct weir_query *query = weir_start(counts,
 *         &(struct weir_stream_writer){ .output_mode = "update", .format = "console" }, &err);
 *     rc = weir_query_await(query, -1, &err);
 *
 * Names, meaning and messages are those of Apache Spark 4.1: what you know from there holds here, and what you learn here
 * holds there.
 *
 * **Expressions** come in two forms, everywhere. As Spark SQL text, "amount > 100 AND flag = 1"; or built, from columns:
 * weir_greater(weir_col("amount"), weir_lit_int(100)). Functions that end in _columns take built ones.
 *
 * **Errors** stick to the frame. A verb never fails: it returns a frame that carries the error, as does every frame made from
 * it, and weir_frame_error() tells it. Actions and weir_start() return it. Texts are Spark's: they name the condition, suggest
 * the nearest name, and mark the place with a caret; so they may have several lines. `err` gets the first line,
 * weir_session_error() has the whole text of the last failure.
 *
 * **Ownership.** The session owns its frames and groups; they end with it. Frames made inside a foreachBatch callback
 * from the batch end with the callback. A query handle is valid until the session is closed, also when the query has ended. Columns
 * are taken over by whatever takes them as an argument; weir_column_copy() makes another.
 * **Threads.** A session and its frames: one thread at a time. Query handles: any thread. Callbacks run on the query's thread.
 * Texts returned are terminated and UTF-8, valid as long as their owner unless said otherwise; times are milliseconds, -1 no limit.
 */
#pragma once

#include "weir/column.h"
#include "weir/frame.h"
#include "weir/query.h"
#include "weir/session.h"
