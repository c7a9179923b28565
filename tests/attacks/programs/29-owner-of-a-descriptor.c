/*
 * Attack 29: the kernel sends the owner of a descriptor a signal of one's choice; and limits can be set for others.
 * Not at level: 0
 * Expected: there is no file answer.txt
 * Printed: set 0 limits and lived on
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void)
{
    const struct rlimit nothing = { 0, 0 };
    int set = 0;
    int ends[2];
    set += prlimit(getppid(), RLIMIT_NOFILE, &nothing, NULL) == 0;
    set += prlimit(getppid(), RLIMIT_CPU, &nothing, NULL) == 0;
    socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
    fcntl(ends[0], F_SETOWN, getppid());
    fcntl(ends[0], F_SETSIG, SIGKILL);
    fcntl(ends[0], F_SETFL, O_ASYNC | O_NONBLOCK);
    ssize_t n = write(ends[1], "x", 1);
    usleep(200000);
    printf("set %d limits and lived on\n", set);
    return n == 1 ? 0 : 1;
}
