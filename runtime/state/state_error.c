/*
 * Errors of state: Spark's conditions where it has one, then on lines of our own the file, what is wrong with it, and what to do.
 *
 * Source: CANNOT_LOAD_STATE_STORE, CANNOT_WRITE_STATE_STORE and CHECKPOINT_FILE_CHECKSUM_VERIFICATION_FAILED of Spark 4.1.
 */
#include <inttypes.h>

#include "state/state_store.h"

static const char exception[] = "org.apache.spark.SparkException";
static const char restore[] =
    "Restore the file from a copy of the checkpoint, or start the query with another checkpointLocation: it then begins anew.";

enum { PROVIDER_MAX = 512 };

/* As Spark names the owner of a store. */
static void print_provider(struct buffer *out, const struct state_store *s)
{
    buffer_printf(out,
                  "HDFSStateStoreProvider[stateStoreProviderId=StateStoreProviderId[ "
                  "storeId=StateStoreId[ operatorId=%" PRId32 ", partitionId=%" PRId32
                  ", storeName=%s ], queryRunId=%s ]]",
                  s->operator_id, s->partition, s->name, s->provider->run_id);
}

struct words {
    struct buffer provider;
    char file[STATE_PATH_MAX];
    const char *kind;
};

static void words_init(struct words *w, struct state_place at)
{
    buffer_init(&w->provider, PROVIDER_MAX + STATE_PATH_MAX);
    print_provider(&w->provider, at.store);
    state_file_name_print(at.store->folder, at.file, w->file, sizeof(w->file));
    w->kind = at.file.snapshot ? "snapshot" : "delta";
}

bool state_fail_missing(struct state_place at, struct sql_error *error)
{
    static const struct sql_condition missing = {
        "CANNOT_LOAD_STATE_STORE.CANNOT_READ_DELTA_FILE_NOT_EXISTS", "58030", exception
    };
    struct words w;
    words_init(&w, at);
    (void)sql_fail(error, &missing,
                   "An error occurred during loading state. Error reading delta file file:%s of "
                   "%.*s: file:%s does not exist.",
                   w.file, BYTES_ARG(buffer_bytes(&w.provider)), w.file);
    sql_error_add(error, "\n%s", restore);
    buffer_finish(&w.provider);
    return false;
}

static bool fail_size(const struct words *w,
                      const struct sql_condition *condition,
                      const char *what,
                      const struct state_fault *fault,
                      struct sql_error *error)
{
    return sql_fail(error, condition,
                    "An error occurred during loading state. Error reading %s file file:%s of "
                    "%.*s: %s size cannot be %" PRId64 ".",
                    w->kind, w->file, BYTES_ARG(buffer_bytes(&w->provider)), what, fault->found);
}

static const struct sql_condition uncategorized = { "CANNOT_LOAD_STATE_STORE.UNCATEGORIZED",
                                                    "58030", exception };

/* Spark's condition without a word of its own; ours follow. */
static void fail_uncategorized(struct sql_error *error)
{
    (void)sql_fail(error, &uncategorized, "An error occurred during loading state. ");
}

static void describe(const struct words *w, const struct state_fault *f, struct sql_error *error)
{
    fail_uncategorized(error);
    switch (f->damage) {
    case STATE_DAMAGE_CHECKSUM:
        sql_error_add(error,
                      "\n[CHECKPOINT_FILE_CHECKSUM_VERIFICATION_FAILED] Checksum verification "
                      "failed, the file may be corrupted. File: file:%s\nExpected (file size: "
                      "%" PRId64 ", checksum: %" PRIu32 "), Computed (file size: %" PRId64
                      ", checksum: %" PRIu32 "). SQLSTATE: XX000",
                      w->file, f->expected, f->expected_checksum, f->found, f->found_checksum);
        return;
    case STATE_DAMAGE_KIND:
        sql_error_add(error,
                      "\nThe file file:%s is another one that was renamed: it is not the %s of "
                      "version %" PRId64 ", and says that it is of %" PRId64 ".",
                      w->file, w->kind, f->expected, f->found);
        return;
    case STATE_DAMAGE_NONE:
    case STATE_DAMAGE_KEY_SIZE:
    case STATE_DAMAGE_VALUE_SIZE:
    case STATE_DAMAGE_HEADER:
        sql_error_add(error,
                      "\nThe file file:%s is damaged: its %" PRId64
                      " bytes do not begin as a state file does.",
                      w->file, f->found);
        return;
    case STATE_DAMAGE_CODEC:
        sql_error_add(error, "\nThe file file:%s is damaged: it cannot be decompressed.", w->file);
        return;
    case STATE_DAMAGE_END:
        sql_error_add(error,
                      "\nThe file file:%s is damaged: it has more or fewer records than it says.",
                      w->file);
        return;
    }
}

bool state_fail_damaged(struct state_place at,
                        const struct state_fault *fault,
                        struct sql_error *error)
{
    static const struct sql_condition sizes[2][2] = {
        { { "CANNOT_LOAD_STATE_STORE.CANNOT_READ_DELTA_FILE_KEY_SIZE", "58030", exception },
          { "CANNOT_LOAD_STATE_STORE.CANNOT_READ_DELTA_FILE_VALUE_SIZE", "58030", exception } },
        { { "CANNOT_LOAD_STATE_STORE.CANNOT_READ_SNAPSHOT_FILE_KEY_SIZE", "58030", exception },
          { "CANNOT_LOAD_STATE_STORE.CANNOT_READ_SNAPSHOT_FILE_VALUE_SIZE", "58030", exception } },
    };
    struct words w;
    words_init(&w, at);
    if (fault->damage == STATE_DAMAGE_KEY_SIZE) {
        (void)fail_size(&w, &sizes[at.file.snapshot][0], "key", fault, error);
    } else if (fault->damage == STATE_DAMAGE_VALUE_SIZE) {
        (void)fail_size(&w, &sizes[at.file.snapshot][1], "value", fault, error);
    } else {
        describe(&w, fault, error);
    }
    sql_error_add(error, "\n%s", restore);
    buffer_finish(&w.provider);
    return false;
}

bool state_fail_reading(const struct weir_error *why, struct sql_error *error)
{
    fail_uncategorized(error);
    sql_error_add(error, "\n%s.\nLet the user who runs the query read and write the checkpoint.",
                  why->message);
    return false;
}

bool state_fail_commit(const struct state_store *s, struct bytes why, struct sql_error *error)
{
    static const struct sql_condition cannot_commit = { "CANNOT_WRITE_STATE_STORE.CANNOT_COMMIT",
                                                        "58030", exception };
    struct buffer provider;
    buffer_init(&provider, PROVIDER_MAX + STATE_PATH_MAX);
    print_provider(&provider, s);
    (void)sql_fail(error, &cannot_commit,
                   "Error writing state store files for provider %.*s. Cannot perform commit "
                   "during state checkpoint.",
                   BYTES_ARG(buffer_bytes(&provider)));
    sql_error_add(error,
                  "\n%.*s.\nThe batch is not lost: remove the cause, and start the query again; it "
                  "goes on where it was.",
                  BYTES_ARG(why));
    buffer_finish(&provider);
    return false;
}
