/*
 * The session with one lab's checks: their process, their verdicts, and the student programs they ask for.
 *
 * The checks run as a process of our own beside the broker. They cannot be reached by student code, and they reach it
 * only by asking here; see check/message.h for the questions. Thread: one.
 */
#pragma once

#include "check/message.h"
#include "clusters/embedded.h"
#include "run/run.h"
#include "sandbox/job.h"

enum { SESSION_JOBS_MAX = 24 };

struct session_job {
    struct job *job; /* NULL: free */
    int64_t id;
};

struct session {
    struct run *run;
    struct lab_result *lab;
    struct embedded *cluster; /* of the check that has begun, or will be the first */
    const char *weir;         /* the broker's binary */
    const char *cluster_dir;  /* the cluster's folder; its name grows with each check */
    const char *code_dir;     /* the student's files */
    const char *bin_dir;      /* the student's programs, built */
    const char *dir;          /* where the checks' folders are made */

    pid_t pid; /* the checks' process */
    struct watch verdicts;
    struct watch control;
    struct watch check_timer;
    struct watch lab_timer;
    struct watch wait_timer;
    struct watch quota_timer;
    int64_t quota_base;        /* bytes the broker kept on disk when the check began */
    int64_t quota_memory_base; /* and in memory */
    struct verdict_reader reader;
    struct message request;
    struct message answer;
    struct session_job jobs[SESSION_JOBS_MAX];
    int64_t next_job;
    int64_t waiting_for; /* job id; 0: none */
    size_t check;        /* index of the one that has begun */
    bool begun;
    bool out_of_time;
    const char *home;    /* its folder */
    const char *failure; /* why the lab is an error; NULL */
};

/* Runs all checks of the lab against the cluster; l->checks, l->status and l->message say how it went. */
void session_run(struct session *s);

/* Why weir-grade wants this check skipped; "" when it does not. */
const char *session_skip_reason(const struct session *s, size_t index);

/* Handles the message in s->request (session_serve.c). */
void session_serve(struct session *s);
/* A job that is awaited has ended, or its wait has: answers. */
void session_answer_wait(struct session *s);
/* What a check's programs may make the broker keep (session_quota.c): from here on, and watched while one of them runs. */
void session_quota_begin(struct session *s);
void session_quota_watch(struct session *s);
void session_quota_look(struct watch *w);
/* Ends every program of the check. */
void session_end_jobs(struct session *s);
void session_fail(struct session *s, const char *why);
