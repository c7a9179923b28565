/*
 * A lock in the order of asking: see fair_lock.h. Everybody takes a number and waits until it is called.
 */
#include "base/fair_lock.h"

void fair_lock_init(struct fair_lock *lock)
{
    (void)pthread_mutex_init(&lock->mutex, NULL);
    (void)pthread_cond_init(&lock->moved, NULL);
    lock->next = 0;
    lock->holds = 0;
}

void fair_lock_finish(struct fair_lock *lock)
{
    (void)pthread_cond_destroy(&lock->moved);
    (void)pthread_mutex_destroy(&lock->mutex);
}

void fair_lock_take(struct fair_lock *lock)
{
    (void)pthread_mutex_lock(&lock->mutex);
    uint64_t mine = lock->next++;
    while (lock->holds != mine) {
        (void)pthread_cond_wait(&lock->moved, &lock->mutex);
    }
    (void)pthread_mutex_unlock(&lock->mutex);
}

void fair_lock_leave(struct fair_lock *lock)
{
    (void)pthread_mutex_lock(&lock->mutex);
    lock->holds++;
    (void)pthread_cond_broadcast(&lock->moved);
    (void)pthread_mutex_unlock(&lock->mutex);
}
