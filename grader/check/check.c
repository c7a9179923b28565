/*
 * Checks: what they are told, what they say, and the loop that runs them.
 */
#include "check/check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "base/clock.h"
#include "check/case.h"
#include "tap/text.h"

enum { SESSION_CASES_MAX = 128, EXIT_OUR_FAULT = 3, EXIT_USAGE = 4 };

/* --- talking to weir-grade --- */

void check_request(struct check *c, const char *what)
{
    message_clear(&c->request);
    message_put_text(&c->request, "do", what);
}

const char *check_ask(struct check *c)
{
    struct weir_error err;
    struct bytes why;
    if (message_send(CHECK_CONTROL_FD, &c->request, &err) < 0 ||
        message_receive(CHECK_CONTROL_FD, &c->answer, &err) < 0) {
        exit(EXIT_OUR_FAULT); /* nobody is left to report to */
    }
    return message_get(&c->answer, "error", &why) ? arena_text(&c->arena, why) : NULL;
}

/* --- verdicts --- */

__attribute__((format(printf, 2, 0))) static const char *format_text(struct check *c,
                                                                     const char *format,
                                                                     va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = arena_alloc(&c->arena, (size_t)len + 1, 1);
    (void)vsnprintf(text, (size_t)len + 1, format, args);
    return text;
}

const char *check_text(struct check *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = format_text(c, format, args);
    va_end(args);
    return text;
}

void check_step(struct check *c, const char *format, ...)
{
    if (check_over(c)) {
        return;
    }
    if (c->step_count == CHECK_STEPS_MAX) {
        c->steps[CHECK_STEPS_MAX - 1] = bytes_of("... and more");
        return;
    }
    va_list args;
    va_start(args, format);
    c->steps[c->step_count++] = bytes_of(format_text(c, format, args));
    va_end(args);
}

void check_hint(struct check *c, const char *format, ...)
{
    if (check_over(c) && c->hint) {
        return;
    }
    va_list args;
    va_start(args, format);
    c->hint = format_text(c, format, args);
    va_end(args);
}

bool check_over(const struct check *c)
{
    return c->state != CHECK_OK;
}

/* The first failure counts. */
static bool settle(struct check *c, enum check_state state, const char *message)
{
    if (!check_over(c)) {
        c->state = state;
        c->message = message;
    }
    return false;
}

bool check_fail(struct check *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *message = format_text(c, format, args);
    va_end(args);
    return settle(c, CHECK_FAILED, message);
}

bool check_broken(struct check *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *message = format_text(c, format, args);
    va_end(args);
    if (c->state == CHECK_FAILED) {
        return false;
    }
    return settle(c, CHECK_BROKEN, message);
}

bool check_that(struct check *c, bool condition, const char *format, ...)
{
    if (condition) {
        return true;
    }
    va_list args;
    va_start(args, format);
    const char *message = format_text(c, format, args);
    va_end(args);
    return settle(c, CHECK_FAILED, message);
}

static bool settle_differ(struct check *c,
                          struct bytes expected,
                          struct bytes actual,
                          const char *message)
{
    if (!check_over(c)) {
        c->expected = arena_copy(&c->arena, expected);
        c->actual = arena_copy(&c->arena, actual);
    }
    return settle(c, CHECK_FAILED, message);
}

bool check_differ(
    struct check *c, const char *expected, const char *actual, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *message = format_text(c, format, args);
    va_end(args);
    return settle_differ(c, bytes_of(expected), bytes_of(actual), message);
}

bool check_equal_i64(struct check *c, const char *what, int64_t expected, int64_t actual)
{
    if (expected == actual) {
        return true;
    }
    return check_differ(c, check_text(c, "%" PRId64, expected), check_text(c, "%" PRId64, actual),
                        "%s: expected %" PRId64 ", but there are %" PRId64, what, expected, actual);
}

/* The line of `text` at 1-based `line`, without its end. */
static struct bytes line_of(struct bytes text, size_t line)
{
    struct bytes head = { 0 };
    struct bytes rest = text;
    for (size_t i = 0; i < line; i++) {
        if (!bytes_cut(&rest, '\n', &head)) {
            return (struct bytes){ 0 };
        }
    }
    return head;
}

/* A line of `whole` as the difference shows it. */
static const char *shown_line(struct check *c, struct bytes whole, struct bytes line)
{
    enum { SHOWN_MAX = 160 };
    if (bytes_is_null(line) || line.data == whole.data + whole.len) {
        return "the end";
    }
    struct bytes text = text_printable_in(&c->arena, line);
    return check_text(c, "`%.*s`", text.len > SHOWN_MAX ? SHOWN_MAX : (int)text.len,
                      (const char *)text.data);
}

bool check_equal_bytes(struct check *c,
                       const char *what,
                       struct bytes expected,
                       struct bytes actual)
{
    size_t line = 0;
    size_t column = 0;
    if (!text_first_difference(expected, actual, &line, &column)) {
        return true;
    }
    if (!check_over(c)) {
        struct bytes want = line_of(expected, line);
        struct bytes got = line_of(actual, line);
        const char *line_end = "";
        if (got.len > 0 && bytes_equal(want, got)) { /* one text ends in this line */
            line_end = actual.len < expected.len ? " without a line end" : " with a line end";
        }
        c->difference =
            check_text(c, "line %zu, column %zu: expected %s, found %s%s", line, column,
                       shown_line(c, expected, want), shown_line(c, actual, got), line_end);
    }
    return settle_differ(c, expected, actual, check_text(c, "%s: not what was expected", what));
}

bool check_equal_text(struct check *c, const char *what, const char *expected, const char *actual)
{
    return check_equal_bytes(c, what, bytes_of(expected), bytes_of(actual));
}

/* --- the loop --- */

struct planned {
    const char *id;
    const char *skip;   /* "" or why weir-grade wants it skipped */
    struct bytes needs; /* ids, separated by blanks */
    bool passed;
};

struct session {
    struct check check;
    struct tapw tap;
    struct arena arena;
    struct planned planned[SESSION_CASES_MAX];
    size_t planned_count;
    bool broken;
};

static void write_run(struct tapw *w, const struct check_run *run)
{
    enum { SHOWN_MAX = 4096 };
    if (!run) {
        return;
    }
    tapw_text(w, "program", bytes_of(run->program));
    const struct bytes streams[2] = { run->out, run->err };
    static const char *const keys[2] = { "stdout", "stderr" };
    for (int i = 0; i < 2; i++) {
        struct bytes s = streams[i];
        if (s.len > SHOWN_MAX) { /* the end says more than the start */
            s = (struct bytes){ s.data + (s.len - SHOWN_MAX), SHOWN_MAX };
        }
        if (s.len > 0) {
            tapw_text(w, keys[i], s);
        }
    }
}

static void write_verdict(struct session *s, size_t number, int64_t duration_ms)
{
    struct check *c = &s->check;
    struct tapw *w = &s->tap;
    tapw_point(w, c->state == CHECK_OK, number, c->id);
    tapw_i64(w, "duration_ms", duration_ms);
    if (c->state != CHECK_OK) {
        tapw_text(w, "severity", bytes_of(c->state == CHECK_BROKEN ? "error" : "fail"));
        tapw_text(w, "message", bytes_of(c->message));
        if (!bytes_is_null(c->expected)) {
            tapw_text(w, "expected", c->expected);
            tapw_text(w, "actual", c->actual);
        }
        if (c->difference) {
            tapw_text(w, "difference", bytes_of(c->difference));
        }
        if (c->hint) {
            tapw_text(w, "hint", bytes_of(c->hint));
        }
        tapw_list(w, "steps", c->steps, c->step_count);
        write_run(w, c->last_run);
    }
    tapw_end(w);
}

/* Forgets the last check; keeps the session's buffers. */
static void reset_check(struct check *c, const char *id)
{
    arena_reset(&c->arena);
    struct check fresh = { .arena = c->arena,
                           .bootstrap = c->bootstrap,
                           .request = c->request,
                           .answer = c->answer,
                           .id = id };
    *c = fresh;
}

static void run_case(struct session *s, const struct check_case *one, size_t number)
{
    struct check *c = &s->check;
    struct bytes text;
    reset_check(c, one->id);
    int64_t start_ms = clock_monotonic_ms();
    check_request(c, "begin");
    message_put_text(&c->request, "check", one->id);
    const char *refused = check_ask(c);
    if (refused) {
        check_broken(c, "%s", refused);
    } else {
        c->dir = message_get(&c->answer, "dir", &text) ? arena_text(&c->arena, text) : "";
        c->bootstrap = message_get(&c->answer, "bootstrap", &text) ? arena_text(&c->arena, text)
                                                                   : c->bootstrap;
        c->seed = (uint64_t)message_get_i64(&c->answer, "seed", 0);
        c->random_state = c->seed;
        one->run(c);
    }
    write_verdict(s, number, clock_monotonic_ms() - start_ms);
    s->planned[number - 1].passed = c->state == CHECK_OK;
    s->broken |= c->state == CHECK_BROKEN;
}

/* The first of `p`'s needs that did not pass; NULL when all did. */
static const char *unmet_need(const struct session *s, const struct planned *p)
{
    struct bytes rest = p->needs;
    struct bytes need;
    while (bytes_cut(&rest, ' ', &need)) {
        for (size_t i = 0; i < s->planned_count; i++) {
            if (bytes_equal_text(need, s->planned[i].id) && !s->planned[i].passed) {
                return s->planned[i].id;
            }
        }
    }
    return NULL;
}

static bool read_plan(struct session *s)
{
    size_t position = 0;
    struct bytes one;
    struct bytes field;
    check_request(&s->check, "plan");
    if (check_ask(&s->check)) {
        return false;
    }
    while (message_next(&s->check.answer, "case", &position, &one) &&
           s->planned_count < SESSION_CASES_MAX) {
        struct planned *p = &s->planned[s->planned_count++];
        bytes_cut(&one, '\n', &field);
        p->id = arena_text(&s->arena, field);
        p->skip = bytes_cut(&one, '\n', &field) ? arena_text(&s->arena, field) : "";
        p->needs = bytes_cut(&one, '\n', &field) ? arena_copy(&s->arena, field) : bytes_of("");
    }
    return true;
}

static const struct check_case *find_case(const struct check_case *cases,
                                          size_t count,
                                          const char *id)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(cases[i].id, id) == 0) {
            return &cases[i];
        }
    }
    return NULL;
}

static void run_planned(struct session *s, const struct check_case *cases, size_t count)
{
    for (size_t i = 0; i < s->planned_count && !s->tap.failed; i++) {
        const struct planned *p = &s->planned[i];
        const struct check_case *one = find_case(cases, count, p->id);
        if (!one) {
            char text[256];
            (void)snprintf(text, sizeof(text), "the checks have no function for `%s` of lab.yaml",
                           p->id);
            tapw_bail_out(&s->tap, text);
            s->broken = true;
            return;
        }
        const char *unmet = unmet_need(s, p);
        if (p->skip[0] != '\0' || unmet) {
            char text[256];
            (void)snprintf(text, sizeof(text), "needs %s, which did not pass", unmet ? unmet : "");
            tapw_skipped(&s->tap, i + 1, p->id, p->skip[0] != '\0' ? p->skip : text);
            tapw_end(&s->tap);
            continue;
        }
        run_case(s, one, i + 1);
    }
}

int check_main(const struct check_case *cases, size_t count)
{
    const char *bootstrap = getenv("WEIR_CHECK_BOOTSTRAP");
    if (!bootstrap) {
        (void)fprintf(stderr,
                      "This program holds the checks of a lab and is started by weir-grade.\n"
                      "Grade a submission with: ./weir grade SUBMISSION [--lab NN]\n");
        return EXIT_USAGE;
    }
    struct session s = { 0 };
    /* At the lowest isolation levels student code has our uid: it gets neither our memory nor our descriptors. */
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    s.check.bootstrap = bootstrap;
    arena_init(&s.arena, 0);
    arena_init(&s.check.arena, 0);
    message_init(&s.check.request);
    message_init(&s.check.answer);
    tapw_init(&s.tap, CHECK_VERDICT_FD);
    if (read_plan(&s)) {
        tapw_version_and_plan(&s.tap, s.planned_count);
        run_planned(&s, cases, count);
    } else {
        s.broken = true;
    }
    bool failed = s.broken || s.tap.failed;
    tapw_finish(&s.tap);
    message_finish(&s.check.answer);
    message_finish(&s.check.request);
    arena_finish(&s.check.arena);
    arena_finish(&s.arena);
    (void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* for a leak checker: nothing is left to hide */
    return failed ? EXIT_OUR_FAULT : 0;
}

/* --- what the check is given --- */

const char *check_bootstrap(const struct check *c)
{
    return c->bootstrap;
}

uint64_t check_seed(const struct check *c)
{
    return c->seed;
}

struct arena *check_arena(struct check *c)
{
    return &c->arena;
}
