/*
 * The processes below one process, read from /proc: to add up their memory and to leave none alive.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Resident memory of all descendants of this process, in bytes. */
int64_t tree_rss(void);

/* Calls `visit` with every descendant of this process. */
void tree_each(void (*visit)(void *context, pid_t pid), void *context);

/* Sends `signo` to every descendant of this process; returns how many there are. */
size_t tree_signal(int signo);
