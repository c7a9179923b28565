/*
 * The command line that puts a program into the sandbox.
 *
 * Inside the mount namespace a program sees: /usr and what belongs to it, a few files of /etc, /proc, a small /dev, an
 * empty /tmp, our kit at /weir, its own code at /code, and its home. Nothing else of the machine is there. It can write
 * in /tmp and in its home.
 */
#include "sandbox/command.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

enum { COMMAND_WORDS_MAX = 512, TMP_SIZE = 64 << 20, ADDRESS_FACTOR = 8, FDS_MAX = 128 };

static const char kit_inside[] = "/weir";
static const char code_inside[] = "/code";
static const char home_inside[] = "/home/student";

/* What a dynamically linked program, a shell script and a compiler need of /etc. */
static const char *const etc_files[] = {
    "/etc/alternatives", "/etc/ld.so.cache",   "/etc/ld.so.conf", "/etc/ld.so.conf.d",
    "/etc/passwd",       "/etc/group",         "/etc/hosts",      "/etc/host.conf",
    "/etc/localtime",    "/etc/nsswitch.conf", "/etc/protocols",  "/etc/services",
};

/* With a merged /usr these are links into it; on an older system they are folders. */
static const char *const roots[] = { "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32" };

const char *job_code_dir(const struct sandbox *s, const struct job_spec *spec)
{
    return sandbox_has_mounts(s) ? code_inside : spec->code_dir;
}

const char *job_home_dir(const struct sandbox *s, const struct job_spec *spec)
{
    return sandbox_has_mounts(s) ? home_inside : spec->home_dir;
}

const char *job_kit_dir(const struct sandbox *s)
{
    return sandbox_has_mounts(s) ? kit_inside : s->kit_dir;
}

struct words {
    struct arena *arena;
    char **items;
    size_t count;
};

static void put(struct words *w, const char *text)
{
    if (w->count < COMMAND_WORDS_MAX - 1) {
        w->items[w->count++] = arena_text(w->arena, bytes_of(text));
    }
}

static void put_all(struct words *w, const char *const *texts)
{
    for (; *texts; texts++) {
        put(w, *texts);
    }
}

static void put_number(struct words *w, const char *option, int64_t value)
{
    char text[32];
    (void)snprintf(text, sizeof(text), "%lld", (long long)value);
    put(w, option);
    put(w, text);
}

static void put_roots(struct words *w)
{
    for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
        struct stat st;
        char target[PATH_MAX];
        ssize_t n = readlink(roots[i], target, sizeof(target) - 1);
        if (n > 0) {
            target[n] = '\0';
            put_all(w, (const char *const[]){ "--symlink", target, roots[i], NULL });
        } else if (stat(roots[i], &st) == 0) {
            put_all(w, (const char *const[]){ "--ro-bind", roots[i], roots[i], NULL });
        }
    }
}

static void put_bubblewrap(struct words *w, const struct sandbox *s, const struct job_spec *spec)
{
    static const char *const start[] = {
        "/usr/bin/bwrap",
        "--unshare-user",
        "--unshare-pid",
        "--unshare-ipc",
        "--unshare-uts",
        "--hostname",
        "weir",
        "--unshare-cgroup-try",
        "--die-with-parent",
        "--new-session",
        "--as-pid-1",
        "--ro-bind",
        "/usr",
        "/usr",
        NULL,
    };
    put_all(w, start);
    put_roots(w);
    for (size_t i = 0; i < sizeof(etc_files) / sizeof(etc_files[0]); i++) {
        put_all(w, (const char *const[]){ "--ro-bind-try", etc_files[i], etc_files[i], NULL });
    }
    put_all(w, (const char *const[]){ "--proc", "/proc", "--dev", "/dev", NULL });
    put_number(w, "--size", TMP_SIZE);
    put_all(w, (const char *const[]){ "--tmpfs", "/tmp", "--ro-bind", s->kit_dir, kit_inside,
                                      "--ro-bind", spec->code_dir, code_inside, "--bind",
                                      spec->home_dir, home_inside, NULL });
    /* What lies between the mounts is memory without a bound. */
    put_all(w, (const char *const[]){ "--remount-ro", "/dev", "--remount-ro", "/", "--chdir",
                                      home_inside, "--", NULL });
}

static void put_landlock(struct words *w, const struct sandbox *s, const struct job_spec *spec)
{
    static const char *const readable[] = { "/usr", "/etc", "/dev/zero", "/dev/random",
                                            "/dev/urandom" };
    for (size_t i = 0; i < sizeof(readable) / sizeof(readable[0]); i++) {
        put_all(w, (const char *const[]){ "--read", readable[i], NULL });
    }
    for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
        put_all(w, (const char *const[]){ "--read", roots[i], NULL });
    }
    put_all(w, (const char *const[]){ "--read", s->kit_dir, "--read", spec->code_dir, "--write",
                                      spec->home_dir, "--write", "/dev/null", NULL });
}

static void put_jail(struct words *w,
                     const struct sandbox *s,
                     const struct job_spec *spec,
                     int slot)
{
    const struct job_limits *l = &spec->limits;
    char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/jail", job_kit_dir(s));
    put(w, path);
    put_all(w, (const char *const[]){ "--dir", job_home_dir(s, spec), NULL });
    put_number(w, "--cpu", l->cpu_s);
    put_number(w, "--rss", l->memory_mb);
#ifndef WEIR_SANITIZED /* our tools in the kit then need terabytes of it */
    /* Threads reserve far more address space than they use, so this bound only stops the absurd. */
    put_number(w, "--address", l->memory_mb * ADDRESS_FACTOR);
#endif
    put_number(w, "--file", l->file_mb);
    put_number(w, "--disk", job_disk_mb(l));
    put_number(w, "--processes", l->processes + s->nproc_base);
    put_number(w, "--fds", FDS_MAX);
    if (s->level == 2) {
        put_number(w, "--uid", (int64_t)s->uid_first + slot);
        put_number(w, "--gid", s->gid);
    }
    if (s->level == 1) {
        put(w, "--same-uid");
    }
    if (s->level == 0) {
        put(w, "--no-filter");
    }
    if (s->landlock && !sandbox_has_mounts(s)) {
        put_landlock(w, s, spec);
    }
    put(w, "--");
    put_all(w, spec->argv);
}

static char **new_words(struct command *c, struct words *w)
{
    *w = (struct words){ .arena = &c->arena,
                         .items = ARENA_NEW(&c->arena, char *, COMMAND_WORDS_MAX) };
    return w->items;
}

void command_init(struct command *c, const struct sandbox *s, const struct job_spec *spec, int slot)
{
    struct words w;
    arena_init(&c->arena, 0);
    c->argv = new_words(c, &w);
    if (sandbox_has_mounts(s)) {
        put_bubblewrap(&w, s, spec);
    }
    put_jail(&w, s, spec, slot);
    c->env = new_words(c, &w);
    put_all(&w, spec->env);
    c->uid = s->root && sandbox_has_mounts(s) ? (int64_t)s->uid_first + slot : -1;
}

void command_finish(struct command *c)
{
    arena_finish(&c->arena);
}
