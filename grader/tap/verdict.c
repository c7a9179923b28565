/*
 * Reading the verdicts of a lab's checks.
 */
#include "tap/verdict.h"

#include <inttypes.h>

#include "base/error.h"
#include "tap/tap.h"

enum stage { STAGE_VERSION, STAGE_PLAN, STAGE_POINTS, STAGE_BLOCK, STAGE_BAILED };

enum { TEXT_MAX = 4 << 20 };

#define TEXT(member, key_)                                                                    \
    {                                                                                         \
        .key = key_, .kind = YAML_TEXT, .offset = offsetof(struct verdict, member), .min = 0, \
        .max = TEXT_MAX                                                                       \
    }

static const struct yaml_field block_fields[] = {
    { .key = "duration_ms",
      .kind = YAML_INT,
      .required = true,
      .offset = offsetof(struct verdict, duration_ms),
      .min = 0,
      .max = INT64_MAX },
    TEXT(severity, "severity"),
    TEXT(message, "message"),
    TEXT(expected, "expected"),
    TEXT(actual, "actual"),
    TEXT(difference, "difference"),
    TEXT(hint, "hint"),
    TEXT(program, "program"),
    TEXT(out, "stdout"),
    TEXT(err, "stderr"),
    { .key = "steps",
      .kind = YAML_TEXTS,
      .offset = offsetof(struct verdict, steps),
      .min = 0,
      .max = TEXT_MAX },
    { 0 },
};

void verdict_reader_init(struct verdict_reader *r)
{
    buffer_init(&r->line, VERDICT_LINE_MAX);
    buffer_init(&r->block, VERDICT_BLOCK_MAX);
    r->next = 0;
    r->stage = STAGE_VERSION;
    r->has_point = false;
    r->failed = WEIR_OK;
}

void verdict_reader_finish(struct verdict_reader *r)
{
    buffer_finish(&r->line);
    buffer_finish(&r->block);
}

/* Hands out the point that was read last, now that its block is known. */
static enum weir_status settle(struct verdict_reader *r, struct weir_error *err)
{
    struct verdict *v = &r->point;
    const char *id = r->ids[r->next];
    if (v->kind == VERDICT_FAILED) {
        if (!v->message || !v->severity) {
            return weir_fail(err, WEIR_EPROTO, "the check %s failed without saying why", id);
        }
        v->kind = strcmp(v->severity, "error") == 0 ? VERDICT_ERROR : VERDICT_FAILED;
    }
    r->has_point = false;
    r->settled(r->context, r->next, v);
    r->next++;
    return WEIR_OK;
}

static enum weir_status read_point(struct verdict_reader *r,
                                   const struct tap_line *line,
                                   struct weir_error *err)
{
    if (r->next >= r->count || line->number != (int64_t)r->next + 1 ||
        !bytes_equal_text(line->text, r->ids[r->next])) {
        return weir_fail(err, WEIR_EPROTO,
                         "the checks reported `%.*s` as number %" PRId64 " where `%s` comes next",
                         BYTES_ARG(line->text), line->number,
                         r->next < r->count ? r->ids[r->next] : "nothing");
    }
    r->point = (struct verdict){ .kind = line->skipped ? VERDICT_SKIPPED
                                         : line->ok    ? VERDICT_PASSED
                                                       : VERDICT_FAILED };
    if (line->skipped) {
        if (!r->may_skip(r->context, r->next)) {
            return weir_fail(err, WEIR_EPROTO, "the checks skipped %s without need",
                             r->ids[r->next]);
        }
        r->point.message = arena_text(r->arena, line->reason);
        return settle(r, err); /* a skipped point has no block */
    }
    r->has_point = true;
    return WEIR_OK;
}

static enum weir_status refuse(const struct verdict_reader *r,
                               struct bytes line,
                               struct weir_error *err)
{
    static const char *const wanted[] = { "the version", "the plan", "a test point", "a block",
                                          "nothing" };
    int shown = line.len > 80 ? 80 : (int)line.len;
    return weir_fail(err, WEIR_EPROTO, "the checks wrote `%.*s` where %s was due", shown,
                     (const char *)line.data, wanted[r->stage]);
}

static enum weir_status read_line(struct verdict_reader *r,
                                  struct bytes text,
                                  struct weir_error *err)
{
    struct tap_line line;
    tap_parse_line(text, r->arena, &line);
    if (line.kind == TAP_LINE_COMMENT) {
        return WEIR_OK;
    }
    if (line.kind == TAP_LINE_BAIL && r->stage != STAGE_BAILED) {
        r->stage = STAGE_BAILED;
        return weir_fail(err, WEIR_EPROTO, "the checks gave up: %.*s", BYTES_ARG(line.text));
    }
    if (r->stage == STAGE_VERSION && line.kind == TAP_LINE_VERSION && line.number == 13) {
        r->stage = STAGE_PLAN;
        return WEIR_OK;
    }
    if (r->stage == STAGE_PLAN && line.kind == TAP_LINE_PLAN) {
        r->stage = STAGE_POINTS;
        return line.number == (int64_t)r->count
                   ? WEIR_OK
                   : weir_fail(err, WEIR_EPROTO,
                               "the checks planned %" PRId64 " verdicts; lab.yaml has %zu",
                               line.number, r->count);
    }
    if (r->stage == STAGE_POINTS && line.kind == TAP_LINE_POINT && !r->has_point) {
        return read_point(r, &line, err);
    }
    if (r->stage == STAGE_POINTS && line.kind == TAP_LINE_BLOCK && r->has_point) {
        r->stage = STAGE_BLOCK;
        buffer_clear(&r->block);
        return WEIR_OK;
    }
    return refuse(r, text, err);
}

static enum weir_status read_block_line(struct verdict_reader *r,
                                        struct bytes text,
                                        struct weir_error *err)
{
    if (bytes_equal_text(text, "  ...")) {
        r->stage = STAGE_POINTS;
        enum weir_status rc =
            yaml_decode(buffer_bytes(&r->block), "verdict", block_fields, &r->point, r->arena, err);
        return rc < 0 ? rc : settle(r, err);
    }
    if (!bytes_starts_with(text, bytes_of("  "))) {
        return refuse(r, text, err);
    }
    buffer_append(&r->block, text.data + 2, text.len - 2);
    buffer_append_text(&r->block, "\n");
    return r->block.overflow
               ? weir_fail(err, WEIR_ETOOBIG, "a verdict exceeds %d bytes", VERDICT_BLOCK_MAX)
               : WEIR_OK;
}

/* Takes `head`, which may be the end of a line that began earlier. */
static enum weir_status take_line(struct verdict_reader *r,
                                  struct bytes head,
                                  struct weir_error *err)
{
    if (r->line.len > 0) {
        buffer_append(&r->line, head.data, head.len);
        head = buffer_bytes(&r->line);
    }
    if (r->line.overflow || head.len > VERDICT_LINE_MAX) {
        return weir_fail(err, WEIR_ETOOBIG, "a line of the checks exceeds %d bytes",
                         VERDICT_LINE_MAX);
    }
    enum weir_status rc =
        r->stage == STAGE_BLOCK ? read_block_line(r, head, err) : read_line(r, head, err);
    buffer_clear(&r->line);
    return rc;
}

enum weir_status verdict_feed(struct verdict_reader *r, struct bytes data, struct weir_error *err)
{
    struct bytes rest = data;
    while (r->failed == WEIR_OK && rest.len > 0) {
        const uint8_t *end = memchr(rest.data, '\n', rest.len);
        if (!end) {
            buffer_append(&r->line, rest.data, rest.len);
            break;
        }
        size_t len = (size_t)(end - rest.data);
        r->failed = take_line(r, (struct bytes){ rest.data, len }, err);
        rest = (struct bytes){ rest.data + len + 1, rest.len - len - 1 };
    }
    return r->failed;
}

enum weir_status verdict_end(struct verdict_reader *r, struct weir_error *err)
{
    if (r->failed == WEIR_OK && (r->next < r->count || r->has_point || r->line.len > 0)) {
        r->failed = weir_fail(err, WEIR_EPROTO, "the checks ended after %zu of %zu verdicts",
                              r->next, r->count);
    }
    return r->failed;
}
