/*
 * The list of effects: see effects.h. Links lie in the arena with what they link.
 */
#include "coordination/effects.h"

#include <stdarg.h>
#include <stdio.h>

enum { NOTE_MAX = 1024 };

void group_effects_init(struct group_effects *effects)
{
    *effects = (struct group_effects){ 0 };
    arena_init(&effects->arena, 0);
}

void group_effects_finish(struct group_effects *effects)
{
    arena_finish(&effects->arena);
    effects->first = effects->last = NULL;
}

void group_effects_reset(struct group_effects *effects)
{
    arena_reset(&effects->arena);
    effects->first = effects->last = NULL;
}

struct group_effect *group_effects_add(struct group_effects *effects, enum group_effect_kind kind)
{
    struct group_effect *effect = ARENA_NEW(&effects->arena, struct group_effect, 1);
    effect->kind = kind;
    if (effects->last) {
        effects->last->next = effect;
    } else {
        effects->first = effect;
    }
    effects->last = effect;
    return effect;
}

void group_effects_note(struct group_effects *effects, const char *format, ...)
{
    char text[NOTE_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    group_effects_add(effects, GROUP_EFFECT_NOTE)->note =
        arena_copy(&effects->arena, bytes_of(text));
}
