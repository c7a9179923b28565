/*
 * The checks of lab 03: what the producer has left on the broker, and what the consumer says of what is there.
 */
#include "clients.h"

void hint_not_ended(struct check *c, const struct check_run *run, const char *otherwise)
{
    if (run->ending == CHECK_SIGNALLED) {
        check_hint(
            c, "the program crashed. Compile it by hand, with -fsanitize=address added, and run "
               "it: that names the line (the README's \"Debugging\")");
    } else {
        check_hint(c, "%s", otherwise);
    }
}

int main(void)
{
    static const struct check_case cases[] = {
        { "all-sent", check_all_sent },
        { "keys", check_keys },
        { "key-partition", check_key_partition },
        { "timestamps", check_timestamps },
        { "headers", check_headers },
        { "delivery-report", check_delivery_report },
        { "refused-record", check_refused_record },
        { "range", check_range_read },
        { "range-end", check_range_end },
        { "totals", check_totals },
    };
    return check_main(cases, sizeof(cases) / sizeof(cases[0]));
}
