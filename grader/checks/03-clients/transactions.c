/*
 * Transactions as the lecture's producer makes them, from the check's seed.
 */
#include <inttypes.h>

#include "base/arena.h"
#include "base/map.h"
#include "clients.h"

static const char *pick(struct check *c, const char *const *words, size_t count)
{
    return words[check_range(c, 0, (int64_t)count - 1)];
}

/* A capital and some small letters. */
static const char *make_word(struct check *c)
{
    const char *word = check_text(c, "%c", (char)check_range(c, 'A', 'Z'));
    for (int64_t left = check_range(c, 2, 7); left > 0; left--) {
        word = check_text(c, "%s%c", word, (char)check_range(c, 'a', 'z'));
    }
    return word;
}

struct person {
    const char *name;
    const char *surname;
    const char *user;
};

/* The lecture's names, and others, because a program may not know them by heart. */
static void make_person(struct check *c, struct person *p)
{
    static const char *const names[] = { "John", "Andy", "Joe", "Alice" };
    static const char *const surnames[] = { "Johnson", "Smith", "Jones", "Millers" };
    bool known = check_range(c, 0, 2) > 0;
    p->name = known ? pick(c, names, 4) : make_word(c);
    p->surname = known ? pick(c, surnames, 4) : make_word(c);
    p->user = check_text(c, "%s%s", p->name, p->surname);
}

static struct person *make_people(struct check *c, size_t count)
{
    struct map seen = { 0 };
    struct person *people = ARENA_NEW(check_arena(c), struct person, count);
    for (size_t i = 0; i < count;) {
        make_person(c, &people[i]);
        if (!map_put(&seen, bytes_of(people[i].user), &people[i])) {
            i++;
        }
    }
    map_finish(&seen);
    return people;
}

static void set_amount(struct check *c, struct transaction *t, int64_t cents)
{
    t->cents = cents;
    t->amount = check_text(c, "%" PRId64 ".%02" PRId64, cents / 100, cents % 100);
}

/* Among any eight in a row are cents with a leading zero, and some that are no octal number. */
static int64_t make_cents(struct check *c, size_t i)
{
    static const int64_t traps[] = { 5, 8, 9, 50 };
    int64_t whole = check_range(c, 0, 999) * 100;
    return whole + (i % 2 == 1 ? traps[i / 2 % 4] : check_range(c, 0, 99));
}

static void make_json(struct check *c, struct transaction *t, const struct person *p)
{
    t->user = p->user;
    t->json = check_text(c,
                         "{\"name\": \"%s\", \"surname\": \"%s\", \"amount\": \"%s\", "
                         "\"delta_t\": \"%d.%02d\", \"flag\": %d}",
                         p->name, p->surname, t->amount, (int)check_range(c, 0, 99),
                         (int)check_range(c, 0, 99), check_range(c, 0, 4) == 0);
}

void transactions_make(struct check *c,
                       size_t count,
                       size_t user_count,
                       struct transactions *out_transactions)
{
    struct map seen = { 0 };
    struct person *people = make_people(c, user_count);
    struct transaction *items = ARENA_NEW(check_arena(c), struct transaction, count);
    int64_t now_ms = 1750000000000 + check_range(c, 0, 9999999999);
    for (size_t i = 0; i < count;) {
        struct transaction *t = &items[i];
        size_t who = i < user_count ? i : (size_t)check_range(c, 0, (int64_t)user_count - 1);
        set_amount(c, t, make_cents(c, i));
        make_json(c, t, &people[who]);
        t->timestamp_ms = now_ms;
        if (!map_put(&seen, bytes_of(t->json), t)) {
            now_ms += check_range(c, 1, 500);
            i++;
        }
    }
    map_finish(&seen);
    *out_transactions = (struct transactions){ items, count };
}

/* The same transaction with another text between two marks of its JSON. */
static void replace(struct check *c, struct transaction *t, const char *after, const char *text)
{
    const char *from = strstr(t->json, after) + strlen(after);
    const char *rest = strchr(from, '"');
    t->json = check_text(c, "%.*s%s%s", (int)(from - t->json), t->json, text, rest);
}

void transaction_make_large(struct check *c, struct transaction *t)
{
    set_amount(c, t, check_range(c, 10000000000000000, 40000000000000000));
    replace(c, t, "\"amount\": \"", t->amount);
}

void transaction_make_long(struct check *c, struct transaction *t, size_t size)
{
    uint8_t *filling = arena_alloc(check_arena(c), size + 1, 1);
    memset(filling, 'x', size);
    t->json = check_text(c, "%.*s, \"note\": \"%s\"}", (int)strlen(t->json) - 1, t->json,
                         (const char *)filling);
}
