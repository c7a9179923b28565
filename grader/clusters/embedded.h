/*
 * The embedded cluster: our own broker, started for one check on a port that the kernel chooses.
 *
 * Its data lies in the run's folder and goes with it. The broker dies with weir-grade, however that ends. Thread: one.
 */
#pragma once

#include <sys/types.h>

#include "sandbox/loop.h"

struct embedded {
    struct loop *loop;
    struct watch exit;  /* a pidfd: readable when the broker has ended */
    struct watch ready; /* the broker writes its address here once it serves */
    pid_t pid;
    char address[128]; /* "127.0.0.1:49152" */
    bool ended;
    bool serving;
    char log_path[4096];
    int data_fd; /* its data folder; -1 */
};

/* Starts the broker and waits until it serves. `weir` is our binary, `dir` a folder to make for it. */
WEIR_CHECKED enum weir_status embedded_start(struct embedded *e,
                                             struct loop *loop,
                                             const char *weir,
                                             const char *dir,
                                             struct weir_error *err);
/* Kills it; its data is thrown away, so there is nothing to save. Harmless when it was never started. */
void embedded_stop(struct embedded *e);

/* What it keeps on disk, in bytes; as if without end when that are more files than any lab needs. */
int64_t embedded_disk(const struct embedded *e);

/* The memory of its own that it uses, in bytes; 0 when the kernel does not tell. */
int64_t embedded_memory(const struct embedded *e);

/* The last line of its log, for an error message. */
void embedded_last_words(const struct embedded *e, char *out, size_t size);
