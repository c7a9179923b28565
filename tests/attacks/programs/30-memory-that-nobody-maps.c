/*
 * Attack 30: fills memory that belongs to no process: files in it, and System V's, which outlives everybody.
 * Not at level: 0
 * Needs: Landlock
 * Expected: there is no file answer.txt
 * Printed: took 0 KiB
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/shm.h>
#include <unistd.h>

enum { BLOCK_KIB = 64, FILES = 100 };

static int fill(int fd)
{
    static char block[BLOCK_KIB << 10];
    int kib = 0;
    if (fd < 0) {
        return 0;
    }
    while (kib < 512 && write(fd, block, sizeof(block)) > 0) {
        kib += BLOCK_KIB;
    }
    close(fd);
    return kib;
}

int main(void)
{
    static const char *const folders[] = { "", "/dev", "/dev/shm", "/home", "/run", "/etc" };
    char path[64];
    int kib = fill(memfd_create("memory", 0));
    for (int i = 0; i < FILES; i++) {
        for (int k = 0; k < 6; k++) {
            snprintf(path, sizeof(path), "%s/weir-memory-%d", folders[k], i);
            kib += fill(open(path, O_WRONLY | O_CREAT, 0600));
            unlink(path);
        }
    }
    int id = shmget(IPC_PRIVATE, 1 << 20, IPC_CREAT | 0600);
    if (id >= 0) {
        kib += 1024;
        shmctl(id, IPC_RMID, NULL);
    }
    id = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
    if (id >= 0) {
        kib += 16;
        msgctl(id, IPC_RMID, NULL);
    }
    printf("took %d KiB\n", kib);
    return 0;
}
