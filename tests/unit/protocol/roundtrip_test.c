/*
 * protocol/codec, by property: for every message in every version, random values come back from the wire as they
 * went in, the same values give the same bytes, unknown tagged fields change nothing, and no part of a message
 * passes for the whole. The values are made from the same tables that the codec walks, by a seed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "protocol/codec.h"
#include "protocol/message_walk.h"
#include "protocol/messages.h"
#include "protocol/writer.h"

#include <cmocka.h>

enum {
    ROUNDS = 20,
    ELEMENTS_MAX = 3,
    TEXT_LONG = 300, /* its compact length takes two bytes */
    MESSAGE_MAX = 16 << 20,
    UNKNOWN_TAG = 1000,
};

/* What every test needs, and where it is: for the message of a failure. */
struct fixture {
    struct arena arena;
    struct buffer first;
    struct buffer second;
    uint64_t random;
    bool no_tags; /* leave tagged fields at their defaults */
    const struct message_type *type;
    int16_t version;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    arena_init(&f->arena, 0);
    buffer_init(&f->first, MESSAGE_MAX);
    buffer_init(&f->second, MESSAGE_MAX);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    arena_finish(&f->arena);
    buffer_finish(&f->first);
    buffer_finish(&f->second);
    free(f);
    return 0;
}

/* --- random messages --- */

/* Below `bound`; xorshift64*. */
static uint64_t draw(struct fixture *f, uint64_t bound)
{
    f->random ^= f->random >> 12;
    f->random ^= f->random << 25;
    f->random ^= f->random >> 27;
    return (f->random * UINT64_C(2685821657736338717) >> 16) % bound;
}

static void fill_random(struct fixture *f, void *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        ((uint8_t *)out)[i] = (uint8_t)draw(f, 256);
    }
}

static struct bytes random_bytes(struct fixture *f, bool nullable)
{
    static const size_t lengths[] = { 0, 1, 5, 20, TEXT_LONG };
    size_t choice = draw(f, nullable ? 6 : 5);
    if (choice == 5) {
        return (struct bytes){ NULL, 0 };
    }
    uint8_t *data = arena_alloc(&f->arena, lengths[choice] + 1, 1);
    fill_random(f, data, lengths[choice]);
    return (struct bytes){ data, lengths[choice] };
}

static void random_struct(struct fixture *f, const struct message_type *type, void *out);

static void random_value(struct fixture *f,
                         const struct message_field *field,
                         bool nullable,
                         void *out)
{
    switch ((enum field_kind)field->kind) {
    case FIELD_BOOL: *(bool *)out = draw(f, 2) == 1; break;
    case FIELD_INT8:
    case FIELD_INT16:
    case FIELD_UINT16:
    case FIELD_INT32:
    case FIELD_INT64:
    case FIELD_FLOAT64:
    case FIELD_UUID: fill_random(f, out, message_field_size(field)); break;
    case FIELD_STRING:
    case FIELD_BYTES: *(struct bytes *)out = random_bytes(f, nullable); break;
    case FIELD_RECORDS:
        *(struct records_field *)out = (struct records_field){ .data = random_bytes(f, nullable) };
        break;
    case FIELD_STRUCT: random_struct(f, field->type, out); break;
    }
}

static void random_array(struct fixture *f,
                         const struct message_field *field,
                         bool nullable,
                         void *out)
{
    int32_t count = (int32_t)draw(f, ELEMENTS_MAX + 1) - (nullable ? 1 : 0);
    size_t size = message_field_size(field);
    uint8_t *elements = count > 0 ? arena_alloc(&f->arena, (size_t)count, size) : NULL;
    for (int32_t i = 0; i < count; i++) {
        random_value(f, field, false, elements + (size_t)i * size);
    }
    memcpy((uint8_t *)out + field->offset, &elements, sizeof(elements));
    memcpy((uint8_t *)out + field->count_offset, &count, sizeof(count));
}

static void random_field(struct fixture *f, const struct message_field *field, void *out)
{
    bool nullable = version_in(field->null_versions, f->version);
    if (field->array) {
        random_array(f, field, nullable, out);
    } else if (!field->pointer) {
        random_value(f, field, nullable, (uint8_t *)out + field->offset);
    } else if (!nullable || draw(f, 2)) {
        void *inner = arena_alloc(&f->arena, 1, field->type->size);
        random_struct(f, field->type, inner);
        memcpy((uint8_t *)out + field->offset, &inner, sizeof(inner));
    }
}

/* Fields that the version lacks keep their default, and half of the tagged ones do. */
static void random_struct(struct fixture *f, const struct message_type *type, void *out)
{
    message_init(type, out);
    for (int i = 0; i < type->field_count; i++) {
        const struct message_field *field = &type->fields[i];
        bool wanted = field->tag == NO_TAG || (!f->no_tags && draw(f, 2));
        if (wanted && version_in(field->versions, f->version)) {
            random_field(f, field, out);
        }
    }
}

static void *random_message(struct fixture *f, uint64_t seed)
{
    arena_reset(&f->arena);
    buffer_clear(&f->first);
    buffer_clear(&f->second);
    f->random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    void *message = arena_alloc(&f->arena, 1, f->type->size);
    random_struct(f, f->type, message);
    return message;
}

/* --- steps --- */

static void require(struct fixture *f, bool truth, const char *what)
{
    if (!truth) {
        fail_msg("%s version %d: %s", f->type->name, f->version, what);
    }
}

static void encode(struct fixture *f, const void *message, struct buffer *out)
{
    struct weir_error err;
    require(f, message_encode(f->type, f->version, message, out, NULL, &err) == WEIR_OK,
            err.message);
}

static void *decode(struct fixture *f, struct bytes in)
{
    struct weir_error err;
    void *message = arena_alloc(&f->arena, 1, f->type->size);
    enum weir_status rc = message_decode(f->type, f->version, in, &f->arena, message, &err);
    require(f, rc == WEIR_OK, err.message);
    return message;
}

/* Runs `check` for every version of every message. */
static void for_each_version(struct fixture *f, void (*check)(struct fixture *f))
{
    for (int32_t i = 0; i < message_type_count; i++) {
        f->type = message_types[i];
        for (f->version = f->type->versions.first; f->version <= f->type->versions.last;
             f->version++) {
            check(f);
        }
    }
}

/* --- properties --- */

static void check_round_trip(struct fixture *f)
{
    for (uint64_t round = 0; round < ROUNDS; round++) {
        void *message = random_message(f, round);
        encode(f, message, &f->first);
        void *again = decode(f, buffer_bytes(&f->first));
        require(f, message_equal(f->type, message, again), "other values after a round trip");
        encode(f, again, &f->second);
        require(f, bytes_equal(buffer_bytes(&f->first), buffer_bytes(&f->second)),
                "other bytes after a round trip");
    }
}

static void every_version_of_every_message_survives_a_round_trip(void **state)
{
    for_each_version(*state, check_round_trip);
}

static void check_defaults(struct fixture *f)
{
    void *message = random_message(f, 0);
    message_init(f->type, message);
    encode(f, message, &f->first);
    require(f, message_equal(f->type, decode(f, buffer_bytes(&f->first)), f->type->defaults),
            "an initialised message does not come back as the defaults");
}

static void initialised_messages_can_be_sent(void **state)
{
    for_each_version(*state, check_defaults);
}

static void check_prefixes(struct fixture *f)
{
    struct weir_error err;
    encode(f, random_message(f, 1), &f->first);
    void *again = arena_alloc(&f->arena, 1, f->type->size);
    for (size_t len = 0; len < f->first.len; len++) {
        uint8_t *exact =
            malloc(len + 1); /* its own allocation: the sanitizer sees a step too far */
        assert_non_null(exact);
        memcpy(exact + 1, f->first.data, len);
        enum weir_status rc = message_decode(f->type, f->version, (struct bytes){ exact + 1, len },
                                             &f->arena, again, &err);
        free(exact);
        require(f, rc == WEIR_EPROTO, "a part of it passes for the whole");
    }
}

static void no_part_of_a_message_passes_for_the_whole(void **state)
{
    for_each_version(*state, check_prefixes);
}

static void check_trailing_byte(struct fixture *f)
{
    struct weir_error err;
    encode(f, random_message(f, 2), &f->first);
    size_t len = f->first.len;
    writer_i8(&f->first, 0);
    void *again = arena_alloc(&f->arena, 1, f->type->size);
    struct bytes in = buffer_bytes(&f->first);
    require(f, message_decode(f->type, f->version, in, &f->arena, again, &err) == WEIR_EPROTO,
            "a byte too many passes");
    require(f, message_decode_prefix(f->type, f->version, &in, &f->arena, again, &err) == WEIR_OK,
            "a byte behind it disturbs");
    require(f, in.len == 1 && in.data == f->first.data + len, "the rest is not where it should be");
}

static void bytes_behind_a_message_are_noticed(void **state)
{
    for_each_version(*state, check_trailing_byte);
}

/* Of one struct alone, as if it were a message: its tagged fields then stand at the end. */
static void check_unknown_tag(struct fixture *f, const struct message_type *type)
{
    f->type = type;
    void *message = random_message(f, 3);
    encode(f, message, &f->first);
    require(f, f->first.data[f->first.len - 1] == 0, "the tagged fields are not at the end");
    f->first.len--;
    writer_uvarint(&f->first, 1);
    writer_uvarint(&f->first, UNKNOWN_TAG);
    writer_uvarint(&f->first, 3);
    buffer_append(&f->first, "abc", 3);
    require(f, message_equal(type, message, decode(f, buffer_bytes(&f->first))),
            "an unknown tagged field changes the message");
    for (int i = 0; i < type->field_count; i++) {
        if (type->fields[i].kind == FIELD_STRUCT &&
            version_in(type->fields[i].versions, f->version)) {
            check_unknown_tag(f, type->fields[i].type);
        }
    }
}

static void check_unknown_tags(struct fixture *f)
{
    const struct message_type *type = f->type;
    if (message_flexible(type, f->version)) {
        f->no_tags = true; /* the tag section of each struct is one zero byte */
        check_unknown_tag(f, type);
        f->type = type;
    }
}

static void unknown_tagged_fields_are_skipped(void **state)
{
    for_each_version(*state, check_unknown_tags);
}

/* Each field that the version lacks is given a value in turn. */
static void check_missing_fields(struct fixture *f)
{
    struct weir_error err;
    for (int i = 0; i < f->type->field_count; i++) {
        const struct message_field *field = &f->type->fields[i];
        if (version_in(field->versions, f->version)) {
            continue;
        }
        void *message = random_message(f, 4);
        do {
            random_field(f, field, message);
        } while (message_field_equal(field, message, f->type->defaults));
        enum weir_status rc = message_encode(f->type, f->version, message, &f->first, NULL, &err);
        require(f, rc == (field->ignorable ? WEIR_OK : WEIR_EINVAL), field->name);
        require(f, rc == WEIR_OK || strstr(err.message, field->name), "the field is not named");
        require(f, rc == WEIR_OK || f->first.len == 0, "a refused message left bytes behind");
    }
}

static void values_that_a_version_cannot_carry_are_refused_unless_ignorable(void **state)
{
    for_each_version(*state, check_missing_fields);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_version_of_every_message_survives_a_round_trip, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(initialised_messages_can_be_sent, setup, teardown),
        cmocka_unit_test_setup_teardown(no_part_of_a_message_passes_for_the_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(bytes_behind_a_message_are_noticed, setup, teardown),
        cmocka_unit_test_setup_teardown(unknown_tagged_fields_are_skipped, setup, teardown),
        cmocka_unit_test_setup_teardown(
            values_that_a_version_cannot_carry_are_refused_unless_ignorable, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
