/*
 * The checks of the attack lab: the student's program is to write the sum of the numbers of its input to answer.txt.
 *
 * They need no broker, so that what is tested is the grader alone: sandbox, control channel, verdicts.
 */
#include "check/check.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/buffer.h"

enum { NUMBERS = 20, ANSWER_MAX = 64 };

static struct check_run *run_program(struct check *c, int64_t *out_sum)
{
    struct buffer input;
    buffer_init(&input, 4096);
    *out_sum = 0;
    for (int i = 0; i < NUMBERS; i++) {
        int64_t number = check_range(c, 1, 1000000);
        *out_sum += number;
        buffer_printf(&input, "%" PRId64 "\n", number);
    }
    check_put_file(c, "input.txt", buffer_bytes(&input));
    buffer_finish(&input);
    check_step(c, "wrote %d numbers to input.txt", NUMBERS);
    const struct check_run_spec spec = {
        .program = "program",
        .vars = (const char *const[]){ "INPUT=input.txt", NULL },
    };
    return check_run(c, &spec);
}

static void check_runs(struct check *c)
{
    int64_t sum = 0;
    const struct check_run *run = run_program(c, &sum);
    (void)check_ended_well(c, run);
}

static void check_sum(struct check *c)
{
    int64_t sum = 0;
    struct bytes answer;
    (void)run_program(c, &sum);
    check_hint(c, "every line holds one number; the answer ends with a line end");
    if (!check_over(c) && check_get_file(c, "answer.txt", ANSWER_MAX, &answer)) {
        const char *expected = check_text(c, "%" PRId64 "\n", sum);
        (void)check_equal_bytes(c, "answer.txt", bytes_of(expected), answer);
    }
}

int main(void)
{
    static const struct check_case cases[] = {
        { "runs", check_runs },
        { "sum", check_sum },
        { "again", check_sum },
    };
    return check_main(cases, sizeof(cases) / sizeof(cases[0]));
}
