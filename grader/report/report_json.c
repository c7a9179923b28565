/*
 * A run as result.json.
 */
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <time.h>

#include "base/error.h"
#include "base/file.h"
#include "report/report.h"

static void put_text(json_t *object, const char *key, const char *text)
{
    if (text) {
        (void)json_object_set_new(object, key, json_string(text));
    }
}

static void put_int(json_t *object, const char *key, int64_t value)
{
    (void)json_object_set_new(object, key, json_integer(value));
}

static json_t *check_json(const struct check_result *c)
{
    const struct verdict *v = &c->verdict;
    json_t *o = json_object();
    put_text(o, "id", c->check->id);
    put_text(o, "name", c->check->name);
    put_int(o, "part", c->check->part);
    put_text(o, "status", check_status_name(c->status));
    put_int(o, "points", c->points);
    put_int(o, "max_points", c->check->points);
    put_int(o, "duration_ms", v->duration_ms);
    put_text(o, "message", v->message);
    put_text(o, "expected", v->expected);
    put_text(o, "actual", v->actual);
    put_text(o, "difference", v->difference);
    put_text(o, "hint", v->hint);
    put_text(o, "program", v->program);
    put_text(o, "stdout", v->out);
    put_text(o, "stderr", v->err);
    if (v->steps.count > 0) {
        json_t *steps = json_array();
        for (size_t i = 0; i < v->steps.count; i++) {
            (void)json_array_append_new(steps, json_string(v->steps.items[i]));
        }
        (void)json_object_set_new(o, "steps", steps);
    }
    return o;
}

static json_t *build_json(const struct build_result *b)
{
    json_t *o = json_object();
    put_text(o, "program", b->program);
    (void)json_object_set_new(o, "built", json_boolean(b->built));
    put_text(o, "explanation", b->explanation);
    put_text(o, "diagnostics", b->diagnostics);
    return o;
}

static json_t *lab_json(const struct result *r, const struct lab_result *l)
{
    json_t *o = json_object();
    json_t *builds = json_array();
    json_t *checks = json_array();
    struct bytes repeat = result_repeat_command(r, l);
    put_text(o, "id", l->lab->id);
    put_text(o, "title", l->lab->title);
    put_text(o, "status", lab_status_name(l->status));
    put_text(o, "message", l->message);
    put_text(o, "found_in", l->found_in);
    put_int(o, "points", lab_points(l));
    put_int(o, "max_points", l->lab->points);
    put_int(o, "duration_ms", l->duration_ms);
    (void)json_object_set_new(o, "repeat", json_stringn((const char *)repeat.data, repeat.len));
    for (size_t i = 0; i < l->build_count; i++) {
        (void)json_array_append_new(builds, build_json(&l->builds[i]));
    }
    for (size_t i = 0; i < l->lab->check_count; i++) {
        (void)json_array_append_new(checks, check_json(&l->checks[i]));
    }
    (void)json_object_set_new(o, "builds", builds);
    (void)json_object_set_new(o, "checks", checks);
    return o;
}

static json_t *result_json(const struct result *r)
{
    json_t *o = json_object();
    json_t *labs = json_array();
    json_t *isolation = json_object();
    json_t *warnings = json_array();
    char started[32] = "";
    time_t seconds = (time_t)(r->started_ms / 1000);
    struct tm utc;
    if (gmtime_r(&seconds, &utc)) {
        (void)strftime(started, sizeof(started), "%Y-%m-%dT%H:%M:%SZ", &utc);
    }
    int64_t points = 0;
    int64_t max_points = 0;
    for (size_t i = 0; i < r->lab_count; i++) {
        points += lab_points(&r->labs[i]);
        max_points += r->labs[i].lab->points;
        (void)json_array_append_new(labs, lab_json(r, &r->labs[i]));
    }
    for (size_t i = 0; i < r->warning_count; i++) {
        (void)json_array_append_new(warnings, json_string(r->warnings[i]));
    }
    put_int(isolation, "level", r->level);
    put_text(isolation, "description", r->isolation);
    put_int(o, "schema_version", 1);
    put_text(o, "submission", r->submission);
    put_text(o, "revision", r->revision);
    put_int(o, "seed", (int64_t)r->seed);
    put_text(o, "started", started);
    put_int(o, "duration_ms", r->duration_ms);
    (void)json_object_set_new(o, "complete", json_boolean(!r->interrupted && r->duration_ms > 0));
    (void)json_object_set_new(o, "isolation", isolation);
    put_int(o, "exit_code", result_exit_code(r));
    put_text(o, "message", r->message);
    put_int(o, "points", points);
    put_int(o, "max_points", max_points);
    (void)json_object_set_new(o, "warnings", warnings);
    (void)json_object_set_new(o, "labs", labs);
    return o;
}

enum weir_status report_json(const struct result *r, int dir_fd, struct weir_error *err)
{
    json_t *o = result_json(r);
    char *text = json_dumps(o, JSON_INDENT(2));
    json_decref(o);
    if (!text) {
        return weir_fail(err, WEIR_EIO, "cannot put result.json together");
    }
    enum weir_status rc = file_replace(dir_fd, "result.json", bytes_of(text), false, err);
    free(text);
    return rc;
}
