/*
 * What the checks ask of weir-grade, and the answers. See check/message.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "run/build.h"
#include "run/session.h"

enum { WORDS_MAX = 160 };

static const char *text(struct session *s, struct bytes b)
{
    return arena_text(&s->run->arena, b);
}

static void send_answer(struct session *s)
{
    struct weir_error err;
    if (message_send(s->control.fd, &s->answer, &err) < 0) {
        session_fail(s, err.message);
    }
}

static void refuse(struct session *s, const char *why)
{
    message_clear(&s->answer);
    message_put_text(&s->answer, "error", why);
    send_answer(s);
}

/* Is `index`, directly or through others, needed by the only check that was asked for? */
static bool is_wanted(const struct manifest *lab, const char *only, size_t index)
{
    bool wanted[128] = { false };
    for (size_t i = lab->check_count; i-- > 0;) {
        const struct lab_check *c = &lab->checks[i];
        wanted[i] |= strcmp(c->id, only) == 0;
        for (size_t k = 0; wanted[i] && k < c->needs.count; k++) {
            for (size_t j = 0; j < i; j++) {
                wanted[j] |= strcmp(lab->checks[j].id, c->needs.items[k]) == 0;
            }
        }
    }
    return wanted[index];
}

const char *session_skip_reason(const struct session *s, size_t index)
{
    const struct manifest *lab = s->lab->lab;
    const struct lab_check *check = &lab->checks[index];
    if (s->run->only_check && !is_wanted(lab, s->run->only_check, index)) {
        return "not asked for";
    }
    for (size_t i = 0; i < check->uses.count; i++) {
        const struct build_result *b = build_of(s->lab, check->uses.items[i]);
        if (b && !b->built) {
            struct bytes why = arena_printf(&s->run->arena, "%s does not compile", b->program);
            return arena_text(&s->run->arena, why);
        }
    }
    return "";
}

static void serve_plan(struct session *s)
{
    struct buffer one;
    buffer_init(&one, 1 << 16);
    for (size_t i = 0; i < s->lab->lab->check_count; i++) {
        const struct lab_check *c = &s->lab->lab->checks[i];
        buffer_clear(&one);
        buffer_printf(&one, "%s\n%s\n", c->id, session_skip_reason(s, i));
        for (size_t k = 0; k < c->needs.count; k++) {
            buffer_printf(&one, "%s%s", k > 0 ? " " : "", c->needs.items[k]);
        }
        message_put(&s->answer, "case", buffer_bytes(&one));
    }
    buffer_finish(&one);
    send_answer(s);
}

static uint64_t check_seed(const struct session *s, const char *check)
{
    struct bytes all = arena_printf(&s->run->arena, "%" PRIu64 "/%s/%s", s->run->result.seed,
                                    s->lab->lab->id, check);
    return bytes_hash(all) >> 1; /* so that it fits a signed number */
}

/* A new cluster in the place of the last check's: what that check's programs have done to it, also what the broker has
 * not yet finished, is no matter of the next one. The checks wait for our answer meanwhile. */
static enum weir_status renew_cluster(struct session *s, struct weir_error *err)
{
    struct weir_error ignored;
    s->check_timer.deadline_ms = 0;
    embedded_stop(s->cluster);
    if (file_remove_tree(AT_FDCWD, s->cluster_dir, &ignored) < 0) {
        run_progress(s->run, "%s", ignored.message);
    }
    s->cluster_dir = text(s, arena_printf(&s->run->arena, "%s+", s->cluster_dir));
    return embedded_start(s->cluster, &s->run->loop, s->weir, s->cluster_dir, err);
}

static void serve_begin(struct session *s)
{
    struct weir_error err;
    struct bytes id = { 0 };
    const struct manifest *lab = s->lab->lab;
    size_t i = 0;
    session_end_jobs(s); /* what the check before has left running */
    (void)message_get(&s->request, "check", &id);
    while (i < lab->check_count && !bytes_equal_text(id, lab->checks[i].id)) {
        i++;
    }
    if (i == lab->check_count) {
        refuse(s, "no such check in lab.yaml");
        return;
    }
    if (s->begun && renew_cluster(s, &err) < 0) {
        refuse(s, err.message);
        return;
    }
    s->check = i;
    s->begun = true;
    s->out_of_time = false;
    s->check_timer.deadline_ms = clock_monotonic_ms() + lab->checks[i].timeout_ms;
    session_quota_begin(s);
    /* The disk space of the check before is free again; what cannot be removed now goes with the whole run. */
    if (s->home && file_remove_tree(AT_FDCWD, s->home, &err) < 0) {
        run_progress(s->run, "%s", err.message);
    }
    s->home = text(s, arena_printf(&s->run->arena, "%s/home-%s", s->dir, lab->checks[i].id));
    if (sandbox_make_home(&s->run->sandbox, s->home, &err) < 0) {
        refuse(s, err.message);
        return;
    }
    message_put_text(&s->answer, "dir", s->home);
    message_put_text(&s->answer, "bootstrap", s->cluster->address);
    message_put_i64(&s->answer, "seed", (int64_t)check_seed(s, lab->checks[i].id));
    send_answer(s);
}

/* --- starting a program --- */

/* The value that the check gave for a variable; BOOTSTRAP is ours. NULL when there is none. */
static const char *variable(struct session *s, const char *name, size_t len)
{
    size_t position = 0;
    struct bytes one;
    while (message_next(&s->request, "var", &position, &one)) {
        if (one.len > len && one.data[len] == '=' && memcmp(one.data, name, len) == 0) {
            return text(s, (struct bytes){ one.data + len + 1, one.len - len - 1 });
        }
    }
    return len == 9 && memcmp(name, "BOOTSTRAP", 9) == 0 ? s->cluster->address : NULL;
}

/* Replaces every ${NAME}. NULL and *out_missing when a variable has no value. */
static const char *expand(struct session *s, const char *template, const char **out_missing)
{
    struct buffer out;
    buffer_init(&out, 1 << 16);
    const char *result = NULL;
    const char *p = template;
    while (*p) {
        const char *end = p[0] == '$' && p[1] == '{' ? strchr(p, '}') : NULL;
        if (!end) {
            buffer_append(&out, p++, 1);
            continue;
        }
        const char *value = variable(s, p + 2, (size_t)(end - p - 2));
        if (!value) {
            *out_missing = text(s, (struct bytes){ (const uint8_t *)p + 2, (size_t)(end - p - 2) });
            goto out;
        }
        buffer_append_text(&out, value);
        p = end + 1;
    }
    result = text(s, buffer_bytes(&out));
out:
    buffer_finish(&out);
    return result;
}

static const char *prepare_argv(struct session *s,
                                const struct lab_program *p,
                                struct job_spec *spec,
                                const char **out_missing)
{
    const char **argv = ARENA_NEW(&s->run->arena, const char *, WORDS_MAX);
    const char *code = job_code_dir(&s->run->sandbox, spec);
    size_t n = 0;
    if (p->script) {
        argv[n++] = "/bin/bash";
        argv[n++] = text(s, arena_printf(&s->run->arena, "%s/%s", code, p->script));
    } else {
        argv[n++] = text(s, arena_printf(&s->run->arena, "%s/%s", code, p->name));
    }
    for (size_t i = 0; i < p->args.count && i < WORDS_MAX - 4; i++) {
        argv[n] = expand(s, p->args.items[i], out_missing);
        if (!argv[n]) {
            return *out_missing;
        }
        n++;
    }
    spec->argv = argv;
    return NULL;
}

/* The whole environment: a few fixed variables and those that lab.yaml names. The same everywhere. */
static const char *prepare_env(struct session *s,
                               const struct lab_program *p,
                               struct job_spec *spec)
{
    struct arena *a = &s->run->arena;
    const char **env = ARENA_NEW(a, const char *, WORDS_MAX);
    const char *home = job_home_dir(&s->run->sandbox, spec);
    size_t n = 0;
    env[n++] = text(s, arena_printf(a, "PATH=%s/bin:/usr/local/bin:/usr/bin:/bin",
                                    job_kit_dir(&s->run->sandbox)));
    env[n++] = text(s, arena_printf(a, "HOME=%s", home));
    env[n++] =
        text(s, arena_printf(a, "TMPDIR=%s", sandbox_has_mounts(&s->run->sandbox) ? "/tmp" : home));
    env[n++] = "LANG=C.UTF-8";
    env[n++] = "LC_ALL=C.UTF-8";
    env[n++] = "TZ=UTC";
#ifdef WEIR_SANITIZED /* our tools would look for leaks, which needs to trace, which the sandbox forbids */
    env[n++] = "ASAN_OPTIONS=detect_leaks=0";
#endif
    for (size_t i = 0; i < p->env.count; i++) {
        const char *name = p->env.items[i];
        const char *value = variable(s, name, strlen(name));
        if (!value) {
            return name;
        }
        env[n++] = text(s, arena_printf(a, "%s=%s", name, value));
    }
    spec->env = env;
    return NULL;
}

static void job_ended(struct job *job)
{
    struct session *s = job->owner;
    for (int i = 0; i < SESSION_JOBS_MAX; i++) {
        if (s->jobs[i].job == job && s->jobs[i].id == s->waiting_for) {
            session_answer_wait(s);
            return;
        }
    }
}

static struct job_limits limits_for(struct session *s, const struct lab_program *p)
{
    const struct lab_limits *l = &s->lab->lab->limits;
    int64_t asked = message_get_i64(&s->request, "timeout_ms", 0);
    int64_t most = p->timeout_ms;
    return (struct job_limits){ .timeout_ms = asked > 0 && asked < most ? asked : most,
                                .cpu_s = l->cpu_s,
                                .memory_mb = l->memory_mb,
                                .processes = l->processes,
                                .file_mb = l->file_mb,
                                .output_kb = l->output_kb,
                                .broker_mb = l->broker_mb };
}

static struct session_job *free_job(struct session *s)
{
    for (int i = 0; i < SESSION_JOBS_MAX; i++) {
        if (!s->jobs[i].job) {
            return &s->jobs[i];
        }
    }
    return NULL;
}

static void serve_start(struct session *s)
{
    char why[256];
    struct weir_error err;
    struct bytes name = { 0 };
    (void)message_get(&s->request, "program", &name);
    const struct lab_program *p = manifest_program(s->lab->lab, text(s, name));
    const struct build_result *b = p ? build_of(s->lab, p->name) : NULL;
    struct session_job *slot = free_job(s);
    if (!p || !s->begun || !slot || (b && !b->built)) {
        refuse(s, !p      ? "no such program in lab.yaml"
                  : !slot ? "too many programs in one check"
                  : b     ? "it does not compile; the check should name it in `uses`"
                          : "no check has begun");
        return;
    }
    struct job_spec spec = { .code_dir = p->script ? s->code_dir : s->bin_dir,
                             .home_dir = s->home,
                             .limits = limits_for(s, p) };
    (void)message_get(&s->request, "input", &spec.input);
    const char *missing = NULL;
    if (!prepare_argv(s, p, &spec, &missing)) {
        missing = prepare_env(s, p, &spec);
    }
    if (missing) {
        (void)snprintf(why, sizeof(why), "the check gave no value for %s", missing);
        refuse(s, why);
        return;
    }
    if (job_start(&s->run->sandbox, &spec, job_ended, s, &slot->job, &err) < 0) {
        slot->job = NULL;
        refuse(s, err.message);
        return;
    }
    slot->id = s->next_job++;
    session_quota_watch(s);
    message_put_i64(&s->answer, "job", slot->id);
    send_answer(s);
}

/* --- waiting and signalling --- */

static struct session_job *find_job(struct session *s, int64_t id)
{
    for (int i = 0; i < SESSION_JOBS_MAX; i++) {
        if (s->jobs[i].job && s->jobs[i].id == id) {
            return &s->jobs[i];
        }
    }
    return NULL;
}

static void put_output(struct session *s, const struct job *job)
{
    static const char *const keys[2][2] = { { "out", "out_dropped" }, { "err", "err_dropped" } };
    for (int i = 0; i < 2; i++) {
        struct buffer kept;
        buffer_init(&kept, 4 << 20);
        capture_text(&job->captured[i], &kept);
        message_put(&s->answer, keys[i][0], buffer_bytes(&kept));
        message_put_i64(&s->answer, keys[i][1], (int64_t)capture_dropped(&job->captured[i]));
        buffer_finish(&kept);
    }
}

void session_answer_wait(struct session *s)
{
    static const char *const words[] = {
        [JOB_RUNNING] = "running",
        [JOB_EXITED] = "exited",
        [JOB_SIGNALLED] = "signalled",
        [JOB_STOPPED] = "stopped",
        [JOB_TIMED_OUT] = "timed-out",
        [JOB_OUT_OF_CPU] = "out-of-cpu",
        [JOB_OUT_OF_MEMORY] = "out-of-memory",
        [JOB_OUT_OF_DISK] = "out-of-disk",
        [JOB_FLOODED] = "flooded",
        [JOB_FLOODED_BROKER] = "flooded-broker",
        [JOB_NOT_STARTED] = "not-started",
    };
    char explanation[256];
    struct session_job *j = find_job(s, s->waiting_for);
    s->waiting_for = 0;
    s->wait_timer.deadline_ms = 0;
    message_clear(&s->answer);
    if (!j) {
        refuse(s, "no such run");
        return;
    }
    message_put_text(&s->answer, "ending", words[j->job->ending]);
    if (j->job->ending == JOB_RUNNING) {
        send_answer(s);
        return;
    }
    job_explain(j->job, explanation, sizeof(explanation));
    /* The sandbox failed before the program's turn came: no fault of the student's, so no mark either. */
    if (j->job->ending == JOB_NOT_STARTED && j->job->never_its_turn) {
        char why[320];
        (void)snprintf(why, sizeof(why), "a program of the submission %s", explanation);
        session_fail(s, why);
        return;
    }
    message_put_text(&s->answer, "message", explanation);
    message_put_i64(&s->answer, "code", j->job->code);
    message_put_i64(&s->answer, "wall_ms", j->job->wall_ms);
    message_put_i64(&s->answer, "cpu_ms", j->job->cpu_ms);
    put_output(s, j->job);
    send_answer(s);
    job_destroy(j->job);
    *j = (struct session_job){ 0 };
}

static void serve_wait(struct session *s)
{
    int64_t timeout_ms = message_get_i64(&s->request, "timeout_ms", -1);
    struct session_job *j = find_job(s, message_get_i64(&s->request, "job", 0));
    if (!j) {
        refuse(s, "no such run");
        return;
    }
    s->waiting_for = j->id;
    if (j->job->ending != JOB_RUNNING || timeout_ms == 0) {
        session_answer_wait(s);
    } else if (timeout_ms > 0) {
        s->wait_timer.deadline_ms = clock_monotonic_ms() + timeout_ms;
    }
}

static void serve_signal(struct session *s)
{
    struct session_job *j = find_job(s, message_get_i64(&s->request, "job", 0));
    int64_t signo = message_get_i64(&s->request, "signo", 0);
    if (!j || signo <= 0 || signo > SIGRTMAX) {
        refuse(s, j ? "no such signal" : "no such run");
        return;
    }
    job_signal(j->job, (int)signo);
    send_answer(s);
}

void session_serve(struct session *s)
{
    static const struct {
        const char *what;
        void (*serve)(struct session *s);
    } table[] = { { "plan", serve_plan },
                  { "begin", serve_begin },
                  { "start", serve_start },
                  { "wait", serve_wait },
                  { "signal", serve_signal } };
    struct bytes what = { 0 };
    (void)message_get(&s->request, "do", &what);
    message_clear(&s->answer);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (bytes_equal_text(what, table[i].what)) {
            table[i].serve(s);
            return;
        }
    }
    refuse(s, "unknown request");
}
