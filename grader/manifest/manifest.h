/*
 * lab.yaml: what a lab consists of. The format is schemas/lab.schema.json; schemas/lab.example.yaml shows all of it.
 *
 * A manifest that is returned has been checked in full: ids are unique, every reference leads somewhere, needs point
 * backwards, points add up. Thread: any, once loaded.
 */
#pragma once

#include "base/arena.h"
#include "base/bytes.h"
#include "manifest/yamlmap.h"
#include "weir/status.h"

enum { MANIFEST_MAX = 1 << 20 };

enum file_kind { FILE_C, FILE_HEADER, FILE_SHELL, FILE_TEXT };

struct lab_file {
    const char *path; /* a plain name in the lab's folder */
    const char *kind_name;
    enum file_kind kind;
    bool optional;
    const char *about; /* may be NULL */
    const char *required_text;
    int64_t line;
};

struct lab_program {
    const char *name;
    struct yaml_texts build; /* C files; none for a script */
    const char *script;      /* NULL for a built program */
    struct yaml_texts args;
    struct yaml_texts env;
    int64_t timeout_ms;
    int64_t line;
};

struct lab_check {
    const char *id;
    const char *name;
    int64_t part;
    int64_t points;
    struct yaml_texts uses;
    struct yaml_texts needs;
    int64_t timeout_ms;
    int64_t line;
};

struct lab_limits {
    int64_t timeout_ms;
    int64_t cpu_s;
    int64_t memory_mb;
    int64_t processes;
    int64_t file_mb;
    int64_t output_kb;
    int64_t broker_mb;
    int64_t check_ms;
    int64_t lab_ms;
};

struct manifest {
    const char *id; /* "03-clients" */
    const char *title;
    int64_t points;
    struct yaml_texts parts;
    const struct lab_file *files;
    size_t file_count;
    const struct lab_program *programs;
    size_t program_count;
    const struct lab_check *checks;
    size_t check_count;
    struct lab_limits limits;
};

/* Reads the text of a lab.yaml. `source` names it in messages. Everything lives in `arena`. */
WEIR_CHECKED enum weir_status manifest_parse(struct bytes text,
                                             const char *source,
                                             struct arena *arena,
                                             struct manifest *out,
                                             struct weir_error *err);

/* Reads LABS_DIR/FOLDER/lab.yaml, whose id must be the folder's name. */
WEIR_CHECKED enum weir_status manifest_load(const char *labs_dir,
                                            const char *folder,
                                            struct arena *arena,
                                            struct manifest *out,
                                            struct weir_error *err);

/* NULL when there is none. */
const struct lab_program *manifest_program(const struct manifest *m, const char *name);
const struct lab_file *manifest_file(const struct manifest *m, const char *path);
