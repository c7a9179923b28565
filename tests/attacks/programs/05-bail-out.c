/*
 * Attack 5: asks the harness to stop and count the rest as skipped.
 * Expected: there is no file answer.txt
 */
#include <stdio.h>

int main(void)
{
    puts("Bail out! the machine is on fire");
    puts("1..0 # SKIP nothing to see");
    fputs("Bail out! the machine is on fire\n", stderr);
    return 0;
}
