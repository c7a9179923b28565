/*
 * What the programs of one check may make the broker keep: as long as one of them runs, the broker's folder is added up,
 * and when it has grown by more than limits.broker_mb since the check began, all of them are stopped.
 *
 * The broker cannot know whose records they are, and a retention that student code could set bounds nothing; a folder has
 * no quota of its own. A program writes for one interval more than it may.
 */
#include <stdbool.h>

#include "base/clock.h"
#include "run/session.h"

enum { QUOTA_LOOK_EVERY_MS = 50 };

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
    bool over = used - s->quota_base > s->lab->lab->limits.broker_mb << 20;
    for (int i = 0; over && i < SESSION_JOBS_MAX; i++) {
        if (s->jobs[i].job && s->jobs[i].job->ending == JOB_RUNNING) {
            job_stop(s->jobs[i].job, JOB_FLOODED_BROKER);
        }
    }
    session_quota_watch(s);
}
