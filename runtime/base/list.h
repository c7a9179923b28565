/*
 * Intrusive doubly linked lists: the node lies inside the object, so linking allocates nothing.
 *
 * A list is a node whose neighbours are the first and the last element. The comment at a node field names the list
 * it is for. Thread: whoever guards the list.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct list_node {
    struct list_node *prev;
    struct list_node *next;
};

#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* `next` is read ahead, so the body may remove `node`. */
#define list_foreach(node, list)                                                           \
    for (struct list_node *node = (list)->next, *node##_next = node->next; node != (list); \
         node = node##_next, node##_next = node->next)

static inline void list_init(struct list_node *list)
{
    list->prev = list->next = list;
}

static inline bool list_empty(const struct list_node *list)
{
    return list->next == list;
}

static inline void list_insert_before(struct list_node *at, struct list_node *node)
{
    node->prev = at->prev;
    node->next = at;
    at->prev->next = node;
    at->prev = node;
}

static inline void list_push_back(struct list_node *list, struct list_node *node)
{
    list_insert_before(list, node);
}

static inline void list_push_front(struct list_node *list, struct list_node *node)
{
    list_insert_before(list->next, node);
}

/* Leaves `node` pointing at itself: removing twice is harmless, and list_empty(node) means "not linked". */
static inline void list_remove(struct list_node *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

static inline struct list_node *list_pop_front(struct list_node *list)
{
    struct list_node *first = list->next;
    if (first == list) {
        return NULL;
    }
    list_remove(first);
    return first;
}
