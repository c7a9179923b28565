/*
 * Reading lab.yaml.
 */
#include "manifest/manifest.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/error.h"
#include "base/file.h"

enum { NAME_MAX_LEN = 64, LINE_MAX_LEN = 200, MS_MAX = 600000 };

/* What the file says before it is checked. */
struct raw {
    int64_t schema_version;
    struct manifest lab;
    struct yaml_maps files;
    struct yaml_maps programs;
    struct yaml_maps checks;
};

/* --- what texts may be --- */

/* [a-z][a-z0-9]*(-[a-z0-9]+)*, with digits first where `digits_first`. */
static bool is_word(const char *text, bool digits_first)
{
    bool good =
        digits_first ? isdigit((unsigned char)text[0]) != 0 : islower((unsigned char)text[0]) != 0;
    for (const char *p = text; good && *p; p++) {
        bool dash = *p == '-';
        good = islower((unsigned char)*p) || isdigit((unsigned char)*p) ||
               (dash && p[1] != '-' && p[1] != '\0');
    }
    return good;
}

static const char *valid_word(const char *text)
{
    return is_word(text, false)
               ? NULL
               : "is no name: small letters, digits and single dashes, a letter first";
}

static const char *valid_lab_id(const char *text)
{
    bool good = is_word(text, true) && isdigit((unsigned char)text[1]) && text[2] == '-';
    return good ? NULL : "is no lab id: two digits, a dash and a name, as in 03-clients";
}

static const char *valid_file_name(const char *text)
{
    bool good = text[0] != '\0' && text[0] != '.' && text[0] != '-';
    for (const char *p = text; good && *p; p++) {
        good = isalnum((unsigned char)*p) || *p == '_' || *p == '.' || *p == '-';
    }
    return good
               ? NULL
               : "is no plain file name: letters, digits, '_', '-' and '.', no folder, no dot first";
}

static const char *valid_variable(const char *text)
{
    bool good = isupper((unsigned char)text[0]) != 0;
    for (const char *p = text; good && *p; p++) {
        good = isupper((unsigned char)*p) || isdigit((unsigned char)*p) || *p == '_';
    }
    return good ? NULL : "is no variable: capital letters, digits and '_', a letter first";
}

static const char *valid_line(const char *text)
{
    for (const char *p = text; *p; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f) {
            return "must be one line of plain text";
        }
    }
    return NULL;
}

static const char *valid_kind(const char *text)
{
    static const char *const kinds[] = { "c", "header", "shell", "text" };
    for (size_t i = 0; i < 4; i++) {
        if (strcmp(text, kinds[i]) == 0) {
            return NULL;
        }
    }
    return "is no kind of file: c, header, shell or text";
}

/* --- the tables --- */

#define WORD(type, member, key_, required_, valid_)                                              \
    {                                                                                            \
        .key = key_, .kind = YAML_TEXT, .required = required_, .offset = offsetof(type, member), \
        .min = 1, .max = NAME_MAX_LEN, .valid = valid_                                           \
    }
#define LINE(type, member, key_, required_)                                                      \
    {                                                                                            \
        .key = key_, .kind = YAML_TEXT, .required = required_, .offset = offsetof(type, member), \
        .min = 1, .max = LINE_MAX_LEN, .valid = valid_line                                       \
    }
#define NUMBER(type, member, key_, required_, min_, max_)                                       \
    {                                                                                           \
        .key = key_, .kind = YAML_INT, .required = required_, .offset = offsetof(type, member), \
        .min = min_, .max = max_                                                                \
    }
#define WORDS(type, member, key_, max_, valid_)                                                   \
    {                                                                                             \
        .key = key_, .kind = YAML_TEXTS, .offset = offsetof(type, member), .min = 1, .max = max_, \
        .valid = valid_                                                                           \
    }
#define MAPS(member, key_, fields_, type, max_)                                                   \
    {                                                                                             \
        .key = key_, .kind = YAML_MAPS, .required = true, .offset = offsetof(struct raw, member), \
        .min = 1, .max = max_, .fields = fields_, .element_size = sizeof(struct type),            \
        .line_offset = offsetof(struct type, line) + 1                                            \
    }

static const struct yaml_field file_fields[] = {
    WORD(struct lab_file, path, "path", true, valid_file_name),
    WORD(struct lab_file, kind_name, "kind", true, valid_kind),
    WORD(struct lab_file, required_text, "required", false, NULL),
    LINE(struct lab_file, about, "about", false),
    { 0 },
};

static const struct yaml_field program_fields[] = {
    WORD(struct lab_program, name, "name", true, valid_word),
    WORDS(struct lab_program, build, "build", NAME_MAX_LEN, valid_file_name),
    WORD(struct lab_program, script, "script", false, valid_file_name),
    WORDS(struct lab_program, args, "args", 1024, NULL),
    WORDS(struct lab_program, env, "env", NAME_MAX_LEN, valid_variable),
    NUMBER(struct lab_program, timeout_ms, "timeout_ms", false, 1, MS_MAX),
    { 0 },
};

static const struct yaml_field check_fields[] = {
    WORD(struct lab_check, id, "id", true, valid_word),
    LINE(struct lab_check, name, "name", true),
    NUMBER(struct lab_check, part, "part", false, 1, 32),
    NUMBER(struct lab_check, points, "points", true, 0, 1000),
    WORDS(struct lab_check, uses, "uses", NAME_MAX_LEN, valid_word),
    WORDS(struct lab_check, needs, "needs", NAME_MAX_LEN, valid_word),
    NUMBER(struct lab_check, timeout_ms, "timeout_ms", false, 1, MS_MAX),
    { 0 },
};

static const struct yaml_field limit_fields[] = {
    NUMBER(struct lab_limits, timeout_ms, "timeout_ms", false, 1, MS_MAX),
    NUMBER(struct lab_limits, cpu_s, "cpu_s", false, 1, 600),
    NUMBER(struct lab_limits, memory_mb, "memory_mb", false, 16, 16384),
    NUMBER(struct lab_limits, processes, "processes", false, 1, 4096),
    NUMBER(struct lab_limits, file_mb, "file_mb", false, 1, 4096),
    NUMBER(struct lab_limits, output_kb, "output_kb", false, 1, 1024),
    NUMBER(struct lab_limits, broker_mb, "broker_mb", false, 1, 4096),
    NUMBER(struct lab_limits, check_ms, "check_ms", false, 1, MS_MAX),
    NUMBER(struct lab_limits, lab_ms, "lab_ms", false, 1, MS_MAX),
    { 0 },
};

static const struct yaml_field lab_fields[] = {
    NUMBER(struct raw, schema_version, "schema_version", true, 1, 1),
    WORD(struct raw, lab.id, "id", true, valid_lab_id),
    LINE(struct raw, lab.title, "title", true),
    NUMBER(struct raw, lab.points, "points", true, 0, 1000),
    { .key = "parts",
      .kind = YAML_TEXTS,
      .offset = offsetof(struct raw, lab.parts),
      .min = 1,
      .max = LINE_MAX_LEN,
      .valid = valid_line },
    MAPS(files, "files", file_fields, lab_file, 64),
    MAPS(programs, "programs", program_fields, lab_program, 32),
    MAPS(checks, "checks", check_fields, lab_check, 128),
    { .key = "limits",
      .kind = YAML_MAP,
      .offset = offsetof(struct raw, lab.limits),
      .fields = limit_fields },
    { 0 },
};

/* --- what must fit together --- */

struct context {
    const char *source;
    struct manifest *lab;
    struct weir_error *err;
};

const struct lab_program *manifest_program(const struct manifest *m, const char *name)
{
    for (size_t i = 0; i < m->program_count; i++) {
        if (strcmp(m->programs[i].name, name) == 0) {
            return &m->programs[i];
        }
    }
    return NULL;
}

const struct lab_file *manifest_file(const struct manifest *m, const char *path)
{
    for (size_t i = 0; i < m->file_count; i++) {
        if (strcmp(m->files[i].path, path) == 0) {
            return &m->files[i];
        }
    }
    return NULL;
}

static enum weir_status settle_files(const struct context *x, struct lab_file *files)
{
    static const char *const kinds[] = { "c", "header", "shell", "text" };
    for (size_t i = 0; i < x->lab->file_count; i++) {
        struct lab_file *f = &files[i];
        for (int k = 0; k < 4; k++) {
            f->kind = strcmp(f->kind_name, kinds[k]) == 0 ? (enum file_kind)k : f->kind;
        }
        const char *required = f->required_text ? f->required_text : "true";
        f->optional = strcmp(required, "false") == 0;
        if (!f->optional && strcmp(required, "true") != 0) {
            return weir_fail(x->err, WEIR_EINVAL, "%s:%lld: `required` must be true or false",
                             x->source, (long long)f->line);
        }
        if (manifest_file(x->lab, f->path) != f) {
            return weir_fail(x->err, WEIR_EINVAL, "%s:%lld: the file %s is listed twice", x->source,
                             (long long)f->line, f->path);
        }
    }
    return WEIR_OK;
}

static enum weir_status need_file(const struct context *x,
                                  const struct lab_program *p,
                                  const char *path,
                                  enum file_kind kind)
{
    const struct lab_file *f = manifest_file(x->lab, path);
    if (f && f->kind == kind) {
        return WEIR_OK;
    }
    return weir_fail(x->err, WEIR_EINVAL,
                     "%s:%lld: program %s uses %s, which is not in `files` as kind: %s", x->source,
                     (long long)p->line, p->name, path, kind == FILE_C ? "c" : "shell");
}

static enum weir_status settle_programs(const struct context *x, struct lab_program *programs)
{
    for (size_t i = 0; i < x->lab->program_count; i++) {
        struct lab_program *p = &programs[i];
        enum weir_status rc = WEIR_OK;
        if (manifest_program(x->lab, p->name) != p) {
            return weir_fail(x->err, WEIR_EINVAL, "%s:%lld: the program %s is listed twice",
                             x->source, (long long)p->line, p->name);
        }
        if ((p->script != NULL) == (p->build.count > 0)) {
            return weir_fail(x->err, WEIR_EINVAL,
                             "%s:%lld: program %s needs either `build` or `script`", x->source,
                             (long long)p->line, p->name);
        }
        if (p->script) {
            rc = need_file(x, p, p->script, FILE_SHELL);
        }
        for (size_t k = 0; rc == WEIR_OK && k < p->build.count; k++) {
            rc = need_file(x, p, p->build.items[k], FILE_C);
        }
        if (rc < 0) {
            return rc;
        }
        p->timeout_ms = p->timeout_ms > 0 ? p->timeout_ms : x->lab->limits.timeout_ms;
    }
    return WEIR_OK;
}

/* Does `id` name one of the first `count` checks? */
static bool is_earlier(const struct manifest *m, size_t count, const char *id)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(m->checks[i].id, id) == 0) {
            return true;
        }
    }
    return false;
}

static enum weir_status settle_check(const struct context *x, size_t i, struct lab_check *c)
{
    if (is_earlier(x->lab, i, c->id)) {
        return weir_fail(x->err, WEIR_EINVAL, "%s:%lld: the check %s is listed twice", x->source,
                         (long long)c->line, c->id);
    }
    for (size_t k = 0; k < c->uses.count; k++) {
        if (!manifest_program(x->lab, c->uses.items[k])) {
            return weir_fail(x->err, WEIR_EINVAL,
                             "%s:%lld: check %s uses the program %s, which is not in `programs`",
                             x->source, (long long)c->line, c->id, c->uses.items[k]);
        }
    }
    for (size_t k = 0; k < c->needs.count; k++) {
        if (!is_earlier(x->lab, i, c->needs.items[k])) {
            return weir_fail(x->err, WEIR_EINVAL,
                             "%s:%lld: check %s needs %s, which is no earlier check", x->source,
                             (long long)c->line, c->id, c->needs.items[k]);
        }
    }
    c->part = c->part > 0 ? c->part : 1;
    if (x->lab->parts.count > 0 && c->part > (int64_t)x->lab->parts.count) {
        return weir_fail(x->err, WEIR_EINVAL,
                         "%s:%lld: check %s is of part %lld, but `parts` has %zu", x->source,
                         (long long)c->line, c->id, (long long)c->part, x->lab->parts.count);
    }
    c->timeout_ms = c->timeout_ms > 0 ? c->timeout_ms : x->lab->limits.check_ms;
    return WEIR_OK;
}

static enum weir_status settle_checks(const struct context *x, struct lab_check *checks)
{
    int64_t sum = 0;
    for (size_t i = 0; i < x->lab->check_count; i++) {
        enum weir_status rc = settle_check(x, i, &checks[i]);
        if (rc < 0) {
            return rc;
        }
        sum += checks[i].points;
    }
    if (sum != x->lab->points) {
        return weir_fail(x->err, WEIR_EINVAL,
                         "%s: `points` says %lld, but the checks add up to %lld", x->source,
                         (long long)x->lab->points, (long long)sum);
    }
    return WEIR_OK;
}

enum weir_status manifest_parse(struct bytes text,
                                const char *source,
                                struct arena *arena,
                                struct manifest *out,
                                struct weir_error *err)
{
    struct raw raw = { .lab.limits = { .timeout_ms = 10000,
                                       .cpu_s = 5,
                                       .memory_mb = 512,
                                       .processes = 64,
                                       .file_mb = 64,
                                       .output_kb = 64,
                                       .broker_mb = 128,
                                       .check_ms = 30000,
                                       .lab_ms = 600000 } };
    enum weir_status rc = yaml_decode(text, source, lab_fields, &raw, arena, err);
    if (rc < 0) {
        return rc;
    }
    struct manifest *lab = &raw.lab;
    const struct context x = { source, lab, err };
    lab->files = raw.files.items;
    lab->file_count = raw.files.count;
    lab->programs = raw.programs.items;
    lab->program_count = raw.programs.count;
    lab->checks = raw.checks.items;
    lab->check_count = raw.checks.count;
    rc = settle_files(&x, raw.files.items);
    rc = rc < 0 ? rc : settle_programs(&x, raw.programs.items);
    rc = rc < 0 ? rc : settle_checks(&x, raw.checks.items);
    if (rc == WEIR_OK) {
        *out = *lab;
    }
    return rc;
}

enum weir_status manifest_load(const char *labs_dir,
                               const char *folder,
                               struct arena *arena,
                               struct manifest *out,
                               struct weir_error *err)
{
    struct buffer text;
    char *path = arena_text(arena, arena_printf(arena, "%s/%s/lab.yaml", labs_dir, folder));
    char *source = arena_text(arena, arena_printf(arena, "labs/%s/lab.yaml", folder));
    buffer_init(&text, MANIFEST_MAX);
    enum weir_status rc = file_read(AT_FDCWD, path, &text, err);
    if (rc == WEIR_OK) {
        rc = manifest_parse(buffer_bytes(&text), source, arena, out, err);
    }
    if (rc == WEIR_OK && strcmp(out->id, folder) != 0) {
        rc = weir_fail(err, WEIR_EINVAL, "%s: `id` is %s, but the folder is %s", source, out->id,
                       folder);
    }
    buffer_finish(&text);
    return rc;
}
