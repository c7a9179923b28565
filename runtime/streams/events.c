/*
 * Events of queries: see events.h.
 */
#include "streams/events.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/list.h"
#include "base/mem.h"

struct event {
    struct list_node node;
    enum event_kind kind;
    char *text;
};

struct listener {
    struct list_node node;
    int number; /* 0: removed while listeners are told something; freed after that */
    struct weir_listener callbacks;
};

struct events {
    pthread_mutex_t lock; /* the queue and the flags */
    pthread_mutex_t
        telling; /* the list of listeners, held while they are called: once removed, a listener is not called again */
    pthread_cond_t changed;
    struct list_node queue;
    struct list_node listeners;
    int depth; /* of tell(), under `telling` */
    int last_number;
    pthread_t thread;
    bool running;
    bool ending;
};

struct events *events_new(void)
{
    struct events *e = MEM_NEW(struct events);
    pthread_mutexattr_t again;
    (void)pthread_mutexattr_init(&again);
    (void)pthread_mutexattr_settype(&again, PTHREAD_MUTEX_RECURSIVE);
    (void)pthread_mutex_init(&e->lock, NULL);
    (void)pthread_mutex_init(&e->telling, &again); /* a listener may add and remove listeners */
    (void)pthread_mutexattr_destroy(&again);
    (void)pthread_cond_init(&e->changed, NULL);
    list_init(&e->queue);
    list_init(&e->listeners);
    return e;
}

/* Frees removed listeners, unless somebody walks the list. */
static void sweep(struct events *e)
{
    list_foreach(node, &e->listeners) {
        struct listener *l = container_of(node, struct listener, node);
        if (l->number == 0 && e->depth == 0) {
            list_remove(node);
            free(l);
        }
    }
}

static void tell(struct events *e, enum event_kind kind, const char *text)
{
    (void)pthread_mutex_lock(&e->telling);
    e->depth++;
    list_foreach(node, &e->listeners) {
        const struct weir_listener *l = &container_of(node, struct listener, node)->callbacks;
        void (*call)(const char *, void *) = kind == EVENT_STARTED    ? l->started
                                             : kind == EVENT_PROGRESS ? l->progress
                                             : kind == EVENT_IDLE     ? l->idle
                                                                      : l->terminated;
        if (call) {
            call(text, l->context);
        }
    }
    e->depth--;
    sweep(e);
    (void)pthread_mutex_unlock(&e->telling);
}

static void *tell_all(void *context)
{
    struct events *e = context;
    (void)pthread_mutex_lock(&e->lock);
    for (;;) {
        while (list_empty(&e->queue) && !e->ending) {
            (void)pthread_cond_wait(&e->changed, &e->lock);
        }
        struct list_node *node = list_pop_front(&e->queue);
        if (!node) {
            break;
        }
        struct event *event = container_of(node, struct event, node);
        (void)pthread_mutex_unlock(&e->lock);
        tell(e, event->kind, event->text);
        free(event->text);
        free(event);
        (void)pthread_mutex_lock(&e->lock);
    }
    (void)pthread_mutex_unlock(&e->lock);
    return NULL;
}

void events_free(struct events *e)
{
    if (!e) {
        return;
    }
    (void)pthread_mutex_lock(&e->lock);
    e->ending = true;
    (void)pthread_cond_broadcast(&e->changed);
    (void)pthread_mutex_unlock(&e->lock);
    if (e->running) {
        (void)pthread_join(e->thread, NULL);
    }
    list_foreach(node, &e->queue) {
        struct event *event = container_of(node, struct event, node);
        free(event->text);
        free(event);
    }
    list_foreach(node, &e->listeners) {
        free(container_of(node, struct listener, node));
    }
    (void)pthread_cond_destroy(&e->changed);
    (void)pthread_mutex_destroy(&e->telling);
    (void)pthread_mutex_destroy(&e->lock);
    free(e);
}

int events_add(struct events *e, const struct weir_listener *listener)
{
    struct listener *made = MEM_NEW(struct listener);
    made->callbacks = *listener;
    (void)pthread_mutex_lock(&e->telling);
    made->number = ++e->last_number;
    list_push_back(&e->listeners, &made->node);
    (void)pthread_mutex_unlock(&e->telling);
    (void)pthread_mutex_lock(&e->lock);
    if (!e->running) {
        e->running = pthread_create(&e->thread, NULL, tell_all, e) == 0;
    }
    (void)pthread_mutex_unlock(&e->lock);
    return made->number;
}

void events_remove(struct events *e, int number)
{
    (void)pthread_mutex_lock(&e->telling);
    list_foreach(node, &e->listeners) {
        struct listener *l = container_of(node, struct listener, node);
        if (l->number == number) {
            l->number = 0;
            l->callbacks = (struct weir_listener){ 0 };
        }
    }
    sweep(e);
    (void)pthread_mutex_unlock(&e->telling);
}

void events_post(struct events *e, enum event_kind kind, char *text)
{
    if (kind == EVENT_STARTED) {
        tell(e, kind, text);
        free(text);
        return;
    }
    (void)pthread_mutex_lock(&e->lock);
    if (!e->running) { /* nobody has ever listened */
        free(text);
    } else {
        struct event *event = MEM_NEW(struct event);
        event->kind = kind;
        event->text = text;
        list_push_back(&e->queue, &event->node);
        (void)pthread_cond_signal(&e->changed);
    }
    (void)pthread_mutex_unlock(&e->lock);
}
