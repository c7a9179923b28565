/*
 * Attack 28: looks for descriptors that were left open for it, and writes to them.
 * Expected: there is no file answer.txt
 * Printed: descriptors open: 0
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    int found = 0;
    for (int fd = 3; fd < 4096; fd++) {
        if (fcntl(fd, F_GETFD) >= 0) {
            found++;
            dprintf(fd, "ok 2 - sum\n");
        }
    }
    printf("descriptors open: %d\n", found);
    return 0;
}
