/*
 * What handlers ask of the broker: see broker.h.
 */
#include "broker/broker.h"

#include "broker/worker.h"
#include "cluster/local_store.h"

enum { PRODUCER_ID_BLOCK = 1000 };

struct cluster_image *broker_image(struct broker *broker)
{
    (void)pthread_mutex_lock(&broker->image_lock);
    struct cluster_image *image = image_ref(broker->image);
    (void)pthread_mutex_unlock(&broker->image_lock);
    return image;
}

/* The end of the next block is durable before the first id of it is given out; a crash wastes at most one block. */
static bool take_block(struct broker *broker)
{
    struct weir_error err;
    fair_lock_take(&broker->admin_lock); /* guards the store */
    int64_t end = broker->producer_id_end + PRODUCER_ID_BLOCK;
    enum weir_status rc = local_store_set_producer_id_end(broker->store, end, &err);
    fair_lock_leave(&broker->admin_lock);
    if (rc < 0) {
        log_write(&broker->log, LOG_LEVEL_ERROR, "Cannot reserve producer ids: %s", err.message);
        return false;
    }
    broker->producer_id_end = end;
    return true;
}

int64_t broker_next_producer_id(struct broker *broker)
{
    int64_t id = -1;
    (void)pthread_mutex_lock(&broker->producer_id_lock);
    if (broker->producer_id_next < broker->producer_id_end || take_block(broker)) {
        id = broker->producer_id_next++;
    }
    (void)pthread_mutex_unlock(&broker->producer_id_lock);
    return id;
}

struct worker *broker_worker_for(struct broker *broker, struct bytes key)
{
    return broker->workers[bytes_hash(key) % (uint64_t)broker->worker_count];
}
