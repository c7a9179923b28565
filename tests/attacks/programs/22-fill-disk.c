/*
 * Attack 22: one file that grows until the disk is full.
 * Expected: wrote a file larger than it may
 */
#include <fcntl.h>
#include <unistd.h>

int main(void)
{
    static char block[1 << 16];
    int fd = open("large", O_WRONLY | O_CREAT, 0644);
    while (write(fd, block, sizeof(block)) > 0) {
    }
    return 0;
}
