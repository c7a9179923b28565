/*
 * A run for people: what passed, and for what did not, everything that helps to find out why.
 */
#include <inttypes.h>

#include "report/report.h"

enum { LINES_SHOWN_MAX = 20, COLUMNS_SHOWN_MAX = 400 };

struct paint {
    const char *good;
    const char *bad;
    const char *dim;
    const char *bold;
    const char *off;
};

static struct paint paint_for(bool colour)
{
    return colour ? (struct paint){ "\033[32m", "\033[31m", "\033[2m", "\033[1m", "\033[0m" }
                  : (struct paint){ "", "", "", "", "" };
}

/* A text of any length: behind its title when it is one line, else below it, each line marked, cut with a word. */
static void put_text(FILE *out, const char *title, const char *text)
{
    if (!text || text[0] == '\0') {
        return;
    }
    struct bytes rest = bytes_of(text);
    while (rest.len > 0 && rest.data[rest.len - 1] == '\n') {
        rest.len--;
    }
    if (!memchr(rest.data, '\n', rest.len) && rest.len <= COLUMNS_SHOWN_MAX) {
        (void)fprintf(out, "          %-10s %.*s\n", title, BYTES_ARG(rest));
        return;
    }
    (void)fprintf(out, "          %s\n", title);
    struct bytes line;
    int shown = 0;
    while (bytes_cut(&rest, '\n', &line)) {
        if (shown++ == LINES_SHOWN_MAX) {
            (void)fprintf(out, "            (%zu more bytes; result.json has all that was kept)\n",
                          line.len + rest.len);
            return;
        }
        int width = line.len > COLUMNS_SHOWN_MAX ? COLUMNS_SHOWN_MAX : (int)line.len;
        (void)fprintf(out, "            | %.*s%s\n", width, (const char *)line.data,
                      line.len > COLUMNS_SHOWN_MAX ? " (cut)" : "");
    }
}

static void put_failure(FILE *out,
                        const struct result *r,
                        const struct lab_result *l,
                        const struct verdict *v)
{
    if (v->steps.count > 0) {
        (void)fprintf(out, "          What was done:\n");
    }
    for (size_t i = 0; i < v->steps.count; i++) {
        (void)fprintf(out, "            %zu. %s\n", i + 1, v->steps.items[i]);
    }
    put_text(out, "Problem:", v->message);
    if (v->expected && v->actual) {
        put_text(out, "Expected:", v->expected[0] == '\0' ? "nothing" : v->expected);
        put_text(out, "Actual:", v->actual[0] == '\0' ? "nothing" : v->actual);
    }
    put_text(out, "Differs:", v->difference);
    put_text(out, "Hint:", v->hint);
    char title[128];
    if (v->program) {
        (void)snprintf(title, sizeof(title), "%s printed:", v->program);
        put_text(out, title, v->out);
        (void)snprintf(title, sizeof(title), "%s printed to standard error:", v->program);
        put_text(out, title, v->err);
    }
    struct bytes repeat = result_repeat_command(r, l);
    (void)fprintf(out, "          %-10s %.*s   (seed %" PRIu64 ")\n", "Repeat:", BYTES_ARG(repeat),
                  r->seed);
}

static void put_check(FILE *out,
                      const struct result *r,
                      const struct lab_result *l,
                      const struct check_result *c,
                      const struct paint *p)
{
    static const char *const words[] = { "not run", "passed", "FAILED", "skipped", "error" };
    const char *colour = c->status == STATUS_PASSED                                ? p->good
                         : c->status == STATUS_FAILED || c->status == STATUS_ERROR ? p->bad
                                                                                   : p->dim;
    (void)fprintf(out, "    %s%-7s%s %2" PRId64 "/%-2" PRId64 " %s %s(%s)%s\n", colour,
                  words[c->status], p->off, c->points, c->check->points, c->check->name, p->dim,
                  c->check->id, p->off);
    if (c->status == STATUS_FAILED) {
        put_failure(out, r, l, &c->verdict);
    } else if (c->status == STATUS_SKIPPED) {
        put_text(out, "Because:", c->verdict.message);
    } else if (c->status == STATUS_ERROR) {
        put_text(out, "Our fault:", c->verdict.message);
    }
}

static void put_builds(FILE *out, const struct lab_result *l, const struct paint *p)
{
    for (size_t i = 0; i < l->build_count; i++) {
        const struct build_result *b = &l->builds[i];
        if (b->built && b->diagnostics[0] == '\0') {
            continue;
        }
        (void)fprintf(out, "    %s%s%s: the compiler %s\n", b->built ? "" : p->bad, b->program,
                      p->off, b->built ? "has warnings" : b->explanation);
        put_text(out, "It says:", b->diagnostics);
    }
}

void report_terminal_lab(const struct result *r, const struct lab_result *l, FILE *out, bool colour)
{
    const struct paint p = paint_for(colour);
    int64_t part = 0;
    (void)fprintf(out, "\n%s%s  %s%s\n", p.bold, l->lab->id, l->lab->title, p.off);
    if (l->message) {
        (void)fprintf(out, "    %s%s%s: %s\n", p.bad,
                      l->status == LAB_NOT_GRADABLE ? "not gradable" : "grader error", p.off,
                      l->message);
    }
    put_builds(out, l, &p);
    for (size_t i = 0; i < l->lab->check_count; i++) {
        const struct lab_check *check = l->checks[i].check;
        if (check->part != part && l->lab->parts.count > 0) {
            (void)fprintf(out, "  Part %" PRId64 ": %s\n", check->part,
                          l->lab->parts.items[check->part - 1]);
        }
        part = check->part;
        put_check(out, r, l, &l->checks[i], &p);
    }
    (void)fprintf(out, "  %" PRId64 " of %" PRId64 " points, %.2f s\n", lab_points(l),
                  l->lab->points, (double)l->duration_ms / 1000);
}

void report_terminal_summary(const struct result *r, FILE *out, bool colour)
{
    static const char *const endings[] = { "all checks passed", "some checks did not pass",
                                           "not gradable in full",
                                           "the grader failed; please run it again" };
    const struct paint p = paint_for(colour);
    int64_t points = 0;
    int64_t max_points = 0;
    int code = result_exit_code(r);
    for (size_t i = 0; i < r->lab_count; i++) {
        points += lab_points(&r->labs[i]);
        max_points += r->labs[i].lab->points;
    }
    for (size_t i = 0; i < r->warning_count; i++) {
        (void)fprintf(out, "\nnote: %s\n", r->warnings[i]);
    }
    (void)fprintf(out, "\n%s%s%s: %" PRId64 " of %" PRId64 " points; seed %" PRIu64 ", %.2f s\n",
                  code == 0 ? p.good : p.bad, endings[code], p.off, points, max_points, r->seed,
                  (double)r->duration_ms / 1000);
    (void)fprintf(out, "%sisolation level %d of 4: %s%s\n", p.dim, r->level, r->isolation, p.off);
}
