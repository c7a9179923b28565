/*
 * Attack 23: prints without end.
 * Expected: printed more than
 */
#include <string.h>
#include <unistd.h>

int main(void)
{
    static char block[1 << 16];
    memset(block, '#', sizeof(block));
    while (write(1, block, sizeof(block)) > 0) {
    }
    return 0;
}
