/*
 * Of pairs of numbers: covar_pop, covar_samp, corr, regr_count, regr_slope: see aggregate.h.
 *
 * Updated and merged step for step as Spark's PearsonCorrelation and Covariance do, so that the last digits agree. Pairs with a null
 * are passed over.
 */
#include <math.h>

#include "expressions/aggregate_parts.h"

struct pairs_state {
    double n;
    double x_mean;
    double y_mean;
    double ck; /* sum of products of deviations */
    double x_mk;
    double y_mk;
};

static size_t pairs_size(const struct expression *call)
{
    (void)call;
    return sizeof(struct pairs_state);
}

static void pairs_init(const struct expression *call, void *state)
{
    (void)call;
    *(struct pairs_state *)state = (struct pairs_state){ 0 };
}

/* Regression has its variance from the central moments' formula, correlation from its own: their last digits differ. */
static void add(struct pairs_state *s, double x, double y, bool regression)
{
    double n = s->n + 1.0;
    double dx = x - s->x_mean;
    double dx_n = dx / n;
    double dy = y - s->y_mean;
    double dy_n = dy / n;
    double x_mean = s->x_mean + dx_n;
    double y_mean = s->y_mean + dy_n;
    s->ck += dx * (y - y_mean);
    s->x_mk += dx * (regression ? dx - dx_n : x - x_mean);
    s->y_mk += dy * (y - y_mean);
    s->n = n;
    s->x_mean = x_mean;
    s->y_mean = y_mean;
}

static bool pairs_update(struct evaluation *ev,
                         const struct expression *call,
                         const struct aggregate_states *states,
                         const struct aggregate_input *in)
{
    (void)ev;
    bool regression = call->function->name[0] == 'r';
    const struct column *x = in->args[regression];
    const struct column *y = in->args[!regression];
    for (int32_t i = 0; i < in->rows; i++) {
        if (aggregate_counts(x, in->selected, i) && !column_is_null(y, i)) {
            add(aggregate_state(states, in->groups[i]), column_double(x, i), column_double(y, i),
                regression);
        }
    }
    return true;
}

static bool pairs_merge(struct evaluation *ev,
                        const struct expression *call,
                        void *into,
                        const void *from)
{
    (void)ev;
    (void)call;
    struct pairs_state *a = into;
    const struct pairs_state *b = from;
    double n = a->n + b->n;
    double dx = b->x_mean - a->x_mean;
    double dx_n = n == 0 ? 0 : dx / n;
    double dy = b->y_mean - a->y_mean;
    double dy_n = n == 0 ? 0 : dy / n;
    a->ck = a->ck + b->ck + dx * dy_n * a->n * b->n;
    a->x_mk = a->x_mk + b->x_mk + dx * dx_n * a->n * b->n;
    a->y_mk = a->y_mk + b->y_mk + dy * dy_n * a->n * b->n;
    a->x_mean += dx_n * b->n;
    a->y_mean += dy_n * b->n;
    a->n = n;
    return true;
}

/* regr_slope(y, x): its x is the second argument. */
static bool pairs_finish(struct evaluation *ev,
                         const struct expression *call,
                         const void *state,
                         struct builder *out)
{
    (void)ev;
    const struct pairs_state *s = state;
    const char *name = call->function->name;
    bool sample = strcmp(name, "covar_samp") == 0;
    if (strcmp(name, "regr_count") == 0) {
        builder_integer(out, (int64_t)s->n);
    } else if (s->n == 0) {
        builder_null(out);
    } else if (strcmp(name, "covar_pop") == 0) {
        builder_double(out, s->ck / s->n);
    } else if (s->n == 1) {
        builder_null(out);
    } else if (sample) {
        builder_double(out, s->ck / (s->n - 1.0));
    } else if (name[0] == 'r') {
        s->x_mk == 0 ? builder_null(out) : builder_double(out, s->ck / s->x_mk);
    } else {
        builder_double(out, s->ck / sqrt(s->x_mk * s->y_mk));
    }
    return true;
}

static void pairs_save(const struct expression *call, const void *state, struct buffer *out)
{
    (void)call;
    buffer_append(out, state, sizeof(struct pairs_state));
}

static bool pairs_load(const struct expression *call, void *state, struct bytes saved)
{
    (void)call;
    struct pairs_state s;
    if (saved.len != sizeof(s)) {
        return false;
    }
    memcpy(&s, saved.data, sizeof(s));
    if (!(s.n >= 0 && s.n <= 9007199254740992.0)) {
        return false;
    }
    *(struct pairs_state *)state = s;
    return true;
}

const struct aggregate aggregate_pairs = {
    .size = pairs_size,
    .init = pairs_init,
    .update = pairs_update,
    .merge = pairs_merge,
    .finish = pairs_finish,
    .save = pairs_save,
    .load = pairs_load,
};
