/*
 * Attack 21: takes all memory, in several processes so that no one of them is large.
 * Expected: used more than 128 MiB of memory|was killed|did not end
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
    for (int i = 0; i < 3; i++) {
        fork();
    }
    for (int i = 0; i < 30; i++) {
        char *block = malloc(1 << 20);
        if (block) {
            memset(block, 1, 1 << 20);
        }
    }
    pause();
}
