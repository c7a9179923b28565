/*
 * One lab from its files to its marks: build, broker, checks.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "clusters/embedded.h"
#include "run/build.h"
#include "run/run.h"
#include "run/session.h"

static const char *text(struct run *run, const char *a, const char *b, const char *c)
{
    return arena_text(&run->arena, arena_printf(&run->arena, "%s%s%s", a, b, c));
}

static void lab_fail(struct run *run, struct lab_result *l, const char *why)
{
    l->status = LAB_ERROR;
    l->message = arena_text(&run->arena, bytes_of(why));
}

/* Does anything that the checks could start exist? */
static bool anything_built(const struct lab_result *l)
{
    if (l->build_count < l->lab->program_count) {
        return true; /* a script */
    }
    for (size_t i = 0; i < l->build_count; i++) {
        if (l->builds[i].built) {
            return true;
        }
    }
    return false;
}

static const char *what_does_not_build(struct run *run, const struct lab_result *l)
{
    struct buffer names;
    buffer_init(&names, 4096);
    size_t count = 0;
    for (size_t i = 0; i < l->build_count; i++) {
        if (!l->builds[i].built) {
            buffer_printf(&names, "%s%s", count++ > 0 ? " and " : "", l->builds[i].program);
        }
    }
    buffer_append_text(&names, count > 1 ? " do not compile" : " does not compile");
    const char *result = count > 0 ? arena_text(&run->arena, buffer_bytes(&names)) : NULL;
    buffer_finish(&names);
    return result;
}

static void run_checks(struct run *run,
                       struct lab_result *l,
                       const char *code_dir,
                       const char *bin_dir,
                       const char *dir)
{
    struct weir_error err;
    struct embedded cluster;
    struct session session = { .run = run,
                               .lab = l,
                               .cluster = &cluster,
                               .weir = text(run, run->places.bin, "/weir", ""),
                               .cluster_dir = text(run, dir, "/broker", ""),
                               .code_dir = code_dir,
                               .bin_dir = bin_dir,
                               .dir = text(run, dir, "/checks", "") };
    /* Its name and what is inside is nobody's business but ours; programs pass through to their homes. */
    if (mkdir(session.dir, 0711) < 0) {
        (void)weir_fail_errno(&err, "cannot make the folder %s", session.dir);
        lab_fail(run, l, err.message);
        return;
    }
    if (embedded_start(&cluster, &run->loop, session.weir, session.cluster_dir, &err) < 0) {
        lab_fail(run, l, err.message);
        return;
    }
    session_run(&session);
    embedded_stop(&cluster);
}

void lab_grade(struct run *run, struct lab_result *l, const char *code_dir)
{
    struct weir_error err;
    int64_t start_ms = clock_monotonic_ms();
    const char *dir = text(run, run->dir, "/lab-", l->lab->id);
    const char *bin_dir = text(run, dir, "/bin", "");
    if (file_make_dirs(bin_dir, &err) < 0 || chmod(dir, 0711) < 0 || chmod(bin_dir, 0755) < 0) {
        lab_fail(run, l, "cannot make folders for the lab");
        return;
    }
    run_progress(run, "%s: building", l->lab->id);
    if (build_lab(run, l, code_dir, bin_dir, &err) < 0) {
        lab_fail(run, l, err.message);
    } else if (run->loop.stop_signal) {
        lab_fail(run, l, "interrupted");
    } else if (!anything_built(l)) {
        l->status = LAB_NOT_GRADABLE;
    } else {
        run_checks(run, l, code_dir, bin_dir, dir);
    }
    const char *unbuilt = what_does_not_build(run, l);
    if (l->status == LAB_NOT_GRADABLE && unbuilt) {
        l->message = unbuilt;
    }
    l->duration_ms = clock_monotonic_ms() - start_ms;
    run_save(run);
}
