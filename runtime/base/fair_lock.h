/*
 * A lock that is given in the order of asking. An ordinary mutex may go back to the thread that has just left it, so one that
 * takes it again and again, for one piece of a long work after the other, keeps the others out; this one lets each have
 * its turn in between.
 *
 * Thread: any; not recursive.
 */
#pragma once

#include <pthread.h>
#include <stdint.h>

struct fair_lock {
    pthread_mutex_t mutex;
    pthread_cond_t moved;
    /* mutex must be held for these: */
    uint64_t next;  /* the number of who asks next */
    uint64_t holds; /* the number of who has it, or would */
};

void fair_lock_init(struct fair_lock *lock);
void fair_lock_finish(struct fair_lock *lock);
void fair_lock_take(struct fair_lock *lock);
void fair_lock_leave(struct fair_lock *lock);
