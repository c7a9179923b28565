/*
 * Offset checkpoints: see checkpoint.h.
 */
#include "storage/checkpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/mem.h"

enum { FILE_MAX_BYTES = 64 << 20, KEY_MAX = LIMIT_TOPIC_NAME + 16 };

void checkpoint_init(struct checkpoint *c)
{
    map_init(&c->offsets);
}

void checkpoint_finish(struct checkpoint *c)
{
    for (size_t i = 0; i < c->offsets.count; i++) {
        free(c->offsets.entries[i].value);
    }
    map_finish(&c->offsets);
}

static struct bytes key_of(char storage[KEY_MAX], struct bytes topic, int32_t partition)
{
    int len = snprintf(storage, KEY_MAX, "%.*s-%d", BYTES_ARG(topic), partition);
    return (struct bytes){ (uint8_t *)storage, (size_t)len };
}

void checkpoint_set(struct checkpoint *c, struct bytes topic, int32_t partition, int64_t offset)
{
    char storage[KEY_MAX];
    int64_t *value = MEM_NEW(int64_t);
    *value = offset;
    free(map_put(&c->offsets, key_of(storage, topic, partition), value));
}

int64_t checkpoint_get(const struct checkpoint *c,
                       struct bytes topic,
                       int32_t partition,
                       int64_t missing)
{
    char storage[KEY_MAX];
    const int64_t *value = map_get(&c->offsets, key_of(storage, topic, partition));
    return value ? *value : missing;
}

static bool read_entry(struct checkpoint *c, struct bytes line)
{
    struct bytes topic;
    struct bytes index;
    int64_t partition = 0;
    int64_t offset = 0;
    if (!bytes_cut(&line, ' ', &topic) || !bytes_cut(&line, ' ', &index) ||
        !bytes_parse_i64(index, &partition) || !bytes_parse_i64(line, &offset) || topic.len == 0 ||
        topic.len > LIMIT_TOPIC_NAME || memchr(topic.data, '\0', topic.len) || partition < 0 ||
        partition > INT32_MAX || offset < 0) {
        return false;
    }
    checkpoint_set(c, topic, (int32_t)partition, offset);
    return true;
}

static enum weir_status parse(struct checkpoint *c,
                              struct bytes text,
                              const char *file,
                              struct weir_error *err)
{
    struct bytes line;
    int64_t expected = -1;
    int64_t entries = 0;
    for (int number = 1; bytes_cut(&text, '\n', &line); number++) {
        bool fine = false;
        if (number == 1) {
            fine = bytes_equal_text(line, "0");
        } else if (number == 2) {
            fine = bytes_parse_i64(line, &expected) && expected >= 0;
        } else if (line.len == 0 && bytes_is_null(text)) {
            fine = true; /* what follows the last line end */
        } else {
            fine = read_entry(c, line);
            entries++;
        }
        if (!fine) {
            return weir_fail(err, WEIR_ECORRUPT, "%s line %d cannot be read: '%.*s'", file, number,
                             BYTES_ARG(line));
        }
    }
    if (entries != expected) {
        return weir_fail(err, WEIR_ECORRUPT, "%s has %lld entries and says %lld", file,
                         (long long)entries, (long long)expected);
    }
    return WEIR_OK;
}

enum weir_status checkpoint_read(int root_fd,
                                 const char *file,
                                 struct checkpoint *out_checkpoint,
                                 struct weir_error *err)
{
    struct buffer text;
    struct checkpoint c;
    buffer_init(&text, FILE_MAX_BYTES);
    checkpoint_init(&c);
    enum weir_status rc = file_read(root_fd, file, &text, err);
    if (rc == WEIR_OK) {
        rc = parse(&c, buffer_bytes(&text), file, err);
    } else if (rc == WEIR_ENOTFOUND) {
        rc = WEIR_OK;
    }
    buffer_finish(&text);
    if (rc < 0) {
        checkpoint_finish(&c);
        return rc;
    }
    *out_checkpoint = c;
    return WEIR_OK;
}

enum weir_status checkpoint_write(int root_fd,
                                  const char *file,
                                  const struct checkpoint *c,
                                  struct weir_error *err)
{
    struct buffer out;
    buffer_init(&out, FILE_MAX_BYTES);
    buffer_printf(&out, "0\n%zu\n", c->offsets.count);
    for (size_t i = 0; i < c->offsets.count; i++) {
        struct bytes key = c->offsets.entries[i].key;
        const uint8_t *dash =
            memrchr(key.data, '-', key.len); /* topics may hold dashes, numbers may not */
        size_t topic_len = (size_t)(dash - key.data);
        buffer_printf(&out, "%.*s %.*s %lld\n", (int)topic_len, (const char *)key.data,
                      (int)(key.len - topic_len - 1), (const char *)dash + 1,
                      (long long)*(const int64_t *)c->offsets.entries[i].value);
    }
    enum weir_status rc = out.overflow ? weir_fail(err, WEIR_ETOOBIG, "%s would be too large", file)
                                       : file_replace(root_fd, file, buffer_bytes(&out), true, err);
    buffer_finish(&out);
    return rc;
}
