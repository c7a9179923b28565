/*
 * kill -9 at a chosen step, from outside: preloaded into a program (LD_PRELOAD), it names what the program does to files below certain
 * folders, and what it produces to a broker, and ends it before, after or halfway through the step that was asked for.
 *
 *     KILL_AT_FOLDERS   "checkpoint=/path/of/it:sink=/another"
 *     KILL_AT           "rename checkpoint/commits/N|after|3": the third of its name; none: the steps are only written down
 *     KILL_AT_LOG       a line for each step, in their order; with KILL_AT only that of the step at which it was killed
 *
 *     create sink/part            write sink/part             a step: what is done, and to which file, as it is called below its folder:
 *     create checkpoint/offsets/N~                            numbers are N, what follows "part" is left out, a temporary file
 *     rename checkpoint/offsets/N                             has the name that it is to get, and ~
 *     send Produce
 *
 * "half": of a write or a request, half of the bytes are gone out. Thread: any; a step that several threads reach is counted for each.
 */
#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#pragma GCC visibility push(default) /* the program must find them */

enum { NAME_MAX_LENGTH = 512, PRODUCE = 0, NEWEST_PRODUCE = 12 };

struct step {
    char name[NAME_MAX_LENGTH]; /* "": none of ours */
    bool here;                  /* the one at which the program ends */
    char when;                  /* 'b', 'a', 'h': before, after, half */
};

/* --- libc's own --- */

static void *real(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) {
        abort();
    }
    return found;
}

/* real_<name>: a pointer to a function, out of one to data; ISO C knows no cast for it. */
#define REAL(name)                    \
    __typeof__(&(name)) real_##name;  \
    void *found_##name = real(#name); \
    memcpy(&real_##name, &found_##name, sizeof(found_##name))

/* --- names of steps --- */

static void append(char *out, const char *text, size_t length)
{
    size_t at = strlen(out);
    if (at + length + 1 < NAME_MAX_LENGTH) {
        memcpy(out + at, text, length);
        out[at + length] = '\0';
    }
}

/* One name of a path, as steps have it. */
static void append_part(char *out, const char *part, size_t length)
{
    bool temporary = length > 5 && part[0] == '.' && memcmp(part + length - 4, ".tmp", 4) == 0;
    if (length > 5 && memcmp(part, "part-", 5) == 0) {
        append(out, "part", 4);
        return;
    }
    if (temporary) {
        part++;
        length -= 5;
        while (length > 0 && part[length - 1] != '.') {
            length--;
        }
        length -= length > 0 ? 1 : 0;
    }
    for (size_t i = 0; i < length; i++) {
        bool digit = isdigit((unsigned char)part[i]);
        if (!digit || i == 0 || !isdigit((unsigned char)part[i - 1])) {
            append(out, digit ? "N" : part + i, 1);
        }
    }
    append(out, "~", temporary ? 1 : 0);
}

/* "checkpoint/offsets/N~" of a path; false: it is below none of the folders. */
static bool name_path(const char *path, char *out)
{
    const char *folders = getenv("KILL_AT_FOLDERS");
    while (folders && *folders) {
        const char *equals = strchr(folders, '=');
        size_t name = equals ? (size_t)(equals - folders) : 0;
        const char *folder = equals ? equals + 1 : folders;
        size_t length = strcspn(folder, ":");
        if (equals && strncmp(path, folder, length) == 0 && path[length] == '/') {
            append(out, folders, name);
            for (const char *at = path + length; *at == '/';) {
                size_t part = strcspn(at + 1, "/");
                append(out, "/", 1);
                append_part(out, at + 1, part);
                at += part + 1;
            }
            return true;
        }
        folders = folder + length + (folder[length] == ':');
    }
    return false;
}

/* --- counting --- */

static void say(const char *line)
{
    const char *path = getenv("KILL_AT_LOG");
    REAL(write);
    int fd = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666) : -1;
    if (fd >= 0) {
        (void)real_write(fd, line, strlen(line));
        (void)close(fd);
    }
}

/* How often the chosen step has been reached, with this time. */
static long count_step(void)
{
    static atomic_long reached;
    return atomic_fetch_add(&reached, 1) + 1;
}

static void end_here(const struct step *s)
{
    char line[NAME_MAX_LENGTH + 16];
    (void)snprintf(line, sizeof(line), "%s\n", s->name);
    say(line);
    (void)raise(SIGKILL);
}

/* Decides about a step that has a name; ends the program if it is to be before it. */
static void decide(struct step *s)
{
    const char *wanted = getenv("KILL_AT");
    size_t length = strlen(s->name);
    if (!wanted) {
        char line[NAME_MAX_LENGTH + 16];
        (void)snprintf(line, sizeof(line), "%s\n", s->name);
        say(line);
        return;
    }
    if (strncmp(wanted, s->name, length) != 0 || wanted[length] != '|') {
        return;
    }
    s->when = wanted[length + 1];
    const char *number = strchr(wanted + length + 1, '|');
    s->here = number && strtol(number + 1, NULL, 10) == count_step();
    if (s->here && s->when == 'b') {
        end_here(s);
    }
}

static struct step begin_path(const char *what, const char *path)
{
    struct step s = { .when = 'b' };
    char name[NAME_MAX_LENGTH] = "";
    int error = errno;
    if (path && name_path(path, name)) {
        append(s.name, what, strlen(what));
        append(s.name, " ", 1);
        append(s.name, name, strlen(name));
        decide(&s);
    }
    errno = error;
    return s;
}

static struct step begin_file(const char *what, int fd)
{
    char link[64];
    char path[PATH_MAX];
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    int error = errno;
    ssize_t length = readlink(link, path, sizeof(path) - 1);
    errno = error;
    path[length > 0 ? length : 0] = '\0';
    return begin_path(what, path);
}

static void end_step(const struct step *s)
{
    if (s->here) {
        end_here(s);
    }
}

/* --- files --- */

static mode_t mode_of(int flags, va_list arguments)
{
    return flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    REAL(open);
    struct step s = begin_path("create", flags & O_CREAT ? path : NULL);
    int fd = real_open(path, flags, mode);
    end_step(&s);
    return fd;
}

int openat(int folder, const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    REAL(openat);
    struct step s = begin_path("create", flags & O_CREAT ? path : NULL);
    int fd = real_openat(folder, path, flags, mode);
    end_step(&s);
    return fd;
}

ssize_t write(int fd, const void *data, size_t size)
{
    REAL(write);
    struct step s = begin_file("write", fd);
    ssize_t written = real_write(fd, data, s.here && s.when == 'h' ? size / 2 : size);
    end_step(&s);
    return written;
}

int fsync(int fd)
{
    REAL(fsync);
    struct step s = begin_file("fsync", fd);
    int rc = real_fsync(fd);
    end_step(&s);
    return rc;
}

int mkdir(const char *path, mode_t mode)
{
    REAL(mkdir);
    struct step s = begin_path("mkdir", path);
    int rc = real_mkdir(path, mode);
    end_step(&s);
    return rc;
}

int mkdirat(int folder, const char *path, mode_t mode)
{
    REAL(mkdirat);
    struct step s = begin_path("mkdir", path);
    int rc = real_mkdirat(folder, path, mode);
    end_step(&s);
    return rc;
}

int rename(const char *from, const char *to)
{
    REAL(rename);
    struct step s = begin_path("rename", to);
    int rc = real_rename(from, to);
    end_step(&s);
    return rc;
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    REAL(renameat);
    struct step s = begin_path("rename", to);
    int rc = real_renameat(from_folder, from, to_folder, to);
    end_step(&s);
    return rc;
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
    REAL(renameat2);
    struct step s = begin_path("rename", to);
    int rc = real_renameat2(from_folder, from, to_folder, to, flags);
    end_step(&s);
    return rc;
}

int link(const char *from, const char *to)
{
    REAL(link);
    struct step s = begin_path("link", to);
    int rc = real_link(from, to);
    end_step(&s);
    return rc;
}

int unlink(const char *path)
{
    REAL(unlink);
    struct step s = begin_path("unlink", path);
    int rc = real_unlink(path);
    end_step(&s);
    return rc;
}

/* The path is one of the open folder. */
int unlinkat(int folder, const char *path, int flags)
{
    char link[64];
    char whole[PATH_MAX];
    REAL(unlinkat);
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", folder);
    int error = errno;
    ssize_t length = *path == '/' ? 0 : readlink(link, whole, sizeof(whole) - 1);
    errno = error;
    length = length > 0 ? length : 0;
    (void)snprintf(whole + length, sizeof(whole) - (size_t)length, "%s%s", length ? "/" : "", path);
    struct step s = begin_path("unlink", whole);
    int rc = real_unlinkat(folder, path, flags);
    end_step(&s);
    return rc;
}

/* --- requests --- */

/* Kafka's requests begin with their length, which is not counted, and the API's number. */
static bool is_produce(const struct msghdr *message)
{
    uint8_t head[8];
    size_t have = 0;
    size_t total = 0;
    for (size_t i = 0; i < message->msg_iovlen; i++) {
        const struct iovec *v = &message->msg_iov[i];
        size_t more = v->iov_len < sizeof(head) - have ? v->iov_len : sizeof(head) - have;
        if (more > 0) {
            memcpy(head + have, v->iov_base, more);
        }
        have += more;
        total += v->iov_len;
    }
    uint32_t length = (uint32_t)head[0] << 24 | head[1] << 16 | head[2] << 8 | head[3];
    return have == sizeof(head) && (head[4] << 8 | head[5]) == PRODUCE && head[6] == 0 &&
           head[7] <= NEWEST_PRODUCE && length + 4 >= total && length < 1 << 30;
}

/* The message's first half, as one send. */
static ssize_t send_half(int fd, const struct msghdr *message, int flags)
{
    struct iovec first[16];
    struct msghdr half = *message;
    size_t count = half.msg_iovlen < 16 ? half.msg_iovlen : 16;
    REAL(sendmsg);
    memcpy(first, message->msg_iov, count * sizeof(*first));
    half.msg_iov = first;
    half.msg_iovlen = count > 1 ? count / 2 : 1;
    first[0].iov_len = count > 1 ? first[0].iov_len : first[0].iov_len / 2;
    return real_sendmsg(fd, &half, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    REAL(sendmsg);
    struct step s = { .when = 'b' };
    if (is_produce(message)) {
        append(s.name, "send Produce", 12);
        decide(&s);
    }
    ssize_t sent =
        s.here && s.when == 'h' ? send_half(fd, message, flags) : real_sendmsg(fd, message, flags);
    end_step(&s);
    return sent;
}
