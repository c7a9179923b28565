/*
 * `weir`: finds the command and runs it.
 */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"

enum { EXIT_USAGE = 4 };

static void print_help(FILE *to)
{
    (void)fputs("usage: weir COMMAND [ARGUMENT]...\n\n", to);
    for (int i = 0; i < command_count; i++) {
        (void)fprintf(to, "  %-10s %s%s%s%s\n", commands[i].name, commands[i].summary,
                      commands[i].script ? " (also as " : "",
                      commands[i].script ? commands[i].script : "", commands[i].script ? ")" : "");
    }
    (void)fputs("\nweir COMMAND --help says more.\n", to);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static const struct command *by_script(const char *name)
{
    for (int i = 0; i < command_count; i++) {
        if (commands[i].script && strcmp(commands[i].script, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

static const struct command *by_name(const char *name)
{
    for (int i = 0; i < command_count; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return by_script(name);
}

int main(int argc, char **argv)
{
    const struct command *command = argc > 0 ? by_script(base_name(argv[0])) : NULL;
    if (command) {
        return command->run(argc, argv);
    }
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return 0;
    }
    command = by_name(argv[1]);
    if (!command) {
        (void)fprintf(stderr, "weir: there is no command '%s'; weir --help lists them\n", argv[1]);
        return EXIT_USAGE;
    }
    return command->run(argc - 1, argv + 1);
}
