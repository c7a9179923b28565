/*
 * Attack 16: as many processes as the machine has.
 * Expected: did not end within|was stopped|was killed|there is no file answer.txt
 */
#include <unistd.h>

int main(void)
{
    for (;;) {
        fork();
    }
}
