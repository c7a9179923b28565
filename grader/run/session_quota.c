/*
 * What the programs of one check may make the broker keep: as long as one of them runs, the broker's folder is added up,
 * and when it has grown by more than limits.broker_mb since the check began, all of them are stopped. The same goes for
 * the broker's memory, where requests without an end, or members of groups, would lie: it may grow by BROKER_WORK_MB more,
 * for what a broker needs to work.
 *
 * The broker cannot know whose records they are, and a retention that student code could set bounds nothing; a folder has
 * no quota of its own. A program writes for one interval more than it may.
 */
#include <stdbool.h>

#include "base/clock.h"
#include "run/session.h"

enum { QUOTA_LOOK_EVERY_MS = 50, BROKER_WORK_MB = 64 };

static bool any_running(const struct session *s)
{
    for (int i = 0; i < SESSION_JOBS_MAX; i++) {
        if (s->jobs[i].job && s->jobs[i].job->ending == JOB_RUNNING) {
            return true;
        }
    }
    return false;
}

void session_quota_begin(struct session *s)
{
    s->quota_base = embedded_disk(s->cluster);
    s->quota_memory_base = embedded_memory(s->cluster);
}

static bool is_over_in_memory(struct session *s)
{
#ifdef WEIR_SANITIZED /* keeps what is freed */
    (void)s;
    return false;
#else
    int64_t used = embedded_memory(s->cluster);
    if (used < s->quota_memory_base) {
        s->quota_memory_base = used;
    }
    return used - s->quota_memory_base > (s->lab->lab->limits.broker_mb + BROKER_WORK_MB) << 20;
#endif
}

void session_quota_watch(struct session *s)
{
    s->quota_timer.deadline_ms = clock_monotonic_ms() + QUOTA_LOOK_EVERY_MS;
}

void session_quota_look(struct watch *w)
{
    struct session *s = container_of(w, struct session, quota_timer);
    if (!any_running(s)) {
        return; /* the next program that is started sets the timer again */
    }
    int64_t used = embedded_disk(s->cluster);
    if (used <
        s->quota_base) { /* topics of earlier checks have gone: their space is not a present */
        s->quota_base = used;
    }
    bool over = used - s->quota_base > s->lab->lab->limits.broker_mb << 20 || is_over_in_memory(s);
    for (int i = 0; over && i < SESSION_JOBS_MAX; i++) {
        if (s->jobs[i].job && s->jobs[i].job->ending == JOB_RUNNING) {
            job_stop(s->jobs[i].job, JOB_FLOODED_BROKER);
        }
    }
    session_quota_watch(s);
}
