/*
 * Attack 17: leaves a daemon behind that outlives its run. It is looked for by its name.
 * Expected: there is no file answer.txt
 */
#include <sys/prctl.h>
#include <unistd.h>

int main(void)
{
    for (int i = 0; i < 4; i++) {
        if (fork() == 0) {
            setsid();
            if (fork() != 0) {
                _exit(0);
            }
            prctl(PR_SET_NAME, "@MARK@");
            for (int fd = 0; fd < 3; fd++) {
                close(fd);
            }
            sleep(600);
            _exit(0);
        }
    }
    usleep(100000);
    return 0;
}
