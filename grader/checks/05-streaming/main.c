/*
 * The checks of lab 05: what the streaming program has made of the transactions in TOPIC, as RESULTS tells it.
 */
#include "streaming.h"

int main(void)
{
    static const struct check_case cases[] = {
        { "flagged", check_flagged },         { "flagged-later", check_flagged_later },
        { "counts", check_counts },           { "updates", check_updates },
        { "alerts", check_alerts },           { "alerts-again", check_alerts_again },
        { "restart", check_restart },         { "killed-often", check_killed_often },
        { "bad-records", check_bad_records }, { "small-batches", check_small_batches },
    };
    return check_main(cases, sizeof(cases) / sizeof(cases[0]));
}
