/*
 * Records of RESULTS, as all judges see them.
 */
#include <inttypes.h>

#include "streaming.h"
#include "tap/text.h"

const char *record_place(struct check *c, const struct witnessed_record *record)
{
    return check_text(c, "partition %d, offset %" PRId64, record->partition, record->offset);
}

static const char *shown(struct check *c, struct bytes b)
{
    enum { SHOWN_MAX = 160 };
    struct bytes text = text_printable_in(check_arena(c), b);
    return check_text(c, "%.*s%s", text.len > SHOWN_MAX ? SHOWN_MAX : (int)text.len,
                      (const char *)text.data, text.len > SHOWN_MAX ? "..." : "");
}

const char *record_value(struct check *c, const struct witnessed_record *record)
{
    return bytes_is_null(record->value) ? "no value" : shown(c, record->value);
}

struct user *record_user(struct stream *s, const struct witnessed_record *record)
{
    struct check *c = s->c;
    if (bytes_is_null(record->key)) {
        check_hint(c,
                   "a column `key` makes the key. It is NULL where the id is: concat() of NULL and "
                   "a text is NULL, so what has no name or no surname has to be left out");
        check_fail(c, "a record of RESULTS (%s) has no key; its value is %s",
                   record_place(c, record), record_value(c, record));
        return NULL;
    }
    struct user *user = map_get(&s->users_by_id, record->key);
    if (!user) {
        check_hint(c,
                   "the key is the id: name and surname in one word, without quotes or blanks, as "
                   "concat(name, surname) makes it; who has no name or no surname has none");
        check_differ(c, check_text(c, "an id such as %s", s->users[1].id), shown(c, record->key),
                     "a record of RESULTS (%s) has a key that is nobody's id",
                     record_place(c, record));
    }
    return user;
}
