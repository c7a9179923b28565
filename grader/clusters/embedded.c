/*
 * Starting and ending the embedded broker.
 */
#include "clusters/embedded.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "jail/disk.h"

enum { START_TIMEOUT_MS = 60000, READY_FD = 3, DATA_FILES_MAX = 50000 };

static void exit_ready(struct watch *w)
{
    struct embedded *e = container_of(w, struct embedded, exit);
    e->ended = true;
    watch_remove(w);
}

static void ready_ready(struct watch *w)
{
    struct embedded *e = container_of(w, struct embedded, ready);
    size_t have = strlen(e->address);
    ssize_t n = read(w->fd, e->address + have, sizeof(e->address) - 1 - have);
    if (n > 0) {
        e->address[have + (size_t)n] = '\0';
    }
    char *end = strchr(e->address, '\n');
    if (end) {
        *end = '\0';
        e->serving = true;
    }
    if (n <= 0 || end) {
        watch_remove(w);
        close(w->fd);
        w->fd = -1;
    }
}

static void ready_expired(struct watch *w)
{
    watch_remove(w);
    close(w->fd);
    w->fd = -1;
}

static _Noreturn void child_main(
    const char *weir, const char *dir, int ready, int log, pid_t parent)
{
    char dirs[4200];
    char *const env[] = { NULL }; /* what the caller's environment holds is nobody's business */
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int high = fcntl(ready, F_DUPFD_CLOEXEC, 16);
    loop_child();
    (void)snprintf(dirs, sizeof(dirs), "log.dirs=%s/data", dir);
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != parent || dup2(null, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0 ||
        dup2(high, READY_FD) < 0) {
        _exit(126);
    }
    (void)close_range(READY_FD + 1, ~0U, 0);
    (void)execle(weir, weir, "broker", "--ready-fd", "3", "--override",
                 "listeners=PLAINTEXT://127.0.0.1:0", "--override", dirs, "--override",
                 "log.segment.delete.delay.ms=0", (char *)NULL, env);
    _exit(127);
}

static enum weir_status spawn(struct embedded *e,
                              const char *weir,
                              const char *dir,
                              struct weir_error *err)
{
    int ends[2] = { -1, -1 };
    enum weir_status rc = WEIR_OK;
    pid_t parent = getpid();
    int log = open(e->log_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (log < 0 || pipe2(ends, O_CLOEXEC) < 0) {
        rc = weir_fail_errno(err, "cannot prepare the broker in %s", dir);
        goto out;
    }
    e->pid = fork();
    if (e->pid == 0) {
        child_main(weir, dir, ends[1], log, parent);
    }
    if (e->pid < 0) {
        rc = weir_fail_errno(err, "cannot start a process for the broker");
        goto out;
    }
    (void)setpgid(e->pid, e->pid);
    e->exit = (struct watch){ .fd = (int)syscall(SYS_pidfd_open, e->pid, 0), .ready = exit_ready };
    if (e->exit.fd < 0) {
        rc = weir_fail_errno(err, "cannot watch the broker's process");
        goto out;
    }
    watch_add(e->loop, &e->exit);
    e->ready = (struct watch){ .fd = ends[0],
                               .deadline_ms = clock_monotonic_ms() + START_TIMEOUT_MS,
                               .ready = ready_ready,
                               .expired = ready_expired };
    ends[0] = -1;
    watch_add(e->loop, &e->ready);
out:
    for (int i = 0; i < 2; i++) {
        if (ends[i] >= 0) {
            close(ends[i]);
        }
    }
    if (log >= 0) {
        close(log);
    }
    return rc;
}

enum weir_status embedded_start(struct embedded *e,
                                struct loop *loop,
                                const char *weir,
                                const char *dir,
                                struct weir_error *err)
{
    char words[4200];
    *e = (struct embedded){ .loop = loop, .exit.fd = -1, .ready.fd = -1, .data_fd = -1 };
    (void)snprintf(e->log_path, sizeof(e->log_path), "%s/log", dir);
    if (mkdir(dir, 0700) < 0) {
        return weir_fail_errno(err, "cannot make the folder %s", dir);
    }
    enum weir_status rc = spawn(e, weir, dir, err);
    while (rc == WEIR_OK && e->ready.fd >= 0 && !e->ended && loop->stop_signal == 0) {
        loop_turn(loop);
    }
    if (rc == WEIR_OK && !e->serving) {
        embedded_last_words(e, words, sizeof(words));
        rc = weir_fail(err, WEIR_EIO, "the broker did not start: %s",
                       loop->stop_signal ? "interrupted"
                       : words[0]        ? words
                                         : "it said nothing");
    }
    if (rc == WEIR_OK) {
        (void)snprintf(words, sizeof(words), "%s/data", dir);
        e->data_fd = open(words, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        rc =
            e->data_fd < 0 ? weir_fail_errno(err, "cannot look into the broker's folder") : WEIR_OK;
    }
    if (rc < 0) {
        embedded_stop(e);
    }
    return rc;
}

void embedded_stop(struct embedded *e)
{
    if (e->pid > 0) {
        (void)kill(e->pid, SIGKILL);
        (void)waitpid(e->pid, NULL, 0);
        e->pid = 0;
    }
    struct watch *watches[2] = { &e->exit, &e->ready };
    for (int i = 0; i < 2; i++) {
        watch_remove(watches[i]);
        if (watches[i]->fd >= 0 && watches[i]->ready) {
            close(watches[i]->fd);
        }
        watches[i]->fd = -1;
    }
    if (e->data_fd >= 0) {
        close(e->data_fd);
        e->data_fd = -1;
    }
}

int64_t embedded_disk(const struct embedded *e)
{
    return disk_folder(e->data_fd, DATA_FILES_MAX);
}

int64_t embedded_memory(const struct embedded *e)
{
    char path[64];
    char text[128] = "";
    long long resident = 0;
    long long shared = 0;
    (void)snprintf(path, sizeof(path), "/proc/%d/statm", (int)e->pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : file_pread(fd, text, sizeof(text) - 1, 0);
    if (fd >= 0) {
        close(fd);
    }
    return n > 0 && sscanf(text, "%*s %lld %lld", &resident, &shared) == 2
               ? (resident - shared) * sysconf(_SC_PAGESIZE)
               : 0;
}

void embedded_last_words(const struct embedded *e, char *out, size_t size)
{
    enum { TAIL = 1024 };
    char text[TAIL + 1];
    struct stat st;
    struct bytes rest = { 0 };
    struct bytes line = { 0 };
    ssize_t n = 0;
    out[0] = '\0';
    int fd = open(e->log_path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0) {
        goto out;
    }
    n = file_pread(fd, text, TAIL, st.st_size > TAIL ? st.st_size - TAIL : 0);
    rest = bytes_trim((struct bytes){ (const uint8_t *)text, n > 0 ? (size_t)n : 0 });
    while (bytes_cut(&rest, '\n', &line)) {
    }
    if (line.len >= size) {
        line.len = size - 1;
    }
    if (!bytes_to_text(line, out, size)) {
        out[0] = '\0';
    }
out:
    if (fd >= 0) {
        close(fd);
    }
}
