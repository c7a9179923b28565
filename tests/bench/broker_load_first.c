/*
 * From exec of a broker to its first acknowledged record. The client's handle stands before the clock starts, so that
 * what is measured is the broker, the connection, a topic that is made, and one record with acks=all.
 *
 * The broker is this program's child and ends with it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "broker_load.h"

enum { LIMIT_S = 120, END_LIMIT_S = 30, LOOK_EVERY_NS = 200000, NS_PER_MS = 1000000 };

static pid_t start_broker(const struct load_options *options)
{
    pid_t child = fork();
    if (child < 0) {
        load_fail("cannot fork");
    }
    if (child == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)dup2(STDERR_FILENO, STDOUT_FILENO); /* standard output is for the figures */
        (void)execv(options->command[0], options->command);
        load_fail("cannot start %s", options->command[0]);
    }
    return child;
}

static bool answers(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bool connected = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
    (void)close(fd);
    return connected;
}

static void wait_for_port(int port, pid_t broker)
{
    const struct timespec pause = { .tv_nsec = LOOK_EVERY_NS };
    int64_t limit = load_now_ns() + (int64_t)LIMIT_S * 1000 * NS_PER_MS;
    while (!answers(port)) {
        if (waitpid(broker, NULL, WNOHANG) != 0 || load_now_ns() > limit) {
            load_fail("the broker does not serve on port %d", port);
        }
        (void)nanosleep(&pause, NULL);
    }
}

static void end_broker(pid_t broker)
{
    const struct timespec pause = { .tv_nsec = 5 * NS_PER_MS };
    int64_t limit = load_now_ns() + (int64_t)END_LIMIT_S * 1000 * NS_PER_MS;
    (void)kill(broker, SIGTERM);
    while (waitpid(broker, NULL, WNOHANG) == 0) {
        if (load_now_ns() > limit) {
            (void)kill(broker, SIGKILL);
            (void)waitpid(broker, NULL, 0);
            return;
        }
        (void)nanosleep(&pause, NULL);
    }
}

static rd_kafka_t *prepare_client(const struct load_options *options, _Atomic int64_t *delivered)
{
    rd_kafka_conf_t *conf = load_conf(options);
    load_set(conf, "topic.metadata.refresh.fast.interval.ms", "1");
    load_set(conf, "retry.backoff.ms", "1");
    load_set(conf, "reconnect.backoff.ms", "1");
    load_set(conf, "reconnect.backoff.max.ms", "10");
    return load_producer(options, conf, delivered);
}

int load_first(const struct load_options *options)
{
    _Atomic int64_t delivered = 0;
    char address[64];
    char value[] = "first";
    rd_kafka_t *client = prepare_client(options, &delivered);
    (void)prctl(PR_SET_TIMERSLACK, 1);

    int64_t begin = load_now_ns();
    pid_t broker = start_broker(options);
    wait_for_port(options->port, broker);
    int64_t answered = load_now_ns();
    (void)snprintf(address, sizeof(address), "127.0.0.1:%d", options->port);
    (void)rd_kafka_brokers_add(client, address);
    load_create_topic(client, options->topic, options->partitions);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(client, options->topic, NULL);
    if (rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, value, sizeof(value),
                         NULL, 0, NULL) != 0) {
        load_fail("cannot produce: %s", rd_kafka_err2str(rd_kafka_last_error()));
    }
    while (atomic_load(&delivered) == 0) {
        (void)rd_kafka_poll(client, 1000);
        if (load_now_ns() - begin > (int64_t)LIMIT_S * 1000 * NS_PER_MS) {
            load_fail("the first record was not acknowledged within %d s", LIMIT_S);
        }
    }
    int64_t end = load_now_ns();
    end_broker(broker);
    printf("{\"connected_ms\": %.3f, \"first_ms\": %.3f}\n", (double)(answered - begin) / 1e6,
           (double)(end - begin) / 1e6);
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(client);
    return 0;
}
