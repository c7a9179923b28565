/*
 * Attack 24: a grandchild keeps standard output open, so that whoever reads to its end waits for ever.
 * Expected: there is no file answer.txt
 */
#include <sys/prctl.h>
#include <unistd.h>

int main(void)
{
    if (fork() == 0) {
        setsid();
        if (fork() == 0) {
            prctl(PR_SET_NAME, "@MARK@");
            sleep(600);
        }
        _exit(0);
    }
    return 0;
}
