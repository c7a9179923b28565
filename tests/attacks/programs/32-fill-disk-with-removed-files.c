/*
 * Attack 32: the same with files that no folder names any more, while children die all the time.
 * Not at level: 0
 * Needs: open files
 * Expected: held more than 4 MiB of disk space
 */
#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(void)
{
    static char block[1 << 16];
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    for (int i = 0; i < 100; i++) {
        int fd = open("file", O_WRONLY | O_CREAT, 0600);
        unlink("file");
        for (int k = 0; k < 8; k++) {
            if (write(fd, block, sizeof(block)) < 0) {
                return 1;
            }
        }
        if (fork() == 0) {
            if (fork() == 0) {
                usleep(1000);
            }
            _exit(0);
        }
        usleep(5000);
    }
    sleep(60);
    return 0;
}
