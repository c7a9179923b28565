/*
 * The commands of the one binary, `weir`: by name as its first argument, or by the name it was called as
 * (kafka-topics.sh is a link to it).
 */
#pragma once

struct command {
    const char *name;   /* "broker" */
    const char *script; /* Apache's name for it, "kafka-server-start.sh"; NULL: none */
    const char *summary;
    int (*run)(int argc,
               char **argv); /* argv[0] is the name it was called by; returns the exit code */
};

extern const struct command commands[];
extern const int command_count;

int cmd_broker(int argc, char **argv);
int cmd_expr(int argc, char **argv);
int cmd_topics(int argc, char **argv);
