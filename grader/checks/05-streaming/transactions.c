/*
 * Users and their transactions, as the lecture's producer makes them, from the check's seed.
 */
#include <inttypes.h>

#include "base/arena.h"
#include "streaming.h"

/* A capital and some small letters. */
static const char *make_word(struct check *c)
{
    const char *word = check_text(c, "%c", (char)check_range(c, 'A', 'Z'));
    for (int64_t left = check_range(c, 2, 7); left > 0; left--) {
        word = check_text(c, "%s%c", word, (char)check_range(c, 'a', 'z'));
    }
    return word;
}

/* The lecture's names, and others, because a program may not know them by heart. Names are shared: the first four users have two
 * names and two surnames. */
static void make_person(struct check *c, struct user *u, size_t i)
{
    static const char *const names[] = { "John", "Andy", "Joe", "Alice" };
    static const char *const surnames[] = { "Johnson", "Smith", "Jones", "Millers" };
    bool known = i < 4 || check_range(c, 0, 2) > 0;
    u->name = known ? names[i < 4 ? i % 2 : (size_t)check_range(c, 0, 3)] : make_word(c);
    u->surname = known ? surnames[i < 4 ? i / 2 : (size_t)check_range(c, 0, 3)] : make_word(c);
    u->id = check_text(c, "%s%s", u->name, u->surname);
}

void stream_make_users(struct stream *s)
{
    for (size_t i = 0; i < STREAM_USERS;) {
        struct user *u = &s->users[i];
        make_person(s->c, u, i);
        if (!map_get(&s->users_by_id, bytes_of(u->id))) {
            map_put(&s->users_by_id, bytes_of(u->id), u);
            i++;
        }
    }
}

static const char *make_json(struct check *c, const struct transaction *t)
{
    return check_text(c,
                      "{\"name\": \"%s\", \"surname\": \"%s\", \"amount\": \"%s\", "
                      "\"delta_t\": \"%d.%02d\", \"flag\": %d}",
                      t->user->name, t->user->surname, t->amount, (int)check_range(c, 0, 99),
                      (int)check_range(c, 0, 99), t->flagged);
}

/* Amounts rise, so that no two are alike, and many of them end in zeros: as numbers they would look another way. */
static const char *next_amount(struct stream *s)
{
    s->cents += check_range(s->c, 1, 30);
    if (check_range(s->c, 0, 2) == 0) {
        s->cents += 10 - s->cents % 10;
    }
    return check_text(s->c, "%" PRId64 ".%02" PRId64, s->cents / 100, s->cents % 100);
}

struct transaction *stream_add(struct stream *s, struct user *user, bool flagged)
{
    if (s->sent_count + s->next_count >= STREAM_TRANSACTIONS_MAX) {
        check_broken(s->c, "the check makes too many transactions");
        return NULL;
    }
    struct transaction *t = ARENA_NEW(check_arena(s->c), struct transaction, 1);
    *t = (struct transaction){ .user = user, .flagged = flagged, .amount = next_amount(s) };
    t->json = make_json(s->c, t);
    user->all++;
    user->flagged += flagged;
    map_put(&s->transactions_by_amount, bytes_of(t->amount), t);
    s->next[s->next_count++] = t;
    return t;
}

void stream_add_many(struct stream *s, struct user *user, int64_t flagged, int64_t others)
{
    for (int64_t i = 0; i < flagged + others; i++) {
        (void)stream_add(s, user, i < flagged);
    }
}

void stream_add_first(struct stream *s)
{
    stream_add_many(s, &s->users[0], 2, check_range(s->c, 0, 2));
    for (size_t i = 1; i < STREAM_USERS; i++) {
        int64_t flagged = i >= STREAM_USERS - 2 ? 0 : i <= 5 ? (int64_t)i : check_range(s->c, 0, 5);
        stream_add_many(s, &s->users[i], flagged, check_range(s->c, 1, 6));
    }
    for (size_t i = 0; i < STREAM_USERS; i++) {
        s->users[i].alerts_min = s->users[i].flagged > 1;
        s->users[i].alerts_max = s->users[i].flagged > 1 ? s->users[i].flagged - 1 : 0;
    }
}

static struct witness_message message_to(struct stream *s, struct bytes value)
{
    return (struct witness_message){ .partition = (int32_t)check_range(s->c, 0, s->partitions - 1),
                                     .value = value };
}

bool stream_send_quietly(struct stream *s)
{
    struct check *c = s->c;
    size_t count = s->next_count;
    struct witness_message *messages = ARENA_NEW(check_arena(c), struct witness_message, count + 1);
    check_shuffle(c, s->next, count, sizeof(s->next[0]));
    s->lots++;
    for (size_t i = 0; i < count; i++) {
        struct transaction *t = s->next[i];
        messages[i] = message_to(s, bytes_of(t->json));
        t->lot = s->lots;
        s->sent[s->sent_count++] = t;
    }
    s->next_count = 0;
    return !check_over(c) && witness_send(s->w, s->topic, messages, count);
}

bool stream_send(struct stream *s)
{
    size_t flagged = 0;
    size_t count = s->next_count;
    for (size_t i = 0; i < count; i++) {
        flagged += s->next[i]->flagged;
    }
    bool good = stream_send_quietly(s);
    check_step(s->c, "sent %zu transactions to TOPIC, %zu of them flagged", count, flagged);
    return good;
}

bool stream_send_values(struct stream *s, const struct bytes *values, size_t count)
{
    struct witness_message *messages =
        ARENA_NEW(check_arena(s->c), struct witness_message, count + 1);
    for (size_t i = 0; i < count; i++) {
        messages[i] = message_to(s, values[i]);
    }
    return !check_over(s->c) && witness_send(s->w, s->topic, messages, count);
}
