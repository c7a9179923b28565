/*
 * The order in which a java.util.HashMap hands out its keys: what Apache's tools print in "no order" follows it, the
 * same on every run, so ours do too.
 *
 * A map of n keys has a table of 16 buckets, doubled while n is more than three quarters of it. A key lies in bucket
 * (h ^ h >>> 16) mod size, h being String.hashCode(): s[0]*31^(n-1) + ... + s[n-1]. Buckets come in order; in one
 * bucket keys keep the order of their insertion.
 *
 * Pure. Text must be ASCII (the hash is over UTF-16).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

/* The bucket of `key` in a map that ended up with `count` keys. Sort by it, stably. */
uint32_t java_bucket(struct bytes key, size_t count);
