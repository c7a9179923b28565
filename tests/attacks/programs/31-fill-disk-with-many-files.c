/*
 * Attack 31: files of which each is as small as it must be, until the disk is full.
 * Expected: held more than 4 MiB of disk space
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    static char block[1 << 16];
    char name[32];
    for (int i = 0; i < 2000; i++) {
        snprintf(name, sizeof(name), "file-%d", i);
        int fd = open(name, O_WRONLY | O_CREAT, 0600);
        for (int k = 0; k < 8; k++) {
            if (write(fd, block, sizeof(block)) < 0) {
                return 1;
            }
        }
        close(fd);
        usleep(2000);
    }
    return 0;
}
