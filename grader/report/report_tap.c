/*
 * A run as TAP 13.
 */
#include <inttypes.h>

#include "base/error.h"
#include "report/report.h"
#include "tap/tapw.h"

static void put_text(struct tapw *w, const char *key, const char *text)
{
    if (text && text[0] != '\0') {
        tapw_text(w, key, bytes_of(text));
    }
}

static void put_details(struct tapw *w,
                        const struct result *r,
                        const struct lab_result *l,
                        const struct check_result *c)
{
    const struct verdict *v = &c->verdict;
    tapw_i64(w, "points", c->points);
    tapw_i64(w, "max_points", c->check->points);
    if (c->status == STATUS_PASSED) {
        tapw_i64(w, "duration_ms", v->duration_ms);
        return;
    }
    tapw_text(w, "severity", bytes_of(c->status == STATUS_FAILED ? "fail" : "error"));
    put_text(w, "message", v->message ? v->message : l->message ? l->message : "not run");
    put_text(w, "expected", v->expected);
    put_text(w, "actual", v->actual);
    put_text(w, "difference", v->difference);
    put_text(w, "hint", v->hint);
    struct bytes *steps = ARENA_NEW(r->arena, struct bytes, v->steps.count + 1);
    for (size_t i = 0; i < v->steps.count; i++) {
        steps[i] = bytes_of(v->steps.items[i]);
    }
    tapw_list(w, "steps", steps, v->steps.count);
    put_text(w, "program", v->program);
    put_text(w, "stdout", v->out);
    put_text(w, "stderr", v->err);
    tapw_i64(w, "duration_ms", v->duration_ms);
    tapw_i64(w, "seed", (int64_t)r->seed);
    tapw_text(w, "repro", result_repeat_command(r, l));
}

static void put_check(
    struct tapw *w, const struct result *r, const struct lab_result *l, size_t index, size_t number)
{
    const struct check_result *c = &l->checks[index];
    struct bytes text =
        arena_printf(r->arena, "%s/%s: %s", l->lab->id, c->check->id, c->check->name);
    const char *description = arena_text(r->arena, text);
    /* A skipped check gives no points, so it must not read as passed to a harness: it is a failure with a reason. */
    tapw_point(w, c->status == STATUS_PASSED, number, description);
    put_details(w, r, l, c);
    tapw_end(w);
}

static void put_builds(struct tapw *w, const struct result *r, const struct lab_result *l)
{
    for (size_t i = 0; i < l->build_count; i++) {
        const struct build_result *b = &l->builds[i];
        if (b->built) {
            continue;
        }
        tapw_comment(w, arena_text(r->arena, arena_printf(r->arena, "%s: %s does not compile:",
                                                          l->lab->id, b->program)));
        struct bytes rest = bytes_of(b->diagnostics);
        struct bytes line;
        while (bytes_cut(&rest, '\n', &line)) {
            tapw_comment(w, arena_text(r->arena, line));
        }
    }
}

/* One failure in the place of those that could not be found out. */
static void put_message(struct tapw *w, const struct result *r)
{
    tapw_point(w, false, 1, "the submission can be graded");
    tapw_text(w, "severity", bytes_of("error"));
    tapw_text(w, "message", bytes_of(r->message));
    tapw_end(w);
}

enum weir_status report_tap(const struct result *r, int fd, struct weir_error *err)
{
    struct tapw w;
    size_t number = r->message ? 1 : 0;
    size_t count = number;
    for (size_t i = 0; i < r->lab_count; i++) {
        count += r->labs[i].lab->check_count;
    }
    tapw_init(&w, fd);
    tapw_version_and_plan(&w, count);
    tapw_comment(&w, arena_text(r->arena, arena_printf(r->arena, "submission: %s", r->submission)));
    tapw_comment(&w, arena_text(r->arena, arena_printf(r->arena, "isolation level %d of 4: %s",
                                                       r->level, r->isolation)));
    tapw_comment(&w, arena_text(r->arena, arena_printf(r->arena, "seed: %" PRIu64, r->seed)));
    for (size_t i = 0; i < r->warning_count; i++) {
        tapw_comment(&w, arena_text(r->arena, arena_printf(r->arena, "note: %s", r->warnings[i])));
    }
    if (r->message) {
        put_message(&w, r);
    }
    for (size_t i = 0; i < r->lab_count; i++) {
        const struct lab_result *l = &r->labs[i];
        if (l->message) {
            tapw_comment(
                &w, arena_text(r->arena, arena_printf(r->arena, "%s: %s: %s", l->lab->id,
                                                      lab_status_name(l->status), l->message)));
        }
        put_builds(&w, r, l);
        for (size_t k = 0; k < l->lab->check_count; k++) {
            put_check(&w, r, l, k, ++number);
        }
        tapw_comment(
            &w, arena_text(r->arena, arena_printf(r->arena, "%s: %" PRId64 " of %" PRId64 " points",
                                                  l->lab->id, lab_points(l), l->lab->points)));
    }
    bool failed = w.failed;
    tapw_finish(&w);
    return failed ? weir_fail(err, WEIR_EIO, "cannot write the TAP report: its reader is gone")
                  : WEIR_OK;
}
