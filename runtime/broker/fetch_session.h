/*
 * Fetch sessions: the broker remembers what a consumer fetches, so that neither has to name all partitions each time.
 *
 * LESSON: fetch-session
 *
 *     client                                             broker
 *     Fetch id 0, epoch 0, all partitions         --->   all partitions, session id 4711     full: a session begins
 *     Fetch id 4711, epoch 1, what changed        --->   what has news                       incremental
 *     Fetch id 4711, epoch 2, and forget t-3      --->   what has news
 *     Fetch id 4711, epoch -1                     --->   ends the session (epoch 0: and begins another)
 *
 * A partition has news when it has records, an error, a diverging epoch, or another high watermark or start than was told
 * last. One that had records goes to the end of the row, so that a busy partition does not starve those behind it.
 *
 * Sessions are a cache: at most so many, and at most so many partitions in all of them. A full cache lets go of a session
 * that nobody used for two minutes, or of a smaller one that is that old; where there is none, the newcomer gets session id
 * 0 and names everything each time. Nothing depends on a session being there: error 70 makes the client begin anew.
 *
 * Sources: KIP-227, kafka.server.FetchSession and FetchManager.
 * Thread: any; one lock, never held while reading.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "protocol/kafka_error.h"
#include "protocol/messages.h"

enum { FETCH_SESSION_NONE = 0, FETCH_EPOCH_BEGIN = 0, FETCH_EPOCH_END = -1 };
enum { FETCH_SESSION_PARTITIONS_MAX = 100000 };

struct fetch_sessions;

/* One partition that a fetch is about. */
struct fetch_interest {
    struct bytes topic;   /* up to version 12 */
    struct uuid topic_id; /* since version 13 */
    struct fetch_request_partition asked;
};

/* All that one fetch is about. */
struct fetch_interests {
    struct fetch_interest *items;
    int32_t count;
    int32_t session_id;    /* FETCH_SESSION_NONE: not in a session (yet) */
    int32_t session_epoch; /* of the next request in it */
};

/* What a fetch found in one partition. */
struct fetch_news {
    int64_t high_watermark;
    int64_t log_start_offset;
    bool fails; /* or diverges: always told, and told again when it is over */
    bool has_records;
    bool is_told; /* out: belongs into the response */
};

struct fetch_sessions *fetch_sessions_create(int32_t sessions_max, size_t partitions_max);
void fetch_sessions_destroy(struct fetch_sessions *sessions); /* accepts NULL */

/*
 * Goes on with the session that `body` names: takes up what it changes and forgets, and gives all that is now of interest,
 * copied into the arena. A session that nothing is left of ends: *out then has no session and no items.
 * KAFKA_FETCH_SESSION_ID_NOT_FOUND, KAFKA_INVALID_FETCH_SESSION_EPOCH, or KAFKA_FETCH_SESSION_TOPIC_ID_ERROR when the session
 * was begun with names and is gone on with by ids, or the other way round.
 */
enum kafka_error fetch_session_continue(struct fetch_sessions *sessions,
                                        const struct fetch_request *body,
                                        bool by_id,
                                        int64_t now_ms,
                                        struct arena *arena,
                                        struct fetch_interests *out);

/* A full fetch was answered with `news` (one for each interest): begins a session. FETCH_SESSION_NONE: there is no room. */
int32_t fetch_session_begin(struct fetch_sessions *sessions,
                            const struct fetch_interests *interests,
                            const struct fetch_news *news,
                            bool by_id,
                            int64_t now_ms);

/* An incremental fetch is about to be answered: says what of it is news. KAFKA_INVALID_FETCH_SESSION_EPOCH when another
 * request of the session overtook this one. */
enum kafka_error fetch_session_tell(struct fetch_sessions *sessions,
                                    const struct fetch_interests *interests,
                                    struct fetch_news *news);

/* Fine when there is none of that id. */
void fetch_session_end(struct fetch_sessions *sessions, int32_t id);
