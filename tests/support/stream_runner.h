/*
 * The parts of stream_runner: what a command is, where frames and queries are kept by number, and lanes, on which callbacks get commands of their own.
 *
 * A command is a JSON object of one line; see stream_runner.c for all of them. Handlers return what is to be answered as "ok", or NULL, with the
 * failure that is to be answered as "error".
 */
#pragma once

#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "weir/stream.h"

/* Pointers by number. The numbers are the driver's names for frames, groups and queries; nothing is ever taken out. */
struct handles {
    void **items;
    size_t count;
    size_t room;
};

struct lane {
    json_int_t number;
    json_t *waiting; /* commands in their order */
    struct lane *next;
};

/* Of one query's foreachBatch or foreach: the number by which the driver knows the function. */
struct callback {
    struct runner *runner;
    json_int_t tag;
    struct weir_foreach foreach;
    struct callback *next;
};

struct runner {
    struct weir_session *session;
    struct callback *callbacks;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t arrived;
    struct handles frames;
    struct handles groups;
    struct handles queries;
    struct lane *lanes;
    json_int_t last_lane;
    bool ended; /* the driver has gone: nobody will answer a callback */
    int answers;
};

/* A command that is being run. */
struct call {
    struct runner *runner;
    const json_t *command;
    json_t *failure; /* what is answered when the handler returns NULL */
};

typedef json_t *command_function(struct call *call);

struct command {
    const char *name;
    command_function *run;
};

/* Each ends with a row of NULL. */
extern const struct command frame_commands[];
extern const struct command query_commands[];

/* --- stream_runner.c --- */

/* A command that breaks the agreement is the test's own mistake: says so and ends the program. */
_Noreturn void runner_die(const char *what, const json_t *command);

json_int_t runner_keep(struct runner *r, struct handles *handles, void *item);

/* What the command's member `name` is the number of. */
void *call_find(struct call *call, struct handles *handles, const char *name);

/* The failure to be answered: a text alone, or the session's last one (`err` where the session has none). Return NULL. */
json_t *call_fail(struct call *call, const char *text);
json_t *call_fail_session(struct call *call, const struct weir_error *err);

/* A line to the driver. Takes the message over. */
void runner_tell(struct runner *r, json_t *message);

/* Tells an event with a lane of its own and runs the commands that come back, until "return". That command, or NULL: the driver has gone. */
json_t *runner_call_back(struct runner *r, json_t *event);

/* --- JSON --- */

/* The text, also where it is not UTF-8; null for NULL. */
json_t *text_json(const char *text);
const char *text_of(const json_t *command, const char *name);
json_int_t number_of(const json_t *command, const char *name, json_int_t otherwise);

/* The strings of an array, ended by NULL: free() it. NULL where there is no such array. */
const char **names_of(const json_t *command, const char *name);

/* The pairs of an object, ended by { NULL, NULL }: free() it. NULL where there is no such object. */
struct weir_option *options_of(const json_t *command, const char *name);

/* A row as {"json": what to_json() writes, "texts": each cell as CAST(x AS STRING) writes it}. */
json_t *row_of(struct weir_rows *rows, size_t row);

/* --- stream_runner_columns.c --- */
struct weir_column *column_of(const json_t *tree);

/* Ended by NULL: free() it; the columns are for whoever takes them. NULL where there is no such array. */
struct weir_column **columns_of(const json_t *command, const char *name);
