/*
 * state/state_table: against a model that is a plain list, over random histories: the same keys, values and order; a batch taken back is
 * as if it had not been; the changes of each batch, applied to another table, make it the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "state/state_table.h"

#include <cmocka.h>

enum { KEYS = 400, BATCHES = 120, STEPS = 300, VALUE_MAX = 6000 };

static uint32_t next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(*seed >> 33);
}

/* --- the model: keys are numbers, values a length and a byte --- */

struct row {
    uint32_t key;
    uint32_t value_len;
    uint8_t fill;
};

struct model {
    struct row rows[KEYS];
    size_t count;
};

static size_t model_find(const struct model *m, uint32_t key)
{
    for (size_t i = 0; i < m->count; i++) {
        if (m->rows[i].key == key) {
            return i;
        }
    }
    return SIZE_MAX;
}

static void model_put(struct model *m, struct row row)
{
    size_t at = model_find(m, row.key);
    m->rows[at == SIZE_MAX ? m->count++ : at] = row;
}

static bool model_remove(struct model *m, uint32_t key)
{
    size_t at = model_find(m, key);
    if (at == SIZE_MAX) {
        return false;
    }
    memmove(&m->rows[at], &m->rows[at + 1], (m->count - at - 1) * sizeof(m->rows[0]));
    m->count--;
    return true;
}

/* --- rows as bytes --- */

struct text {
    char data[64];
};

/* Keys of many lengths, the empty one among them. */
static struct bytes key_of(uint32_t key, struct text *t)
{
    if (key == 0) {
        return (struct bytes){ (const uint8_t *)t->data, 0 };
    }
    int len = snprintf(t->data, sizeof(t->data), "%.*s%u", (int)(key % 23),
                       "key-key-key-key-key-key-", key);
    return (struct bytes){ (const uint8_t *)t->data, (size_t)len };
}

static struct bytes value_of(struct row row, uint8_t *out)
{
    memset(out, row.fill, row.value_len);
    return (struct bytes){ out, row.value_len };
}

static void same(const struct state_table *t, const struct model *m)
{
    static uint8_t expected[VALUE_MAX];
    struct text name;
    struct bytes key;
    struct bytes value;
    size_t position = 0;
    int64_t content = 0;
    assert_int_equal(state_table_count(t), m->count);
    for (size_t i = 0; i < m->count; i++) {
        assert_true(state_table_next(t, &position, &key, &value));
        assert_true(bytes_equal(key, key_of(m->rows[i].key, &name)));
        assert_true(bytes_equal(value, value_of(m->rows[i], expected)));
        assert_true(state_table_get(t, key, &value));
        assert_true(bytes_equal(value, value_of(m->rows[i], expected)));
        content += (int64_t)(key.len + value.len);
    }
    assert_false(state_table_next(t, &position, &key, &value));
    assert_int_equal(state_table_content(t), content);
}

static void step(struct state_table *t, struct model *m, uint64_t *seed)
{
    static uint8_t bytes[VALUE_MAX];
    struct text name;
    uint32_t key = next_random(seed) % KEYS;
    uint32_t what = next_random(seed) % 10;
    struct bytes value;
    if (what < 6) {
        uint32_t len = next_random(seed) % 50 == 0 ? VALUE_MAX : next_random(seed) % 40;
        struct row row = { key, len, (uint8_t)next_random(seed) };
        assert_true(state_table_put(t, key_of(key, &name), value_of(row, bytes)));
        model_put(m, row);
    } else if (what < 9) {
        assert_int_equal(state_table_remove(t, key_of(key, &name)), model_remove(m, key));
    } else {
        assert_int_equal(state_table_get(t, key_of(key, &name), &value),
                         model_find(m, key) != SIZE_MAX);
    }
}

static void apply(struct state_table *t, struct bytes file, enum state_file_kind kind)
{
    struct state_file_reader r;
    struct bytes key;
    struct bytes value;
    assert_true(state_file_open(&r, file, kind, 1));
    while (state_file_next(&r, &key, &value)) {
        if (bytes_is_null(value)) {
            (void)state_table_remove(t, key);
        } else {
            assert_true(state_table_put(t, key, value));
        }
    }
    assert_int_equal(r.fault.damage, STATE_DAMAGE_NONE);
    state_file_close(&r);
    state_table_begin(t);
}

static void write_file(const struct state_table *t, enum state_file_kind kind, struct buffer *out)
{
    struct state_file_writer w;
    state_file_begin(&w, out);
    if (kind == STATE_DELTA) {
        state_table_write_changes(t, &w);
    } else {
        state_table_write_all(t, &w);
    }
    state_file_end(&w, kind, 1);
    assert_false(out->overflow);
}

static void history(uint64_t seed)
{
    struct state_table *t = state_table_new(seed);
    struct state_table *replica = state_table_new(~seed);
    struct model *m = MEM_NEW(struct model);
    struct model *before = MEM_NEW(struct model);
    struct buffer file;
    buffer_init(&file, 64 << 20);
    for (int batch = 0; batch < BATCHES; batch++) {
        *before = *m;
        state_table_begin(t);
        uint32_t steps = next_random(&seed) % STEPS;
        for (uint32_t i = 0; i < steps; i++) {
            step(t, m, &seed);
        }
        same(t, m);
        if (next_random(&seed) % 3 == 0) {
            state_table_undo(t);
            *m = *before;
            same(t, m);
            continue;
        }
        write_file(t, STATE_DELTA, &file);
        apply(replica, buffer_bytes(&file), STATE_DELTA);
        same(replica, m);
    }
    state_table_free(replica);
    replica = state_table_new(seed);
    write_file(t, STATE_SNAPSHOT, &file);
    apply(replica, buffer_bytes(&file), STATE_SNAPSHOT);
    same(replica, m);
    buffer_finish(&file);
    free(before);
    free(m);
    state_table_free(replica);
    state_table_free(t);
}

static void random_histories_are_those_of_a_list(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        history(seed);
    }
}

static void values_that_are_changed_for_ever_take_no_more_memory(void **state)
{
    (void)state;
    static uint8_t bytes[100];
    struct state_table *t = state_table_new(7);
    struct text name;
    size_t settled = 0;
    for (uint32_t batch = 0; batch < 2000; batch++) {
        state_table_begin(t);
        for (uint32_t key = 1; key < 100; key++) {
            uint32_t len = (batch * 7 + key) % 100; /* growing and shrinking */
            assert_true(state_table_put(t, key_of(key, &name), (struct bytes){ bytes, len }));
        }
        if (batch == 50) {
            settled = state_table_memory(t);
        }
    }
    assert_true(state_table_memory(t) < 2 * settled + (128 << 10));
    state_table_free(t);
}

static void keys_that_come_and_go_take_no_more_memory(void **state)
{
    (void)state;
    struct state_table *t = state_table_new(7);
    struct text name;
    for (uint32_t batch = 0; batch < 3000; batch++) {
        state_table_begin(t);
        for (uint32_t i = 0; i < 50; i++) {
            uint32_t key = 1 + batch * 50 + i;
            assert_true(state_table_put(t, key_of(key, &name), bytes_of("0123456789")));
            if (key > 500) {
                assert_true(state_table_remove(t, key_of(key - 500, &name)));
            }
        }
    }
    assert_int_equal(state_table_count(t), 500);
    assert_true(state_table_memory(t) < 512 << 10);
    state_table_free(t);
}

static void what_is_put_may_be_a_part_of_the_table(void **state)
{
    (void)state;
    struct state_table *t = state_table_new(3);
    struct bytes key;
    struct bytes value;
    state_table_begin(t);
    assert_true(state_table_put(t, bytes_of("a"), bytes_of("0123456789abcdef0123456789")));
    for (int i = 0; i < 200; i++) { /* the value of the last becomes key and value of more */
        size_t position = 0;
        assert_true(state_table_next(t, &position, &key, &value));
        assert_true(state_table_put(t, value, key));
        assert_true(state_table_put(t, key, value));
        assert_true(state_table_get(t, bytes_of("a"), &value));
        struct bytes part = { value.data + 1, value.len - 1 };
        assert_true(state_table_put(t, bytes_of("b"), value)); /* longer than what is there */
        assert_true(state_table_put(t, bytes_of("b"), part));
        assert_true(state_table_get(t, bytes_of("b"), &value)); /* a part of itself */
        assert_true(state_table_put(t, bytes_of("b"), (struct bytes){ value.data + 1, 20 }));
    }
    assert_true(state_table_get(t, bytes_of("a"), &value));
    assert_true(bytes_equal_text(value, "0123456789abcdef0123456789"));
    assert_true(state_table_get(t, bytes_of("b"), &value));
    assert_true(bytes_equal_text(value, "23456789abcdef012345"));
    state_table_free(t);
}

static void walking_is_not_disturbed_by_removing_and_putting(void **state)
{
    (void)state;
    struct state_table *t = state_table_new(3);
    struct text name;
    struct bytes key;
    struct bytes value;
    state_table_begin(t);
    for (uint32_t i = 1; i < KEYS; i++) {
        assert_true(state_table_put(t, key_of(i, &name), bytes_of("v")));
    }
    state_table_begin(t);
    size_t position = 0;
    uint32_t seen = 0;
    while (state_table_next(t, &position, &key, &value)) {
        seen++;
        assert_true(bytes_equal(key, key_of(seen, &name)));
        if (seen % 3 != 0) {
            assert_true(state_table_remove(t, key));
        } else {
            assert_true(state_table_put(t, key, bytes_of("a value that is longer than before")));
        }
        if (seen < KEYS) { /* these come at the end */
            assert_true(state_table_put(t, key_of(KEYS - 1 + seen, &name), bytes_of("new")));
        }
    }
    assert_int_equal(seen, 2 * KEYS - 2);
    state_table_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_histories_are_those_of_a_list),
        cmocka_unit_test(values_that_are_changed_for_ever_take_no_more_memory),
        cmocka_unit_test(keys_that_come_and_go_take_no_more_memory),
        cmocka_unit_test(what_is_put_may_be_a_part_of_the_table),
        cmocka_unit_test(walking_is_not_disturbed_by_removing_and_putting),
    };
    return cmocka_run_group_tests_name("state/state_table", tests, NULL, NULL);
}
