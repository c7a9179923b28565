/*
 * Attack 12: reads what it is graded by. @SECRET@ is a file that stands for the hidden checks.
 * Not at level: 0
 * Expected: there is no file answer.txt
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static void show(const char *path)
{
    char data[4096];
    int fd = open(path, O_RDONLY);
    ssize_t n = fd < 0 ? -1 : read(fd, data, sizeof(data));
    if (n > 0) {
        printf("%s: %.*s\n", path, (int)n, data);
    }
}

int main(void)
{
    char path[8192];
    show("@SECRET@");
    for (int pid = 1; pid < 4000; pid++) {
        snprintf(path, sizeof(path), "/proc/%d/root@SECRET@", pid);
        show(path);
        snprintf(path, sizeof(path), "/proc/%d/cwd/checks.log", pid);
        show(path);
    }
    return 0;
}
