/*
 * Expressions as they were written, as text: with what has a meaning told with it, or without. Internal to plans.
 *
 *     upper(nam) + id    raw      ('upper('nam) + 'id)
 *                        mixed    ('upper('nam) + id#0)
 *     built              raw      '`+`('upper('nam), 'id)
 */
#pragma once

#include "plan/plan_text.h"

/* One verb under way. */
struct written {
    struct tree *tree;
    const struct planning *planning;
    const struct plan *input; /* its columns ... */
    const int32_t *ids;       /* ... and their identities */
    enum written_form form;
    bool unresolved; /* out: something had no meaning */
    int32_t identity_count;
    int32_t identity_capacity;
    struct written_alias *identities; /* what was given an identity of its own */
};

struct written_alias {
    const struct syntax *syntax;
    int32_t identity;
};

/* Its meaning over the input, in the tree's arena; NULL: it has none, or the form asks for none. */
const struct expression *written_resolve(struct written *w, const struct syntax *s);

/* The identity of the column that this makes: the same each time. */
int32_t written_identity(struct written *w, const struct syntax *s);

/* As text; sets w->unresolved. */
void written_print(struct written *w, const struct syntax *s);
