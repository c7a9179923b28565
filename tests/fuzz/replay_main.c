/*
 * Corpus replay: feeds every file of the named folders to the fuzz target, so that gcc builds and the ordinary suite
 * run it too. Prints one TAP line a folder; a crash is the failure.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 4 << 20 };

/* The number of files replayed, or -1. */
static int replay_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    if (!dir) {
        perror(folder);
        return -1;
    }
    int count = 0;
    struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) { /* NOLINT(concurrency-mt-unsafe): own stream */
        if (entry->d_name[0] == '.') {
            continue;
        }
        struct buffer input;
        struct weir_error err;
        buffer_init(&input, INPUT_MAX);
        if (file_read(dirfd(dir), entry->d_name, &input, &err) < 0) {
            (void)fprintf(stderr, "%s\n", err.message);
            count = -1;
            break;
        }
        LLVMFuzzerTestOneInput(buffer_bytes(&input).data, input.len);
        buffer_finish(&input);
        count++;
    }
    (void)closedir(dir);
    return count;
}

int main(int argc, char **argv)
{
    bool failed = false;
    int total = 0;
    printf("1..%d\n", argc - 1);
    for (int i = 1; i < argc; i++) {
        int count = replay_folder(argv[i]);
        failed |= count < 0;
        total += count;
        printf("%sok %d - %d inputs of %s\n", count < 0 ? "not " : "", i, count, argv[i]);
    }
    return failed || total == 0; /* an empty corpus tests nothing */
}
