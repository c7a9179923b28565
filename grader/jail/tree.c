/*
 * The descendants of this process, from /proc/PID/stat.
 *
 * Orphans come back as children because the jail is a subreaper (or process 1), so parent links find them all.
 */
#include "jail/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TREE_MAX = 32768 };

struct tree_process {
    pid_t pid;
    pid_t parent;
    int64_t rss_pages;
    bool below; /* a descendant */
};

struct tree {
    struct tree_process *processes;
    size_t count;
};

static bool read_stat(const char *pid_text, struct tree_process *out)
{
    char path[64];
    char text[1024];
    (void)snprintf(path, sizeof(path), "/proc/%.20s/stat", pid_text);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    ssize_t n = read(fd, text, sizeof(text) - 1);
    close(fd);
    if (n <= 0) {
        return false;
    }
    text[n] = '\0';
    /* "pid (name) state ppid ... rss": the name may hold anything, so fields are counted from the last ')'. */
    char *field = strrchr(text, ')');
    *out = (struct tree_process){ .pid = (pid_t)strtol(text, NULL, 10) };
    for (int number = 3; field && number <= 24; number++) {
        field = strchr(field + 1, ' ');
        if (!field) {
            return false;
        }
        if (number == 4) {
            out->parent = (pid_t)strtol(field + 1, NULL, 10);
        } else if (number == 24) {
            out->rss_pages = strtoll(field + 1, NULL, 10);
        }
    }
    return field != NULL;
}

static void tree_read(struct tree *t)
{
    *t = (struct tree){ .processes = calloc(TREE_MAX, sizeof(struct tree_process)) };
    DIR *proc = opendir("/proc");
    if (!proc || !t->processes) {
        goto out;
    }
    for (struct dirent *e = readdir(proc); e && t->count < TREE_MAX; e = readdir(proc)) {
        if (e->d_name[0] >= '1' && e->d_name[0] <= '9' &&
            read_stat(e->d_name, &t->processes[t->count])) {
            t->count++;
        }
    }
out:
    if (proc) {
        closedir(proc);
    }
}

static bool is_below(const struct tree *t, pid_t pid)
{
    for (size_t i = 0; i < t->count; i++) {
        if (t->processes[i].pid == pid) {
            return t->processes[i].below;
        }
    }
    return false;
}

/* Marks children, then children's children, until nothing new is found. */
static void tree_mark(struct tree *t)
{
    pid_t own = getpid();
    bool more = true;
    while (more) {
        more = false;
        for (size_t i = 0; i < t->count; i++) {
            struct tree_process *p = &t->processes[i];
            if (!p->below && p->pid != own && (p->parent == own || is_below(t, p->parent))) {
                p->below = true;
                more = true;
            }
        }
    }
}

int64_t tree_rss(void)
{
    struct tree t;
    int64_t pages = 0;
    tree_read(&t);
    tree_mark(&t);
    for (size_t i = 0; i < t.count; i++) {
        pages += t.processes[i].below ? t.processes[i].rss_pages : 0;
    }
    free(t.processes);
    return pages * sysconf(_SC_PAGESIZE);
}

void tree_each(void (*visit)(void *context, pid_t pid), void *context)
{
    struct tree t;
    tree_read(&t);
    tree_mark(&t);
    for (size_t i = 0; i < t.count; i++) {
        if (t.processes[i].below) {
            visit(context, t.processes[i].pid);
        }
    }
    free(t.processes);
}

size_t tree_signal(int signo)
{
    struct tree t;
    size_t found = 0;
    tree_read(&t);
    tree_mark(&t);
    for (size_t i = 0; i < t.count; i++) {
        if (t.processes[i].below) {
            (void)kill(t.processes[i].pid, signo);
            found++;
        }
    }
    free(t.processes);
    return found;
}
