/*
 * Variance, standard deviation, skewness, kurtosis: see aggregate.h.
 *
 * Central moments, updated row by row and merged by Chan's formulas, step for step as Spark's CentralMomentAgg does, so that the last
 * digits agree.
 */
#include <math.h>

#include "expressions/aggregate_parts.h"

struct moments_state {
    double n;
    double mean;
    double m2;
    double m3;
    double m4;
    double unused;
};

static size_t moments_size(const struct expression *call)
{
    (void)call;
    return sizeof(struct moments_state);
}

static void moments_init(const struct expression *call, void *state)
{
    (void)call;
    *(struct moments_state *)state = (struct moments_state){ 0 };
}

static void add(struct moments_state *s, double value)
{
    double n = s->n + 1;
    double delta = value - s->mean;
    double delta_n = delta / n;
    double mean = s->mean + delta_n;
    double m2 = s->m2 + delta * (delta - delta_n);
    double delta2 = delta * delta;
    double delta_n2 = delta_n * delta_n;
    double m3 = s->m3 - 3.0 * delta_n * m2 + delta * (delta2 - delta_n2);
    double m4 = s->m4 - 4.0 * delta_n * m3 - 6.0 * delta_n2 * m2 +
                delta * (delta * delta2 - delta_n * delta_n2);
    *s = (struct moments_state){ .n = n, .mean = mean, .m2 = m2, .m3 = m3, .m4 = m4 };
}

static bool moments_update(struct evaluation *ev,
                           const struct expression *call,
                           const struct aggregate_states *states,
                           const struct aggregate_input *in)
{
    (void)ev;
    (void)call;
    for (int32_t i = 0; i < in->rows; i++) {
        if (aggregate_counts(in->args[0], in->selected, i)) {
            add(aggregate_state(states, in->groups[i]), column_double(in->args[0], i));
        }
    }
    return true;
}

static bool moments_merge(struct evaluation *ev,
                          const struct expression *call,
                          void *into,
                          const void *from)
{
    (void)ev;
    (void)call;
    struct moments_state *a = into;
    const struct moments_state *b = from;
    double n = a->n + b->n;
    double delta = b->mean - a->mean;
    double delta_n = n == 0 ? 0 : delta / n;
    struct moments_state s = { .n = n, .mean = a->mean + delta_n * b->n };
    s.m2 = a->m2 + b->m2 + delta * delta_n * a->n * b->n;
    s.m3 = a->m3 + b->m3 + delta_n * delta_n * delta * a->n * b->n * (a->n - b->n) +
           3.0 * delta_n * (a->n * b->m2 - b->n * a->m2);
    s.m4 = a->m4 + b->m4 +
           delta_n * delta_n * delta_n * delta * a->n * b->n *
               (a->n * a->n - a->n * b->n + b->n * b->n) +
           6.0 * delta_n * delta_n * (a->n * a->n * b->m2 + b->n * b->n * a->m2) +
           4.0 * delta_n * (a->n * b->m3 - b->n * a->m3);
    *a = s;
    return true;
}

static bool moments_finish(struct evaluation *ev,
                           const struct expression *call,
                           const void *state,
                           struct builder *out)
{
    (void)ev;
    const struct moments_state *s = state;
    const char *name = call->function->name;
    bool population = strstr(name, "pop") != NULL;
    bool root = strncmp(name, "std", 3) == 0;
    if (s->n == 0) {
        builder_null(out);
    } else if (name[0] == 's' && name[1] == 'k') {
        s->m2 == 0 ? builder_null(out)
                   : builder_double(out, sqrt(s->n) * s->m3 / sqrt(s->m2 * s->m2 * s->m2));
    } else if (name[0] == 'k') {
        s->m2 == 0 ? builder_null(out) : builder_double(out, s->n * s->m4 / (s->m2 * s->m2) - 3.0);
    } else if (!population && s->n == 1) {
        builder_null(out);
    } else {
        double variance = s->m2 / (population ? s->n : s->n - 1.0);
        builder_double(out, root ? sqrt(variance) : variance);
    }
    return true;
}

static void moments_save(const struct expression *call, const void *state, struct buffer *out)
{
    (void)call;
    buffer_append(out, state, sizeof(struct moments_state));
}

static bool moments_load(const struct expression *call, void *state, struct bytes saved)
{
    (void)call;
    if (saved.len != sizeof(struct moments_state)) {
        return false;
    }
    memcpy(state, saved.data, saved.len);
    return true;
}

const struct aggregate aggregate_moments = {
    .size = moments_size,
    .init = moments_init,
    .update = moments_update,
    .merge = moments_merge,
    .finish = moments_finish,
    .save = moments_save,
    .load = moments_load,
};
