/*
 * Plans as JSON: what their readers and writers share. Internal to plans; the entries are in logical.h.
 */
#pragma once

#include "plan/logical.h"

/* --- a JSON text as a tree, in an arena (plan_json.c) --- */

enum node_kind { NODE_NULL, NODE_BOOL, NODE_NUMBER, NODE_TEXT, NODE_ARRAY, NODE_OBJECT };

struct json_node {
    enum node_kind kind;
    bool truth;
    struct bytes text; /* of a text or a number */
    struct bytes name; /* that it stands under */
    int32_t count;     /* members */
    const struct json_node *first;
    const struct json_node *next; /* the next member of what this is in */
};

/* False: the error says where. */
bool json_node_read(struct arena *arena,
                    struct bytes text,
                    const struct json_node **out,
                    struct sql_error *error);

/* The last member of that name; NULL: there is none. */
const struct json_node *json_node_find(const struct json_node *object, const char *name);

/* Members by type; what is missing, or of another type, is the null text, 0, false. */
struct bytes json_node_text(const struct json_node *object, const char *name);
int64_t json_node_integer(const struct json_node *object, const char *name);
bool json_node_bool(const struct json_node *object, const char *name);
const struct json_node *json_node_list(const struct json_node *object, const char *name);

/* [PARSE_SYNTAX_ERROR]-like: sets "The plan cannot be read: ...". Returns false. */
bool plan_json_fail(struct sql_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* --- expressions (plan_json_syntax.c) --- */

void syntax_print_json(struct buffer *out, const struct syntax *s);

/* NULL: the error is set. */
const struct syntax *syntax_read_json(struct arena *arena,
                                      const struct json_node *node,
                                      struct sql_error *error);

/* ,"name":["a","b"]: nothing when there are none. */
void plan_json_texts(struct buffer *out,
                     const char *name,
                     const struct bytes *texts,
                     int32_t count);

/* ,"name":"text": nothing when it is null. */
void plan_json_text(struct buffer *out, const char *name, struct bytes text);

/* False: one of them is no text, and the error is set. */
bool plan_json_read_texts(struct arena *arena,
                          const struct json_node *list,
                          const struct bytes **out,
                          int32_t *out_count,
                          struct sql_error *error);
