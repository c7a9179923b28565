/*
 * What the scenarios of the client API share: see client_scenarios.c. Thread: one.
 */
#pragma once

#include "weir/admin.h"
#include "weir/consumer.h"
#include "weir/producer.h"

enum { WAIT_MS = 10000, QUIET_MS = 300 };

struct scenario {
    const char *bootstrap;
    const char *self; /* this program, for scenarios that need another process */
    size_t number;    /* its place in the list, from 1 */
    char topic[64];
    struct weir_admin *admin;
    struct weir_producer *producer;
    bool failed;
};

struct named_scenario {
    const char *name;
    void (*run)(struct scenario *s);
};

/* The scenarios of client_consumer_scenarios.c. */
extern const struct named_scenario consumer_scenarios[];
extern const size_t consumer_scenario_count;

/* --- Expectations: one that is not met is printed, and the scenario has failed --- */

bool expect(struct scenario *s, bool condition, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The call returned `wanted`; `err` is its word when it should not have failed. */
bool expect_status(struct scenario *s,
                   const char *what,
                   enum weir_status wanted,
                   enum weir_status actual,
                   const struct weir_error *err);
bool expect_i64(struct scenario *s, const char *what, int64_t wanted, int64_t actual);

/* --- Sending --- */

void topic_create(struct scenario *s, int32_t partitions);
struct weir_message text_message(const struct scenario *s,
                                 int32_t partition,
                                 const char *key,
                                 const char *value);

/* Sends and waits; where it landed. */
struct weir_metadata send_one(struct scenario *s, const struct weir_message *message);

/* Values "0", "1", ... with timestamps 1000, 1001, ... into one partition. */
void send_numbers(struct scenario *s, int32_t partition, int count);

/* --- Receiving --- */

/* With the group NULL it has none, with `reset` NULL the default. */
struct weir_consumer *consumer_create(struct scenario *s, const char *group, const char *reset);
/* One that is assigned this partition. */
struct weir_consumer *consumer_on(struct scenario *s, int32_t partition, const char *reset);

/* The next record has this offset. */
void expect_next(struct scenario *s, struct weir_consumer *consumer, int64_t offset);
/* Records come one by one until there are `count`; their offsets are first, first + 1, ... */
void expect_run(struct scenario *s, struct weir_consumer *consumer, int64_t first, size_t count);
/* Nothing comes for a while. */
void expect_quiet(struct scenario *s, struct weir_consumer *consumer);

int64_t now_ms(void);
