/*
 * A broker for one test in C: bin/weir as a child, on a port that the kernel chose, in a folder of its own. It dies with
 * the test, however that ends, and the folder goes with broker_child_stop(). broker_child_kill() and broker_child_again() are a crash and
 * what comes after it.
 */
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

struct broker_child {
    pid_t pid;
    char dir[64];
    char bootstrap[64]; /* "127.0.0.1:40123" */
};

static inline void broker_child_run(const struct broker_child *b, int ready_fd)
{
    char program[512];
    char dirs[128];
    char listeners[96];
    char ready[16];
    const char *bin = getenv("WEIR_BIN");
    snprintf(program, sizeof(program), "%s/weir", bin ? bin : "bin");
    snprintf(dirs, sizeof(dirs), "log.dirs=%s/data", b->dir);
    snprintf(listeners, sizeof(listeners), "listeners=PLAINTEXT://%s",
             b->bootstrap[0] ? b->bootstrap : "127.0.0.1:0");
    snprintf(ready, sizeof(ready), "%d", ready_fd);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int quiet = open("/dev/null", O_WRONLY);
    dup2(quiet, STDOUT_FILENO);
    execl(program, "weir", "broker", "--override", listeners, "--override", dirs, "--override",
          "num.network.threads=2", "--ready-fd", ready, (char *)NULL);
    _exit(127);
}

/* Runs it in its folder; returns once it serves; false when it does not. */
static inline bool broker_child_launch(struct broker_child *b)
{
    int ready[2];
    char said[sizeof(b->bootstrap)] = "";
    if (pipe(ready) < 0) {
        return false;
    }
    b->pid = fork();
    if (b->pid == 0) {
        close(ready[0]);
        broker_child_run(b, ready[1]);
    }
    close(ready[1]);
    size_t len = 0;
    ssize_t got;
    while (b->pid > 0 && len < sizeof(said) - 1 && !memchr(said, '\n', len) &&
           (got = read(ready[0], said + len, sizeof(said) - 1 - len)) > 0) {
        len += (size_t)got;
    }
    close(ready[0]);
    said[strcspn(said, "\n")] = '\0';
    memcpy(b->bootstrap, said, sizeof(said));
    return len > 0;
}

static inline bool broker_child_start(struct broker_child *b)
{
    *b = (struct broker_child){ .dir = "/tmp/weir-child-XXXXXX" };
    return mkdtemp(b->dir) && broker_child_launch(b);
}

/* kill -9; folder and port stay its own. */
static inline void broker_child_kill(struct broker_child *b)
{
    kill(b->pid, SIGKILL);
    waitpid(b->pid, NULL, 0);
    b->pid = 0;
}

/* Where it was, after broker_child_kill(). The thread that calls this must live on: the broker dies with it. */
static inline bool broker_child_again(struct broker_child *b)
{
    return broker_child_launch(b);
}

static inline void broker_child_stop(struct broker_child *b)
{
    if (b->pid > 0) {
        kill(b->pid, SIGTERM);
        waitpid(b->pid, NULL, 0);
    }
    (void)!file_remove_tree(AT_FDCWD, b->dir, NULL);
}
