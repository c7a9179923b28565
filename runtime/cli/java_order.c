/*
 * The order of a java.util.HashMap; see the header.
 */
#include "cli/java_order.h"

uint32_t java_bucket(struct bytes key, size_t count)
{
    uint32_t hash = 0;
    for (size_t i = 0; i < key.len; i++) {
        hash = 31 * hash + key.data[i];
    }
    size_t size = 16;
    while (count > size / 4 * 3) {
        size *= 2;
    }
    return (hash ^ hash >> 16) & (uint32_t)(size - 1);
}
