/*
 * Attack 19: ignores every signal that can be ignored.
 * Expected: did not end within
 */
#include <signal.h>
#include <unistd.h>

int main(void)
{
    for (int signo = 1; signo < 65; signo++) {
        signal(signo, SIG_IGN);
    }
    for (;;) {
        sleep(1);
    }
}
