/*
 * Building a lab's C programs.
 */
#include "run/build.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "sandbox/job.h"
#include "tap/text.h"

enum { BUILD_WORDS_MAX = 64, PROGRAM_SIZE_MAX = 64 << 20 };

/* Compilers take more than programs do. */
static const struct job_limits build_limits = { .timeout_ms = 60000,
                                                .cpu_s = 30,
                                                .memory_mb = 1024,
                                                .processes = 64,
                                                .file_mb = 64,
                                                .output_kb = 64 };

static const char *const flags[] = { "-std=c17",
                                     "-D_GNU_SOURCE",
                                     "-Wall",
                                     "-Wextra",
                                     "-O1",
                                     "-g",
                                     "-fdiagnostics-color=never",
                                     "-fmessage-length=0" };

struct build {
    struct build_result *result;
    struct job *job;
    const char *home; /* the compiler's folder, where the program appears */
    const char *output;
};

const struct build_result *build_of(const struct lab_result *l, const char *program)
{
    for (size_t i = 0; i < l->build_count; i++) {
        if (strcmp(l->builds[i].program, program) == 0) {
            return &l->builds[i];
        }
    }
    return NULL;
}

static const char *text(struct run *run, const char *a, const char *b, const char *c)
{
    return arena_text(&run->arena, arena_printf(&run->arena, "%s%s%s", a, b, c));
}

static enum weir_status build_start(struct run *run,
                                    const struct lab_program *p,
                                    const char *code_dir,
                                    struct build *b,
                                    struct weir_error *err)
{
    const char **argv = ARENA_NEW(&run->arena, const char *, BUILD_WORDS_MAX);
    struct job_spec spec = {
        .argv = argv, .code_dir = code_dir, .home_dir = b->home, .limits = build_limits
    };
    const char *kit = job_kit_dir(&run->sandbox);
    size_t n = 0;
    argv[n++] = "cc";
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        argv[n++] = flags[i];
    }
    argv[n++] = text(run, "-I", kit, "/include");
    for (size_t i = 0; i < p->build.count; i++) {
        struct stat st;
        if (stat(text(run, code_dir, "/", p->build.items[i]), &st) == 0) {
            argv[n++] = text(run, job_code_dir(&run->sandbox, &spec), "/", p->build.items[i]);
        }
    }
    argv[n++] = "-o";
    argv[n++] = p->name;
    argv[n++] = text(run, kit, "/lib/libweir.a", "");
    argv[n++] = text(run, "@", kit, "/lib/weir.libs");
    spec.env = (const char *const[]){ "PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "TMPDIR=.", NULL };
    enum weir_status rc = sandbox_make_home(&run->sandbox, b->home, err);
    return rc < 0 ? rc : job_start(&run->sandbox, &spec, NULL, NULL, &b->job, err);
}

/* Copies the program out of the compiler's folder, which student code may have touched: only a regular file, bounded. */
static enum weir_status take_program(const struct build *b,
                                     const char *bin_dir,
                                     struct weir_error *err)
{
    char from[4200];
    char to[4200];
    (void)snprintf(from, sizeof(from), "%s/%s", b->home, b->result->program);
    (void)snprintf(to, sizeof(to), "%s/%s", bin_dir, b->result->program);
    return file_copy_untrusted(
        &(struct file_copy){ AT_FDCWD, from, PROGRAM_SIZE_MAX, AT_FDCWD, to, 0755 }, err);
}

/* What the compiler printed, with our own paths taken away. */
static const char *diagnostics(struct run *run, const struct job *job, const char *code_dir)
{
    struct buffer raw;
    struct buffer clean;
    buffer_init(&raw, 4 << 20);
    buffer_init(&clean, 4 << 20);
    capture_text(&job->captured[1], &raw);
    const struct job_spec spec = { .code_dir = code_dir };
    struct bytes prefix = bytes_of(text(run, job_code_dir(&run->sandbox, &spec), "/", ""));
    struct bytes rest = buffer_bytes(&raw);
    while (rest.len > 0) {
        const uint8_t *at = memmem(rest.data, rest.len, prefix.data, prefix.len);
        size_t before = at ? (size_t)(at - rest.data) : rest.len;
        buffer_append(&clean, rest.data, before);
        size_t used = at ? before + prefix.len : before;
        rest = (struct bytes){ rest.data + used, rest.len - used };
    }
    const char *result = (const char *)text_printable_in(&run->arena, buffer_bytes(&clean)).data;
    buffer_finish(&raw);
    buffer_finish(&clean);
    return result;
}

static enum weir_status build_end(struct run *run,
                                  struct build *b,
                                  const char *code_dir,
                                  const char *bin_dir,
                                  struct weir_error *err)
{
    char explanation[256];
    struct build_result *r = b->result;
    job_explain(b->job, explanation, sizeof(explanation));
    r->explanation = arena_text(&run->arena, bytes_of(explanation));
    r->diagnostics = diagnostics(run, b->job, code_dir);
    r->built = b->job->ending == JOB_EXITED && b->job->code == 0;
    if (b->job->ending == JOB_NOT_STARTED) {
        return weir_fail(err, WEIR_EIO, "the compiler cc %s", explanation);
    }
    if (r->built && take_program(b, bin_dir, err) < 0) {
        r->built = false;
        r->explanation = "left no program";
    }
    return WEIR_OK;
}

static bool any_running(const struct build *builds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (builds[i].job && builds[i].job->ending == JOB_RUNNING) {
            return true;
        }
    }
    return false;
}

enum weir_status build_lab(struct run *run,
                           struct lab_result *l,
                           const char *code_dir,
                           const char *bin_dir,
                           struct weir_error *err)
{
    const struct manifest *lab = l->lab;
    struct build *builds = ARENA_NEW(&run->arena, struct build, lab->program_count);
    enum weir_status rc = WEIR_OK;
    l->builds = ARENA_NEW(&run->arena, struct build_result, lab->program_count);
    for (size_t i = 0; rc == WEIR_OK && i < lab->program_count; i++) {
        if (lab->programs[i].script) {
            continue;
        }
        struct build *b = &builds[l->build_count];
        b->result = &l->builds[l->build_count++];
        *b->result = (struct build_result){ .program = lab->programs[i].name,
                                            .explanation = "",
                                            .diagnostics = "" };
        b->home = text(run, bin_dir, ".build-", lab->programs[i].name);
        rc = build_start(run, &lab->programs[i], code_dir, b, err);
    }
    while (rc == WEIR_OK && any_running(builds, l->build_count) && run->loop.stop_signal == 0) {
        loop_turn(&run->loop);
    }
    for (size_t i = 0; i < l->build_count; i++) {
        if (rc == WEIR_OK && run->loop.stop_signal == 0) {
            rc = build_end(run, &builds[i], code_dir, bin_dir, err);
        }
        job_destroy(builds[i].job);
    }
    return rc;
}
