/*
 * Fuzz target: whatever words stand behind kafka-topics.sh, reading them ends, and they are either one meaningful command or
 * refused with a message.
 *
 * Input: the words, each ended by a zero byte.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "cli/topics.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WORDS_MAX = 64 };

/* Every value as the actions read it: once as text, once as a number. */
static void read_values(const struct options *o)
{
    for (int i = 0; i < TOPICS_OPTION_COUNT; i++) {
        const char *value = NULL;
        int32_t number = 0;
        struct weir_error err = { 0 };
        if (options_value(o, i, &value, &err) == WEIR_OK) {
            assert(!value || strlen(value) < 1 << 20);
        } else {
            assert(err.message[0] != '\0');
        }
        if (topics_options[i].value_name && options_integer(o, i, &number, &err) < 0) {
            assert(err.message[0] != '\0');
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *words[WORDS_MAX + 1] = { NULL };
    int count = 0;
    struct options options;
    struct weir_error err = { 0 };
    char *text = mem_zalloc(size + 1, 1);
    if (size > 0) {
        memcpy(text, data, size);
    }
    for (size_t at = 0; at < size && count < WORDS_MAX; at += strlen(text + at) + 1) {
        words[count++] = text + at;
    }
    if (options_parse(&options, topics_options, TOPICS_OPTION_COUNT, words, &err) == WEIR_OK) {
        if (topics_options_check(&options, &err) < 0) {
            assert(err.message[0] != '\0' || err.status == WEIR_ENOTFOUND);
        }
        read_values(&options);
    } else {
        assert(err.message[0] != '\0');
    }
    options_finish(&options);
    free(text);
    return 0;
}
