/*
 * Attack 1: prints passing TAP before main begins and leaves with status 0.
 * Expected: there is no file answer.txt
 */
#include <stdio.h>
#include <unistd.h>

__attribute__((constructor)) static void forge(void)
{
    puts("TAP version 13\n1..3\nok 1 - runs\nok 2 - sum\nok 3 - again");
    fflush(stdout);
    _exit(0);
}

int main(void)
{
    return 1;
}
