/*
 * `weir broker`, also as kafka-server-start.sh: runs one broker until SIGTERM or SIGINT.
 *
 * Exit codes: 0 after --help; 1 when the broker cannot start (one line on standard error says why and what to do); 130
 * and 143 after SIGINT and SIGTERM, as Kafka's script leaves; 4 for a command line that cannot be meant.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "broker/server.h"
#include "cli/command.h"
#include "cli/daemon.h"

enum { EXIT_USAGE = 4, PROPERTIES_MAX_BYTES = 1 << 20 };

static const char help[] =
    "usage: weir broker [server.properties] [--override key=value]...\n"
    "       kafka-server-start.sh [server.properties] [--override key=value]...\n"
    "\n"
    "Runs one Kafka-compatible broker until it is stopped (Ctrl-C, SIGTERM).\n"
    "\n"
    "  --override key=value   sets one configuration key, over what the file says\n"
    "  --ready-fd N           writes \"host:port\" and a line end to descriptor N once it serves, and closes it\n"
    "  --list-keys            prints the configuration keys with their defaults; those without effect here say so\n"
    "  -daemon                goes to the background once it serves; its lines go to $LOG_DIR/kafkaServer.out\n"
    "  --version              prints the version of Kafka that this equals\n"
    "  --help                 this text\n"
    "\n"
    "Keys and defaults are Kafka's. Those that matter first:\n"
    "  listeners              where it listens; PLAINTEXT://:9092 (port 0: any free port)\n"
    "  advertised.listeners   what clients are told; not set: the address that they connected to\n"
    "  log.dirs               the folder of the data; /tmp/kafka-logs\n"
    "  num.partitions         of topics that do not say; 1\n"
    "  num.network.threads    event loops; the number of cores\n"
    "\n"
    "Exit codes: 1 cannot start, 4 wrong command line, 130 after Ctrl-C, 143 after SIGTERM.\n";

struct options {
    struct broker_config config;
    int ready_fd; /* -1: none */
    int told_fd;  /* of daemon.h; -1: in the foreground */
    bool daemon;
    bool done; /* all that was asked is printed */
};

static int usage(const char *what, const char *word)
{
    (void)fprintf(stderr, "weir broker: %s%s; weir broker --help says what there is\n", what, word);
    return EXIT_USAGE;
}

static void list_keys(void)
{
    for (int i = 0; i < broker_config_key_count; i++) {
        const struct config_key *key = &broker_config_keys[i];
        printf("%s=%s%s%s\n", key->name, key->default_text ? key->default_text : "",
               key->ignored ? "    # no effect here: " : "",
               key->ignored ? config_key_reason(key) : "");
    }
}

static enum weir_status read_properties(struct options *o, const char *path, struct weir_error *err)
{
    struct buffer text;
    buffer_init(&text, PROPERTIES_MAX_BYTES);
    enum weir_status rc = file_read(AT_FDCWD, path, &text, err);
    if (rc == WEIR_OK) {
        rc = broker_config_read(&o->config, buffer_bytes(&text), path, err);
    }
    buffer_finish(&text);
    return rc;
}

/* One word with its value, if it takes one. Returns an exit code, or -1 to go on. */
static int parse_word(struct options *o, int argc, char **argv, int *index)
{
    const char *word = argv[*index];
    struct weir_error err;
    if (strcmp(word, "--help") == 0) {
        (void)fputs(help, stdout);
        o->done = true;
        return 0;
    }
    if (strcmp(word, "--version") == 0) {
        printf("4.3.1\n");
        o->done = true;
        return 0;
    }
    if (strcmp(word, "-daemon") == 0) {
        o->daemon = true;
        return -1;
    }
    if (strcmp(word, "--list-keys") == 0) {
        list_keys();
        o->done = true;
        return 0;
    }
    if (word[0] == '-' && strcmp(word, "--override") != 0 && strcmp(word, "--ready-fd") != 0) {
        return usage("unknown option ", word);
    }
    if (word[0] == '-' && *index + 1 >= argc) {
        return usage("a value is missing after ", word);
    }
    if (strcmp(word, "--ready-fd") == 0) {
        int64_t fd = -1;
        if (!bytes_parse_i64(bytes_of(argv[++*index]), &fd) || fd < 0 || fd > INT32_MAX ||
            fcntl((int)fd, F_GETFD) < 0) {
            return usage("not an open descriptor: --ready-fd ", argv[*index]);
        }
        o->ready_fd = (int)fd;
        return -1;
    }
    enum weir_status rc = strcmp(word, "--override") == 0
                              ? broker_config_override(&o->config, bytes_of(argv[++*index]), &err)
                              : read_properties(o, word, &err);
    if (rc < 0) {
        (void)fprintf(stderr, "weir broker: %s\n", err.message);
        return EXIT_FAILURE;
    }
    return -1;
}

/* The file first, then the overrides, whatever their order on the line. */
static int parse_options(struct options *o, int argc, char **argv)
{
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 1; i < argc; i++) {
            bool takes_value =
                strcmp(argv[i], "--override") == 0 || strcmp(argv[i], "--ready-fd") == 0;
            bool is_override = strcmp(argv[i], "--override") == 0;
            if ((pass == 1) != is_override) {
                i += takes_value;
                continue;
            }
            int code = parse_word(o, argc, argv, &i);
            if (code >= 0) {
                return code;
            }
        }
    }
    return -1;
}

static void say_ignored(void *context, const struct config_key *key)
{
    log_write(context, LOG_LEVEL_INFO, "%s is accepted and has no effect on this broker: %s",
              key->name, config_key_reason(key));
}

static void announce(const struct broker *broker, int ready_fd)
{
    log_write(&broker->log, LOG_LEVEL_INFO,
              "[KafkaServer id=%d] started (kafka.server.KafkaServer), listening on %s:%d",
              broker->config.node_id, broker->bound_host, broker->bound_port);
    if (ready_fd >= 0) {
        char line[96];
        const char *host =
            strcmp(broker->bound_host, "0.0.0.0") == 0 ? "127.0.0.1" : broker->bound_host;
        int len = snprintf(line, sizeof(line), "%s:%d\n", host, broker->bound_port);
        if (file_write_all(ready_fd, line, (size_t)len, NULL) < 0) {
            log_write(&broker->log, LOG_LEVEL_WARN, "Nobody reads --ready-fd");
        }
        (void)close(ready_fd);
    }
}

/* Connections are descriptors: take as many as the system allows. */
static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int serve(struct options *o, const struct log *log)
{
    sigset_t stop;
    (void)sigemptyset(&stop);
    (void)sigaddset(&stop, SIGINT);
    (void)sigaddset(&stop, SIGTERM);
    (void)pthread_sigmask(SIG_BLOCK, &stop, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ,
                 SIG_IGN); /* a file at its limit (ulimit -f) is an error like a full disk */
    raise_file_limit();

    struct broker *broker = NULL;
    struct weir_error err;
    if (broker_start(&o->config, log, &broker, &err) < 0) {
        (void)fprintf(stderr, "weir broker: %s\n", err.message);
        return EXIT_FAILURE;
    }
    announce(broker, o->ready_fd);
    if (o->told_fd >= 0) {
        if (file_write_all(o->told_fd, "", 1, NULL) < 0) {
            log_write(log, LOG_LEVEL_WARN, "Nobody waits for the start any more");
        }
        (void)close(o->told_fd);
    }
    int received = 0;
    (void)sigwait(&stop, &received);
    log_write(log, LOG_LEVEL_INFO, "[KafkaServer id=%d] shutting down (%s)", broker->config.node_id,
              received == SIGINT ? "SIGINT" : "SIGTERM");
    broker_stop(broker);
    log_write(log, LOG_LEVEL_INFO, "shut down completed (kafka.server.KafkaServer)");
    return 128 + received;
}

int cmd_broker(int argc, char **argv)
{
    struct options o = { .ready_fd = -1, .told_fd = -1 };
    struct log log;
    struct weir_error err;
    log_init(&log, STDOUT_FILENO, LOG_LEVEL_INFO);
    broker_config_init(&o.config);
    int code = parse_options(&o, argc, argv);
    if (code < 0 && broker_config_complete(&o.config, &err) < 0) {
        (void)fprintf(stderr, "weir broker: %s\n", err.message);
        code = EXIT_FAILURE;
    }
    if (code < 0 && o.daemon && daemon_begin(&o.told_fd, &err) < 0) {
        (void)fprintf(stderr, "weir broker: %s\n", err.message);
        code = EXIT_FAILURE;
    }
    if (code < 0) {
        broker_config_notes(&o.config, say_ignored, &log);
        code = serve(&o, &log);
    }
    broker_config_finish(&o.config);
    return code;
}
