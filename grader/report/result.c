/*
 * The result model: sums and names.
 */
#include "report/result.h"

#include <inttypes.h>

const char *check_status_name(enum check_status s)
{
    switch (s) {
    case STATUS_NOT_RUN: return "not_run";
    case STATUS_PASSED: return "passed";
    case STATUS_FAILED: return "failed";
    case STATUS_SKIPPED: return "skipped";
    case STATUS_ERROR: return "error";
    }
    return "not_run";
}

const char *lab_status_name(enum lab_status s)
{
    switch (s) {
    case LAB_PENDING: return "pending";
    case LAB_GRADED: return "graded";
    case LAB_NOT_GRADABLE: return "not_gradable";
    case LAB_ERROR: return "grader_error";
    }
    return "pending";
}

int64_t lab_points(const struct lab_result *l)
{
    int64_t sum = 0;
    for (size_t i = 0; i < l->lab->check_count; i++) {
        sum += l->checks[i].points;
    }
    return sum;
}

static int lab_exit_code(const struct lab_result *l)
{
    switch (l->status) {
    case LAB_PENDING:
    case LAB_ERROR: return 3;
    case LAB_NOT_GRADABLE: return 2;
    case LAB_GRADED: break;
    }
    for (size_t i = 0; i < l->lab->check_count; i++) {
        if (l->checks[i].status != STATUS_PASSED) {
            return 1;
        }
    }
    return 0;
}

int result_exit_code(const struct result *r)
{
    int worst = r->lab_count == 0 && r->exit_code_least == 0 ? 2 : r->exit_code_least;
    for (size_t i = 0; i < r->lab_count; i++) {
        int code = lab_exit_code(&r->labs[i]);
        worst = code > worst ? code : worst;
    }
    return worst;
}

/* For a shell: quoted unless it is plain. */
static void put_quoted(struct buffer *out, const char *text)
{
    if (text[0] != '\0' &&
        text[strspn(text,
                    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@#=+,")] ==
            '\0') {
        buffer_append_text(out, text);
        return;
    }
    buffer_append_text(out, "'");
    for (const char *p = text; *p; p++) {
        if (*p == '\'') {
            buffer_append_text(out, "'\\''");
        } else {
            buffer_append(out, p, 1);
        }
    }
    buffer_append_text(out, "'");
}

struct bytes result_repeat_command(const struct result *r, const struct lab_result *l)
{
    struct buffer quoted;
    buffer_init(&quoted, 1 << 16);
    put_quoted(&quoted, r->submission);
    struct bytes command = arena_printf(r->arena, "%s %.*s --lab %.2s --seed %" PRIu64, r->grader,
                                        BYTES_ARG(buffer_bytes(&quoted)), l->lab->id, r->seed);
    buffer_finish(&quoted);
    return command;
}
