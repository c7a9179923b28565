/*
 * Fills a topic with events, the same ones each time: what the streaming engines of the benchmark read (tests/bench/engine).
 *
 *     broker_load rows bootstrap=HOST:PORT topic=NAME partitions=N events=transactions|advertisements rows=N
 *
 * transactions    those of a lecture on streaming: a user's name, surname, amount; one in five is flagged. 86 bytes on average
 * advertisements  those of the Yahoo Streaming Benchmark: 1,000 advertisements; views, clicks and purchases in equal parts. 250 bytes
 *
 * Events go round the partitions one by one and have no keys.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker_load.h"

enum { ADVERTISEMENTS = 1000, TEXT_MAX = 512, POLL_EVERY = 256 };

static uint64_t next_random(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15U;
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

static void print_uuid(char out[40], uint64_t *state)
{
    uint64_t a = next_random(state);
    uint64_t b = next_random(state);
    (void)snprintf(out, 40, "%08x-%04x-%04x-%04x-%04x%08x", (unsigned)(a >> 32),
                   (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xffff), (unsigned)(b >> 48),
                   (unsigned)(b >> 32 & 0xffff), (unsigned)(b & 0xffffffff));
}

static int print_transaction(char out[TEXT_MAX], uint64_t *state, int64_t number)
{
    static const char *const names[] = { "John", "Andy", "Joe", "Alice" };
    static const char *const surnames[] = { "Johnson", "Smith", "Jones", "Millers" };
    uint64_t r = next_random(state);
    (void)number;
    return snprintf(out, TEXT_MAX,
                    "{\"name\": \"%s\", \"surname\": \"%s\", \"amount\": \"%d.%02d\", "
                    "\"delta_t\": \"%d.%02d\", \"flag\": %d}",
                    names[r % 4], surnames[r / 4 % 4], (int)(r / 16 % 1000), (int)(r / 16000 % 100),
                    (int)(r / 1600000 % 10), (int)(r / 16000000 % 100), r / 1600000000 % 5 == 0);
}

static int print_advertisement(char out[TEXT_MAX], uint64_t *state, int64_t number)
{
    static const char *const kinds[] = { "banner", "modal", "sponsored-search", "mail", "mobile" };
    static const char *const events[] = { "view", "click", "purchase" };
    char user[40];
    char page[40];
    char advertisement[40];
    uint64_t r = next_random(state);
    uint64_t known = r % ADVERTISEMENTS; /* its own random numbers, always the same */
    print_uuid(user, state);
    print_uuid(page, state);
    print_uuid(advertisement, &known);
    return snprintf(
        out, TEXT_MAX,
        "{\"user_id\": \"%s\", \"page_id\": \"%s\", \"ad_id\": \"%s\", \"ad_type\": \"%s\", "
        "\"event_type\": \"%s\", \"event_time\": \"%" PRId64 "\", \"ip_address\": \"1.2.3.4\"}",
        user, page, advertisement, kinds[r / 1000 % 5], events[r / 5000 % 3],
        INT64_C(1700000000000) + number / 10);
}

static void send_one(
    rd_kafka_t *handle, rd_kafka_topic_t *topic, int32_t partition, char *text, int len)
{
    while (rd_kafka_produce(topic, partition, RD_KAFKA_MSG_F_COPY, text, (size_t)len, NULL, 0,
                            NULL) != 0) {
        if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
            load_fail("cannot produce: %s", rd_kafka_err2str(rd_kafka_last_error()));
        }
        (void)rd_kafka_poll(handle, 10);
    }
}

int load_rows(const struct load_options *options)
{
    bool transactions = strcmp(options->events, "transactions") == 0;
    if (!transactions && strcmp(options->events, "advertisements") != 0) {
        load_fail("there are no events called \"%s\"", options->events);
    }
    load_make_topic(options);
    _Atomic int64_t delivered = 0;
    rd_kafka_t *handle = load_producer(options, load_conf(options), &delivered);
    load_connect(handle, options->topic);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(handle, options->topic, NULL);
    uint64_t state = 42;
    int64_t bytes = 0;
    for (int n = 0; n < options->rows; n++) {
        char text[TEXT_MAX];
        int len = transactions ? print_transaction(text, &state, n)
                               : print_advertisement(text, &state, n);
        send_one(handle, topic, n % options->partitions, text, len);
        bytes += len;
        if (n % POLL_EVERY == 0) {
            (void)rd_kafka_poll(handle, 0);
        }
    }
    if (rd_kafka_flush(handle, 120000) != 0 || delivered != options->rows) {
        load_fail("records were not acknowledged within two minutes");
    }
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(handle);
    printf("{\"rows\": %d, \"bytes\": %" PRId64 "}\n", options->rows, bytes);
    return 0;
}
