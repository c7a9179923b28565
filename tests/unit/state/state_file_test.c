/*
 * state/state_file: the bytes as they are drawn; compressed and plain files say the same; every way to be no state file has its name, and
 * the provider says it in Spark's words.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/file.h"
#include "state/state.h"
#include "state/state_file.h"

#include <cmocka.h>

enum { TEXT_MAX = 1 << 20, VERSION = 3 };

static void write_be(uint8_t *at, uint64_t value, int width)
{
    for (int i = 0; i < width; i++) {
        at[i] = (uint8_t)(value >> (8 * (width - 1 - i)));
    }
}

struct made {
    char kind;
    uint8_t codec;
    int64_t records;
    int64_t plain; /* -1: the body's */
    struct bytes body;
};

/* A file with right checksums, whatever is in it. */
static struct bytes make(struct buffer *out, const struct made *m)
{
    buffer_clear(out);
    uint8_t *at = buffer_extend(out, STATE_FILE_HEADER);
    memset(at, 0, STATE_FILE_HEADER);
    memcpy(at, "WST1", 4);
    at[4] = (uint8_t)m->kind;
    at[5] = m->codec;
    write_be(at + 8, VERSION, 8);
    write_be(at + 16, (uint64_t)m->records, 8);
    write_be(at + 24, m->plain < 0 ? m->body.len : (uint64_t)m->plain, 8);
    write_be(at + 32, m->body.len, 8);
    write_be(at + 40, crc32c(0, m->body.data, m->body.len), 4);
    write_be(at + 44, crc32c(0, at, 44), 4);
    buffer_append(out, m->body.data, m->body.len);
    return buffer_bytes(out);
}

static enum state_damage read_all(struct bytes file, enum state_file_kind kind, int64_t *out_found)
{
    struct state_file_reader r;
    struct bytes key;
    struct bytes value;
    bool ok = state_file_open(&r, file, kind, VERSION);
    while (ok && state_file_next(&r, &key, &value)) {
    }
    state_file_close(&r);
    *out_found = r.fault.found;
    return r.fault.damage;
}

#define LITERAL(text) ((struct bytes){ (const uint8_t *)(text), sizeof(text) - 1 })

static void the_bytes_are_those_that_are_drawn(void **state)
{
    (void)state;
    struct buffer file;
    struct buffer expected;
    struct state_file_writer w;
    buffer_init(&file, TEXT_MAX);
    buffer_init(&expected, TEXT_MAX);
    state_file_begin(&w, &file);
    state_file_put(&w, LITERAL("ab"), LITERAL("c"));
    state_file_remove(&w, LITERAL("d"));
    state_file_put(&w, (struct bytes){ 0 }, (struct bytes){ 0 });
    state_file_end(&w, STATE_DELTA, VERSION);
    (void)make(&expected, &(struct made){
                              'D', 0, 3, -1,
                              LITERAL("\0\0\0\2ab\0\0\0\1c\0\0\0\1d\xff\xff\xff\xff\0\0\0\0\0\0\0\0"
                                      "\xff\xff\xff\xff") });
    assert_int_equal(file.len, expected.len);
    assert_memory_equal(file.data, expected.data, file.len);
    int64_t found;
    assert_int_equal(read_all(buffer_bytes(&file), STATE_DELTA, &found), STATE_DAMAGE_NONE);
    buffer_finish(&expected);
    buffer_finish(&file);
}

static void a_compressed_file_says_the_same(void **state)
{
    (void)state;
    struct buffer plain;
    struct buffer packed;
    struct state_file_writer w;
    struct state_file_reader r;
    struct bytes key;
    struct bytes value;
    char text[32];
    buffer_init(&plain, TEXT_MAX);
    buffer_init(&packed, TEXT_MAX);
    state_file_begin(&w, &plain);
    for (int i = 0; i < 5000; i++) {
        (void)snprintf(text, sizeof(text), "key %d", i);
        state_file_put(&w, bytes_of(text), LITERAL("the same value for all of them"));
    }
    state_file_end(&w, STATE_SNAPSHOT, VERSION);
    assert_true(state_file_compress(buffer_bytes(&plain), &packed));
    assert_true(packed.len < plain.len / 2);
    assert_true(state_file_open(&r, buffer_bytes(&packed), STATE_SNAPSHOT, VERSION));
    for (int i = 0; i < 5000; i++) {
        assert_true(state_file_next(&r, &key, &value));
        (void)snprintf(text, sizeof(text), "key %d", i);
        assert_true(bytes_equal_text(key, text));
    }
    assert_false(state_file_next(&r, &key, &value));
    assert_false(state_file_next(&r, &key, &value)); /* however often it is asked */
    assert_int_equal(r.fault.damage, STATE_DAMAGE_NONE);
    state_file_close(&r);
    buffer_clear(&packed);
    state_file_begin(&w, &plain);
    state_file_end(&w, STATE_SNAPSHOT, VERSION);
    assert_false(state_file_compress(buffer_bytes(&plain), &packed)); /* four bytes do not shrink */
    assert_int_equal(packed.len, 0);
    buffer_finish(&packed);
    buffer_finish(&plain);
}

struct damage_case {
    struct made file;
    enum state_damage damage;
    int64_t found;
};

static void every_damage_has_its_name(void **state)
{
    (void)state;
    const struct damage_case cases[] = {
        { { 'D', 0, 0, -1, LITERAL("\xff\xff\xff\xff") }, STATE_DAMAGE_NONE, 0 },
        { { 'S', 0, 0, -1, LITERAL("\xff\xff\xff\xff") }, STATE_DAMAGE_KIND, VERSION },
        { { 'D', 0, 0, -1, LITERAL("") }, STATE_DAMAGE_END, INT32_MIN },
        { { 'D', 0, 0, -1, LITERAL("\0\0\0\0") }, STATE_DAMAGE_END, 0 },
        { { 'D', 0, 0, -1, LITERAL("\xff\xff\xff\xffx") }, STATE_DAMAGE_END, -1 },
        { { 'D', 0, 1, -1, LITERAL("\xff\xff\xff\xff") }, STATE_DAMAGE_END, 0 },
        { { 'D', 0, INT64_MIN, -1, LITERAL("\xff\xff\xff\xff") }, STATE_DAMAGE_END, 0 },
        { { 'D', 0, 1, -1, LITERAL("\xff\xff\xff\xf9\0\0\0\0") }, STATE_DAMAGE_KEY_SIZE, -7 },
        { { 'D', 0, 1, -1, LITERAL("\0\0\0\5abcd") }, STATE_DAMAGE_KEY_SIZE, 5 },
        { { 'D', 0, 1, -1, LITERAL("\0\0\0\1a\xff\xff\xff\xfe\0") }, STATE_DAMAGE_VALUE_SIZE, -2 },
        { { 'D', 0, 1, -1, LITERAL("\0\0\0\1a\0\0\0\4bcd") }, STATE_DAMAGE_VALUE_SIZE, 4 },
        { { 'D', 0, 1, -1, LITERAL("\0\0\0\4abcd") }, STATE_DAMAGE_VALUE_SIZE, INT32_MIN },
        { { 'D', 0, 0, 5, LITERAL("\xff\xff\xff\xff") }, STATE_DAMAGE_CODEC, 4 },
        { { 'D', 2, 0, -1, LITERAL("\xff\xff\xff\xff") }, STATE_DAMAGE_CODEC, 4 },
        { { 'D', 1, 0, 4, LITERAL("no LZ4 frame") }, STATE_DAMAGE_CODEC, 12 },
        { { 'D', 1, 0, INT64_MAX, LITERAL("no LZ4 frame") }, STATE_DAMAGE_CODEC, 12 },
    };
    struct buffer file;
    buffer_init(&file, TEXT_MAX);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t found;
        enum state_damage damage = read_all(make(&file, &cases[i].file), STATE_DELTA, &found);
        if (damage != cases[i].damage || found != cases[i].found) {
            fail_msg("case %d: %d, %lld", (int)i, (int)damage, (long long)found);
        }
    }
    int64_t found; /* a snapshot removes nothing */
    assert_int_equal(
        read_all(
            make(&file, &(struct made){ 'S', 0, 1, -1,
                                        LITERAL("\0\0\0\1a\xff\xff\xff\xff\xff\xff\xff\xff") }),
            STATE_SNAPSHOT, &found),
        STATE_DAMAGE_VALUE_SIZE);
    assert_int_equal(found, -1);
    buffer_finish(&file);
}

/* --- through the provider --- */

static void is_refused(const char *name,
                       const struct made *made,
                       const char *condition,
                       const char *words)
{
    char root[] = "/tmp/weir-state-file-XXXXXX";
    char path[128];
    struct buffer file;
    struct sql_error error = { 0 };
    assert_non_null(mkdtemp(root));
    (void)snprintf(path, sizeof(path), "%s/0/0", root);
    assert_int_equal(file_make_dirs(path, NULL), WEIR_OK);
    (void)snprintf(path, sizeof(path), "%s/0/0/%s", root, name);
    buffer_init(&file, TEXT_MAX);
    assert_int_equal(file_replace(AT_FDCWD, path, make(&file, made), false, NULL), WEIR_OK);
    struct state_provider *p = state_provider_new(&(struct state_options){ .root = root });
    for (int v = 1; v < VERSION; v++) { /* what is before it is whole */
        struct state_store *s = state_open(p, 0, 0, NULL, v - 1, &error);
        assert_non_null(s);
        assert_true(state_commit(s, &error));
    }
    state_provider_free(p);
    p = state_provider_new(&(struct state_options){ .root = root });
    assert_null(state_open(p, 0, 0, NULL, VERSION, &error));
    assert_string_equal(error.condition->name, condition);
    if (!strstr(error.message, words) || !strstr(error.message, path) ||
        !strstr(error.message, "\nRestore the file from a copy of the checkpoint")) {
        fail_msg("%s", error.message);
    }
    sql_error_finish(&error);
    state_provider_free(p);
    buffer_finish(&file);
    assert_int_equal(file_remove_tree(AT_FDCWD, root, NULL), WEIR_OK);
}

static void the_provider_says_it_in_sparks_words(void **state)
{
    (void)state;
    const struct made key = { 'D', 0, 1, -1, LITERAL("\xff\xff\xff\xf9\0\0\0\0") };
    const struct made value = { 'S', 0, 1, -1, LITERAL("\0\0\0\1a\xff\xff\xff\xfe\0") };
    const struct made end = { 'D', 0, 1, -1, LITERAL("\xff\xff\xff\xff") };
    const struct made codec = { 'D', 1, 0, 4, LITERAL("no LZ4 frame") };
    is_refused("3.delta", &key, "CANNOT_LOAD_STATE_STORE.CANNOT_READ_DELTA_FILE_KEY_SIZE",
               " ]]: key size cannot be -7. SQLSTATE: 58030\n");
    is_refused("3.snapshot", &value, "CANNOT_LOAD_STATE_STORE.CANNOT_READ_SNAPSHOT_FILE_VALUE_SIZE",
               " ]]: value size cannot be -2. SQLSTATE: 58030\n");
    is_refused("3.delta", &end, "CANNOT_LOAD_STATE_STORE.UNCATEGORIZED",
               "is damaged: it has more or fewer records than it says.");
    is_refused("3.delta", &codec, "CANNOT_LOAD_STATE_STORE.UNCATEGORIZED",
               "is damaged: it cannot be decompressed.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bytes_are_those_that_are_drawn),
        cmocka_unit_test(a_compressed_file_says_the_same),
        cmocka_unit_test(every_damage_has_its_name),
        cmocka_unit_test(the_provider_says_it_in_sparks_words),
    };
    return cmocka_run_group_tests_name("state/state_file", tests, NULL, NULL);
}
