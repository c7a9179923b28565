/*
 * Attack 20: kills whatever it may kill, the grader first.
 * Not at level: 0
 * Expected: there is no file answer.txt|was killed
 */
#include <signal.h>
#include <unistd.h>

int main(void)
{
    kill(getppid(), SIGKILL);
    kill(getppid(), SIGSTOP);
    kill(-1, SIGKILL);
    return 0;
}
