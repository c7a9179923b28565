/*
 * The broker: its configuration, its data directory, its workers and what the cluster looks like.
 *
 * Start: configuration -> data directory locked, metadata and logs opened -> workers -> listener -> "started".
 * Stop: listener closed, workers stopped, groups and logs closed, checkpoints and the clean-shutdown mark written.
 *
 * Thread: any, unless a function says otherwise.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/fair_lock.h"
#include "base/log.h"
#include "base/log_limit.h"
#include "base/uuid.h"
#include "broker/config.h"
#include "broker/image.h"

struct acceptor;
struct admin;
struct connection_limits;
struct coordinator;
struct fetch_sessions;
struct local_store;
struct log_keeper;
struct transactions;
struct worker;

struct broker {
    /* As it was at the start, for keys that nobody can change while the broker runs; for the others the image has it. */
    struct broker_config config;
    struct log log;
    char cluster_id[UUID_TEXT_SIZE];
    int root_fd; /* the log directory */
    int lock_fd;
    int listen_fd;
    char bound_host[64];
    int bound_port;
    bool clean_start; /* the last stop was clean */
    bool opened;      /* the logs are open */
    struct local_store *store;
    struct log_keeper *keeper;
    struct acceptor *acceptor;
    struct admin *admin;
    struct connection_limits *connection_limits;
    struct log_limit refusal_lines; /* of connections that are closed for what they sent */
    struct log_limit limit_lines;   /* of those that are too many */
    struct worker **workers;
    int worker_count;
    struct coordinator *coordinator; /* groups; coordinator.h */
    struct fetch_sessions *fetch_sessions;
    struct transactions *transactions; /* transactions.h */

    _Atomic int64_t image_version; /* of the image below, readable without the lock */
    pthread_mutex_t image_lock;
    /* image_lock must be held for this: */
    struct cluster_image *image;

    struct fair_lock
        admin_lock; /* one change of topics or settings at a time; taken before image_lock */
    pthread_mutex_t producer_id_lock;
    /* producer_id_lock must be held for these: */
    int64_t producer_id_next;
    int64_t producer_id_end; /* of the durable block */
};

/* The newest image with a reference of the caller's: image_unref() it. In handlers worker_image() is cheaper. */
struct cluster_image *broker_image(struct broker *broker);

/* A producer id that was never given out before, also not before a crash (blocks of 1000, ProducerIdsBlock). -1 when
 * the data directory cannot be written. */
int64_t broker_next_producer_id(struct broker *broker);

/* The worker that owns a key, such as a group id. */
struct worker *broker_worker_for(struct broker *broker, struct bytes key);
