/*
 * Committed offsets that are too old, and groups of which nothing is left: deleted from __consumer_offsets and from memory
 * at checks (coordination/offset_expiry.h has the rules). A group wakes for a check only if something can go at it, so that
 * an idle broker stays idle for days.
 *
 * Thread: the shard's worker.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct committed_offset;
struct group_entry;

/* Something has changed that may let offsets go earlier than was known: a rebalance, the end of a transaction, a deletion. The
 * next shard_settle() looks at all of them. */
void expiry_reconsider(struct group_entry *entry);

/* An offset was committed: it may be the next to go. */
void expiry_note_commit(struct group_entry *entry, const struct committed_offset *committed);

/* When the group's timer has to fire for it, in the loop's time; GROUP_NEVER. */
int64_t expiry_wake_ms(struct group_entry *entry);

/* The timer has fired: deletes what is due, if a check is. True: the group is gone. */
bool expiry_check(struct group_entry *entry);
