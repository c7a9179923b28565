/*
 * One run of weir-grade: what was asked for, where things are, what has come out.
 *
 * Thread: one.
 */
#pragma once

#include "base/arena.h"
#include "report/result.h"
#include "sandbox/sandbox.h"

enum { RUN_LABS_MAX = 64 };

/* Where the project's own files are, found from our binary. */
struct places {
    const char *root;    /* the source tree */
    const char *bin;     /* weir, weir-jail, kafka-*.sh */
    const char *lib;     /* libweir.a */
    const char *include; /* weir/...h */
    const char *labs;    /* NN-name/lab.yaml */
    const char *checks;  /* NN-name, the programs */
};

struct run {
    struct arena arena;
    struct loop loop;
    struct sandbox sandbox;
    struct places places;
    const char *dir;        /* our temporary folder, absolute */
    const char *kit;        /* dir/kit: what student code may see of ours */
    const char *only_check; /* NULL: all */
    struct result result;
    int out_fd;    /* the folder of result.json; -1: none */
    bool progress; /* lines on standard error as things happen */
    bool tap;
};

/* Writes result.json as it stands; called after every check. */
void run_save(struct run *run);

/* One line of progress, if wanted. */
void run_progress(const struct run *run, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Grades `l`, whose files lie in `code_dir` already. Everything is in l afterwards, also what went wrong. */
void lab_grade(struct run *run, struct lab_result *l, const char *code_dir);
