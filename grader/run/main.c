/*
 * weir-grade: grades a submission. See options.c for what it can be told.
 *
 * The order matters: what needs the network (cloning) comes first, then the sandbox, which may leave this machine's
 * network for good, then the labs one after the other. Everything made on the way lies in one temporary folder, and
 * every exit goes past its removal.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "intake/intake.h"
#include "intake/misnamed.h"
#include "report/report.h"
#include "run/kit.h"
#include "run/options.h"
#include "run/run.h"
#include "tap/text.h"

enum { EXIT_NOT_GRADABLE = 2, EXIT_OUR_FAULT = 3, EXIT_USAGE = 4, WARNINGS_MAX = RUN_LABS_MAX * 2 };

/* The whole program's state. */
struct grade {
    struct run run;
    struct options options;
    struct manifest labs[RUN_LABS_MAX];
    size_t lab_count;
    const char *warnings[WARNINGS_MAX];
    const char *code_dirs[RUN_LABS_MAX]; /* of run.result.labs */
    int exit_code; /* what went wrong beside the labs' own results; 0: nothing */
};

void run_progress(const struct run *run, const char *format, ...)
{
    char line[512];
    va_list args;
    if (!run->progress) {
        return;
    }
    va_start(args, format);
    (void)vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    (void)fprintf(stderr, "weir-grade: %s\n", line);
}

void run_save(struct run *run)
{
    struct weir_error err;
    if (run->out_fd >= 0 && report_json(&run->result, run->out_fd, &err) < 0) {
        (void)fprintf(stderr, "weir-grade: %s\n", err.message);
        close(run->out_fd);
        run->out_fd = -1;
    }
}

/* One line on standard error, and the exit code if it is worse than what there was. */
static void complain(struct grade *g, int exit_code, const char *message)
{
    (void)fprintf(stderr, "weir-grade: %s\n", message);
    g->exit_code = exit_code > g->exit_code ? exit_code : g->exit_code;
}

/* Reports go to students: a URL in one loses the name and the password, or token, that it was given with. */
static const char *for_report(struct grade *g, const char *text)
{
    struct arena *a = &g->run.arena;
    struct bytes shown = bytes_of(text);
    const char *scheme = strstr(text, "http");
    const char *end = scheme ? strstr(scheme, "://") : NULL;
    const char *host = end ? memrchr(end, '@', strcspn(end + 3, "/?# ") + 3) : NULL;
    if (host) {
        shown = arena_printf(a, "%.*s://***%s", (int)(end - text), text, host);
    }
    return (const char *)text_printable_in(a, shown).data;
}

/* complain(), when nothing of the submission can be graded: the reports say why. */
static void give_up(struct grade *g, int exit_code, const char *message)
{
    g->run.result.message = for_report(g, message);
    complain(g, exit_code, g->run.result.message);
}

static void warn(struct grade *g, const char *message)
{
    struct result *r = &g->run.result;
    if (r->warning_count < WARNINGS_MAX) {
        g->warnings[r->warning_count++] =
            (const char *)text_printable_in(&g->run.arena, bytes_of(message)).data;
    }
}

/* --- which labs there are --- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* --lab names the folder or its number, with or without the leading zero. */
static bool is_asked_for(const struct options *o, const char *folder)
{
    if (!o->lab || strcmp(o->lab, folder) == 0) {
        return true;
    }
    int64_t number = 0;
    int64_t asked = 0;
    return strlen(o->lab) <= 2 && bytes_parse_i64(bytes_of(o->lab), &asked) &&
           bytes_parse_i64((struct bytes){ (const uint8_t *)folder, 2 }, &number) &&
           asked == number;
}

/* The names of the labs' folders, sorted. */
static size_t list_labs(struct run *run, const char *names[RUN_LABS_MAX])
{
    size_t count = 0;
    DIR *d = opendir(run->places.labs);
    for (struct dirent *e = d ? readdir(d) : NULL; e && count < RUN_LABS_MAX; e = readdir(d)) {
        const char *n = e->d_name;
        if (n[0] >= '0' && n[0] <= '9' && n[1] >= '0' && n[1] <= '9' && n[2] == '-') {
            names[count++] = arena_text(&run->arena, bytes_of(n));
        }
    }
    if (d) {
        closedir(d);
    }
    qsort(names, count, sizeof(names[0]), by_name);
    return count;
}

/* Reads the manifests of the labs that are asked for. A bad one costs only its own lab. */
static bool load_labs(struct grade *g)
{
    const char *names[RUN_LABS_MAX];
    struct weir_error err;
    struct buffer known;
    size_t count = list_labs(&g->run, names);
    bool asked = false;
    buffer_init(&known, 300);
    for (size_t i = 0; i < count; i++) {
        buffer_printf(&known, "%s%s", known.len ? ", " : "", names[i]);
        if (!is_asked_for(&g->options, names[i])) {
            continue;
        }
        asked = true;
        if (manifest_load(g->run.places.labs, names[i], &g->run.arena, &g->labs[g->lab_count],
                          &err) < 0) {
            complain(g, EXIT_OUR_FAULT, err.message);
            warn(g, err.message);
            continue;
        }
        g->lab_count++;
    }
    if (!asked) {
        (void)weir_fail(&err, WEIR_EINVAL, "there is no lab %.60s; the labs are: %.*s",
                        g->options.lab ? g->options.lab : "", BYTES_ARG(buffer_bytes(&known)));
        complain(g, EXIT_USAGE, err.message);
    }
    buffer_finish(&known);
    return g->lab_count > 0;
}

static bool check_exists(struct grade *g)
{
    const char *id = g->options.check;
    struct weir_error err;
    for (size_t i = 0; id && i < g->labs[0].check_count; i++) {
        if (strcmp(g->labs[0].checks[i].id, id) == 0) {
            g->run.only_check = id;
        }
    }
    if (id && !g->run.only_check) {
        struct buffer known;
        buffer_init(&known, 400);
        for (size_t i = 0; i < g->labs[0].check_count; i++) {
            buffer_printf(&known, "%s%s", i > 0 ? ", " : "", g->labs[0].checks[i].id);
        }
        (void)weir_fail(&err, WEIR_EINVAL, "lab %s has no check %.60s; it has: %.*s", g->labs[0].id,
                        id, BYTES_ARG(buffer_bytes(&known)));
        buffer_finish(&known);
        complain(g, EXIT_USAGE, err.message);
    }
    return !id || g->run.only_check;
}

/* --- folders --- */

static bool make_run_dir(struct grade *g)
{
    char path[PATH_MAX];
    char line[PATH_MAX + 200];
    const char *tmp = getenv("TMPDIR");
    (void)snprintf(path, sizeof(path), "%s/weir-grade-XXXXXX", tmp && tmp[0] ? tmp : "/tmp");
    if (!mkdtemp(path) ||
        chmod(path, 0711) < 0) { /* programs with their own uid pass through, and cannot look */
        (void)snprintf(
            line, sizeof(line),
            "cannot make a temporary folder in %s: %s; set TMPDIR to a folder that can be written",
            tmp && tmp[0] ? tmp : "/tmp", strerrordesc_np(errno));
        give_up(g, EXIT_OUR_FAULT, line);
        return false;
    }
    g->run.dir = arena_text(&g->run.arena, bytes_of(path));
    return true;
}

/* result.json's folder. One that was asked for must be writable; the default one is a convenience. What an earlier run
 * left there is taken away at once, so that it cannot be taken for the result of this one. */
static bool open_out_dir(struct grade *g)
{
    struct weir_error err;
    const char *dir = g->options.out_dir ? g->options.out_dir : "weir-results";
    enum weir_status rc = file_make_dirs(dir, &err);
    if (rc == WEIR_OK) {
        g->run.out_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        rc = g->run.out_fd < 0 || faccessat(g->run.out_fd, ".", W_OK, AT_EACCESS) < 0
                 ? weir_fail_errno(&err, "cannot write in the folder %s", dir)
                 : WEIR_OK;
    }
    if (rc == WEIR_OK) {
        rc = unlinkat(g->run.out_fd, "result.json", 0) < 0 && errno != ENOENT
                 ? weir_fail_errno(&err, "cannot take away the old %s/result.json", dir)
                 : WEIR_OK;
    }
    if (rc == WEIR_OK) {
        return true;
    }
    if (g->run.out_fd >= 0) {
        close(g->run.out_fd);
        g->run.out_fd = -1;
    }
    if (!g->options.out_dir) {
        warn(
            g,
            "result.json was not written: the working directory cannot be written; --out DIR names another");
        return true;
    }
    char line[WEIR_ERROR_MESSAGE_MAX + 80];
    (void)snprintf(line, sizeof(line), "%s; --out needs a folder that can be written", err.message);
    complain(g, EXIT_USAGE, line);
    return false;
}

/* --- the submission --- */

static int exit_code_of(enum weir_status rc)
{
    return rc == WEIR_EINVAL                           ? EXIT_USAGE
           : rc == WEIR_ENOTFOUND || rc == WEIR_EPROTO ? EXIT_NOT_GRADABLE
                                                       : EXIT_OUR_FAULT;
}

static void prepare_lab(struct lab_result *l, const struct manifest *lab, struct arena *arena)
{
    *l = (struct lab_result){ .lab = lab, .status = LAB_PENDING, .found_in = "" };
    l->checks = ARENA_NEW(arena, struct check_result, lab->check_count);
    for (size_t i = 0; i < lab->check_count; i++) {
        l->checks[i].check = &lab->checks[i];
    }
}

/* Copies one lab's files in; the lab is then part of the result, gradable or not. */
static void take_lab(struct grade *g, const struct intake *in, const struct manifest *lab)
{
    struct weir_error err;
    struct result *r = &g->run.result;
    struct lab_result *l = &r->labs[r->lab_count];
    struct arena *a = &g->run.arena;
    const char *to = arena_text(a, arena_printf(a, "%s/code-%s", g->run.dir, lab->id));
    const char *found = "";
    enum weir_status rc = intake_take(in, lab, g->options.lab != NULL, to, &found, &err);
    if (rc == WEIR_ENOTFOUND && !g->options.lab) {
        return; /* not handed in */
    }
    prepare_lab(l, lab, a);
    l->found_in = found;
    if (rc < 0) {
        l->status = rc == WEIR_EIO ? LAB_ERROR : LAB_NOT_GRADABLE;
        l->message = arena_text(a, bytes_of(err.message));
    }
    g->code_dirs[r->lab_count++] = to;
}

/* What was meant for a lab and is not named like it: said, never guessed. Text for a message; empty when there is none. */
static const char *name_misnamed(struct grade *g, const struct intake *in)
{
    struct misnamed found[MISNAMED_MAX];
    struct buffer names;
    struct arena *a = &g->run.arena;
    size_t count = intake_misnamed(in, g->options.lab != NULL, found);
    buffer_init(&names, 4096);
    for (size_t i = 0; i < count; i++) {
        const char *said = arena_text(
            a, arena_printf(
                   a, "the folder `%s` was passed over: a folder for this lab must be named %s",
                   found[i].folder, found[i].lab));
        if (g->run.result.lab_count > 0) {
            (void)fprintf(stderr, "weir-grade: note: %s\n", said);
            warn(g, said);
        }
        buffer_printf(&names, "%s`%s` must be named %s", i > 0 ? ", " : "", found[i].folder,
                      found[i].lab);
    }
    const char *text = arena_text(a, buffer_bytes(&names));
    buffer_finish(&names);
    return text;
}

static const char *why_no_lab(struct grade *g, const struct intake *in, const char *misnamed)
{
    struct arena *a = &g->run.arena;
    const char *submission = g->options.submission;
    const struct manifest *bare = intake_bare_lab(in);
    if (misnamed[0]) {
        return arena_text(a,
                          arena_printf(a, "%s holds no lab: its folder %s", submission, misnamed));
    }
    if (bare) {
        return arena_text(
            a, arena_printf(a,
                            "%s holds no folder %s, but files of that lab: put them into one, or "
                            "grade them as they lie with --lab %.2s",
                            submission, bare->id, bare->id));
    }
    return arena_text(
        a, arena_printf(a,
                        "%s holds no lab: it needs folders such as %s, at its top or under labs/ "
                        "(with --lab, it may be the folder of that lab)",
                        submission, g->labs[0].id));
}

static bool take_submission(struct grade *g)
{
    struct weir_error err;
    struct arena *a = &g->run.arena;
    struct intake in = {
        .arena = a, .labs = g->labs, .lab_count = g->lab_count, .loop = &g->run.loop
    };
    const char *scratch = arena_text(a, arena_printf(a, "%s/intake", g->run.dir));
    run_progress(&g->run, "reading %s", g->options.submission);
    enum weir_status rc = intake_open(&in, g->options.submission, g->options.ref, scratch, &err);
    if (rc < 0) {
        give_up(g, exit_code_of(rc), err.message);
        return false;
    }
    g->run.result.revision = in.revision;
    g->run.result.labs = ARENA_NEW(a, struct lab_result, g->lab_count);
    for (size_t i = 0; i < g->lab_count; i++) {
        take_lab(g, &in, &g->labs[i]);
    }
    const char *misnamed = name_misnamed(g, &in);
    if (g->run.result.lab_count == 0) {
        give_up(g, EXIT_NOT_GRADABLE, why_no_lab(g, &in, misnamed));
        return false;
    }
    return true;
}

/* --- grading --- */

static bool any_gradable(const struct result *r)
{
    for (size_t i = 0; i < r->lab_count; i++) {
        if (r->labs[i].status == LAB_PENDING) {
            return true;
        }
    }
    return false;
}

static void grade_labs(struct grade *g, bool colour, bool as_text)
{
    struct result *r = &g->run.result;
    for (size_t i = 0; i < r->lab_count && g->run.loop.stop_signal == 0; i++) {
        if (r->labs[i].status == LAB_PENDING) {
            lab_grade(&g->run, &r->labs[i], g->code_dirs[i]);
        }
        if (as_text && g->run.loop.stop_signal == 0) {
            report_terminal_lab(r, &r->labs[i], stdout, colour);
            (void)fflush(stdout);
        }
    }
}

static bool open_sandbox(struct grade *g)
{
    struct weir_error err;
    struct run *run = &g->run;
    if (!any_gradable(&run->result)) {
        return true;
    }
    if (kit_make(run, &err) < 0 || sandbox_open(&run->sandbox, &run->loop, run->dir, run->kit,
                                                g->options.isolation_max, &err) < 0) {
        if (run->loop.stop_signal == 0) {
            give_up(g, EXIT_OUR_FAULT, err.message);
        }
        return false;
    }
    run->result.level = run->sandbox.level;
    run->result.isolation = sandbox_describe(&run->sandbox);
    return true;
}

/* The last result.json and the report of the whole run. Nothing for a command line that makes no sense. */
static void report(struct grade *g, bool colour, bool as_text)
{
    struct weir_error err;
    struct result *r = &g->run.result;
    r->interrupted = g->run.loop.stop_signal != 0;
    if (g->exit_code == EXIT_USAGE) {
        return;
    }
    run_save(&g->run);
    if (r->interrupted) {
        return;
    }
    if (!as_text && report_tap(r, STDOUT_FILENO, &err) < 0) {
        complain(g, EXIT_OUR_FAULT, err.message);
    }
    if (as_text && !r->message) {
        report_terminal_summary(r, stdout, colour);
    }
    if (as_text && (fflush(stdout) != 0 || ferror(stdout))) {
        complain(g, EXIT_OUR_FAULT, "cannot write the report");
    }
}

static void grade(struct grade *g)
{
    struct result *r = &g->run.result;
    int64_t start_ms = clock_monotonic_ms();
    bool tty = isatty(STDOUT_FILENO) == 1;
    bool as_text = g->options.text || (tty && !g->options.tap);
    const char *no_colour = getenv("NO_COLOR");
    bool colour = as_text && tty && !(no_colour && no_colour[0]);
    r->started_ms = clock_realtime_ms();
    if (!load_labs(g) || !check_exists(g) || !open_out_dir(g)) {
        return;
    }
    bool ready = make_run_dir(g) && take_submission(g) && open_sandbox(g);
    r->exit_code_least = g->exit_code;
    if (ready) {
        run_save(&g->run);
        grade_labs(g, colour, as_text);
    }
    r->duration_ms = clock_monotonic_ms() - start_ms + 1;
    report(g, colour, as_text);
    if (!ready || r->interrupted) {
        return;
    }
    int code = result_exit_code(r);
    g->exit_code = code > g->exit_code ? code : g->exit_code;
}

static void start(struct grade *g)
{
    struct run *run = &g->run;
    run->out_fd = -1;
    run->progress = isatty(STDERR_FILENO) == 1;
    run->result.arena = &run->arena;
    run->result.submission = for_report(g, g->options.submission);
    run->result.grader = "./weir grade";
    run->result.isolation = "no student code was run";
    run->result.warnings = g->warnings;
    uint32_t random = 0;
    if (getrandom(&random, sizeof(random), 0) < 0) {
        random = (uint32_t)clock_monotonic_us();
    }
    run->result.seed = g->options.has_seed ? g->options.seed : random;
}

static void finish(struct grade *g)
{
    struct weir_error err;
    if (g->run.dir && file_remove_tree(AT_FDCWD, g->run.dir, &err) < 0) {
        complain(g, EXIT_OUR_FAULT, err.message);
    }
    if (g->run.out_fd >= 0) {
        close(g->run.out_fd);
    }
}

int main(int argc, char **argv)
{
    struct weir_error err;
    struct grade *g = calloc(1, sizeof(*g));
    if (!g) {
        return EXIT_OUR_FAULT;
    }
    (void)umask(022);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0,
                0); /* nobody of our own uid reads our memory or descriptors */
    arena_init(&g->run.arena, 0);
    if (options_parse(argc, argv, &g->options, &err) < 0) {
        complain(g, EXIT_USAGE, err.message);
    } else if (g->options.help) {
        (void)fputs(options_help, stdout);
    } else if (loop_init(&g->run.loop, &err) < 0 ||
               places_find(&g->run.places, &g->run.arena, &err) < 0) {
        complain(g, EXIT_OUR_FAULT, err.message);
    } else {
        start(g);
        grade(g);
        finish(g);
    }
    int code = g->exit_code;
    int stopped_by = g->run.loop.stop_signal;
    loop_finish(&g->run.loop);
    arena_finish(&g->run.arena);
    free(g);
    (void)prctl(PR_SET_DUMPABLE, 1, 0, 0,
                0);   /* nothing is left to hide; a leak checker may look now */
    if (stopped_by) { /* end as the signal would have ended us, now that all is cleaned up */
        (void)fprintf(stderr, "weir-grade: interrupted; everything is cleaned up\n");
        loop_child();
        (void)raise(stopped_by);
    }
    return code;
}
