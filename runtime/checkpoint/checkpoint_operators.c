/*
 * The stateful operators of a query, as its checkpoint remembers them: see checkpoint.h.
 *
 * Compared first by their names, all of them, then by the schemas of their stores, as Spark does. A checkpoint of which no batch is
 * committed remembers nothing that binds: another query may begin there, and writes its own.
 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/file_publish.h"
#include "base/mem.h"
#include "checkpoint/checkpoint_impl.h"
#include "checkpoint/log_error.h"
#include "checkpoint/log_folder.h"
#include "checkpoint/log_json.h"
#include "checkpoint/state_schema.h"

static const char default_store[] = "default";

enum { FILE_MAX = 256 << 20, OPERATORS_MAX = 10000 };

/* The work: what it needs everywhere. */
struct check {
    const struct checkpoint *c;
    const struct checkpoint_operator *operators;
    int32_t count;
    bool binding; /* a batch is committed */
    struct arena arena;
    struct sql_error *error;
};

/* What state/<id>/_metadata/metadata says. */
struct known {
    int32_t id;
    int64_t partitions; /* of the first store */
    struct bytes name;
};

static struct checkpoint_store store_of(const struct checkpoint_operator *o, int32_t i)
{
    if (o->store_count > 0) {
        return o->stores[i];
    }
    return (struct checkpoint_store){ default_store, o->key_schema, o->value_schema,
                                      o->prefix_columns };
}

static int32_t stores_of(const struct checkpoint_operator *o)
{
    return o->store_count > 0 ? o->store_count : 1;
}

/* --- files --- */

/* A file that may not be there: then out->data is NULL. */
static bool read_file(struct check *k, const char *path, struct bytes *out)
{
    struct buffer text;
    struct weir_error err;
    buffer_init(&text, FILE_MAX);
    enum weir_status rc = file_read(AT_FDCWD, path, &text, &err);
    *out = (struct bytes){ 0 };
    if (rc == WEIR_OK) {
        *out = arena_copy(&k->arena, buffer_bytes(&text));
    }
    buffer_finish(&text);
    return rc == WEIR_OK || rc == WEIR_ENOTFOUND || log_fail_reading(&err, k->error);
}

static bool write_file(struct check *k, const char *path, struct bytes content)
{
    char folder[PATH_MAX];
    struct weir_error err;
    (void)snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(path, '/') - path), path);
    enum weir_status rc = file_make_dirs(folder, &err);
    if (rc == WEIR_OK) {
        rc = file_publish(&(struct file_publish){ path, content, true, k->c->sync }, &err);
    }
    return rc == WEIR_OK || log_fail_writing(&err, k->error);
}

/* --- names --- */

static void metadata_path(const struct check *k, int32_t id, char out[PATH_MAX])
{
    (void)snprintf(out, PATH_MAX, "%s/state/%" PRId32 "/_metadata/metadata", k->c->root, id);
}

static bool parse_known(struct bytes text,
                        struct arena *arena,
                        struct known *out,
                        struct log_fault *fault)
{
    struct bytes line;
    size_t at = 0;
    *fault = (struct log_fault){ 0 };
    if (!log_cut_version(&text, fault)) {
        return false;
    }
    if (!log_cut_line(&text, &line)) {
        fault->damage = LOG_INCOMPLETE;
        return false;
    }
    const struct log_json *object = log_json_parse(line, arena, &at);
    const struct log_json *info = log_json_member(object, "operatorInfo");
    const struct log_json *stores = log_json_member(object, "stateStoreInfo");
    if (!object) {
        fault->damage = LOG_NO_JSON;
        fault->line = 2;
        fault->column = (int64_t)at + 1;
    } else if (!log_json_text(log_json_member(info, "operatorName"), &out->name)) {
        fault->damage = LOG_NO_FIELD;
        fault->field = "operatorName";
    } else if (!stores || !log_json_integer(log_json_member(stores->first, "numPartitions"),
                                            &out->partitions)) {
        fault->damage = LOG_NO_FIELD;
        fault->field = "numPartitions";
    }
    return fault->damage == LOG_GOOD;
}

/* One operator's; *out_there: it is known. */
static bool read_known(struct check *k, int32_t id, struct known *out, bool *out_there)
{
    char path[PATH_MAX];
    struct bytes text;
    struct log_fault fault;
    metadata_path(k, id, path);
    if (!read_file(k, path, &text)) {
        return false;
    }
    *out_there = text.data != NULL;
    out->id = id;
    return !text.data || parse_known(text, &k->arena, out, &fault) ||
           log_fail_damaged(path, &fault, k->error);
}

static int by_id(const void *a, const void *b)
{
    const int32_t *x = a;
    const int32_t *y = b;
    return (*x > *y) - (*x < *y);
}

/* The numbered folders of state/, ascending, in the arena. */
static int32_t list_ids(struct check *k, int32_t **out)
{
    char path[PATH_MAX];
    int32_t count = 0;
    *out = ARENA_NEW(&k->arena, int32_t, OPERATORS_MAX);
    (void)snprintf(path, sizeof(path), "%s/state", k->c->root);
    DIR *dir = opendir(path);
    if (!dir) {
        return 0; /* no state, or none that can be read: what needs it will say so */
    }
    struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) { /* NOLINT(concurrency-mt-unsafe): own stream */
        struct log_file_name name;
        if (count < OPERATORS_MAX && log_file_name_parse(entry->d_name, &name) && !name.compact &&
            name.number <= INT32_MAX) {
            (*out)[count++] = (int32_t)name.number;
        }
    }
    (void)closedir(dir);
    qsort(*out, (size_t)count, sizeof(**out), by_id);
    return count;
}

static void print_pair(struct buffer *out, int32_t id, struct bytes name)
{
    buffer_printf(out, "%s(OperatorId: %" PRId32 " -> OperatorName: %.*s)",
                  out->len > 0 ? ", " : "", id, BYTES_ARG(name));
}

static bool refuse_names(struct check *k, const struct known *known, int32_t known_count)
{
    static const struct sql_condition mismatch = {
        "STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA", "42K03",
        "org.apache.spark.SparkRuntimeException"
    };
    struct buffer before;
    struct buffer now;
    buffer_init(&before, SQL_ERROR_MAX / 4);
    buffer_init(&now, SQL_ERROR_MAX / 4);
    for (int32_t i = 0; i < known_count; i++) {
        print_pair(&before, known[i].id, known[i].name);
    }
    for (int32_t i = 0; i < k->count; i++) {
        print_pair(&now, i, bytes_of(k->operators[i].name));
    }
    (void)sql_fail(k->error, &mismatch,
                   "Streaming stateful operator name does not match with the operator in state "
                   "metadata. This likely to happen when user adds/removes/changes stateful "
                   "operator of existing streaming query.\nStateful operators in the metadata: "
                   "[%.*s]; Stateful operators in current batch: [%.*s].",
                   BYTES_ARG(buffer_bytes(&before)), BYTES_ARG(buffer_bytes(&now)));
    sql_error_add(k->error,
                  "\nThe metadata is in file:%s/state. Start the query as it was, or the changed "
                  "one with another checkpointLocation: it then begins anew.",
                  k->c->root);
    buffer_finish(&before);
    buffer_finish(&now);
    return false;
}

static bool refuse_partitions(struct check *k, const struct known *known)
{
    static const struct sql_condition illegal_state = { "", "", "java.lang.IllegalStateException" };
    char path[PATH_MAX];
    metadata_path(k, known->id, path);
    return sql_fail(k->error, &illegal_state,
                    "The state of operator %" PRId32 " has %" PRId64
                    " partitions, and the query has %" PRId32
                    ": see file:%s. Set spark.sql.shuffle.partitions as it was, or start the "
                    "query with another checkpointLocation: it then begins anew.",
                    known->id, known->partitions, k->operators[known->id].partitions, path);
}

static bool check_names(struct check *k)
{
    int32_t *ids;
    int32_t id_count = list_ids(k, &ids);
    struct known *known = ARENA_NEW(&k->arena, struct known, (size_t)id_count + 1);
    int32_t count = 0;
    bool same = true;
    for (int32_t i = 0; i < id_count; i++) {
        bool there;
        if (!read_known(k, ids[i], &known[count], &there)) {
            return false;
        }
        if (there) {
            const struct known *n = &known[count++];
            same = same && n->id < k->count && bytes_equal_text(n->name, k->operators[n->id].name);
        }
    }
    if (count == 0) {
        return true; /* a checkpoint without state, so far */
    }
    if (!same || count != k->count) {
        return refuse_names(k, known, count);
    }
    for (int32_t i = 0; i < count; i++) {
        if (known[i].partitions != k->operators[known[i].id].partitions) {
            return refuse_partitions(k, &known[i]);
        }
    }
    return true;
}

static void print_metadata(struct buffer *out, int32_t id, const struct checkpoint_operator *o)
{
    buffer_printf(out, "v1\n{\"operatorInfo\":{\"operatorId\":%" PRId32 ",\"operatorName\":", id);
    log_json_print_text(out, bytes_of(o->name));
    buffer_append_text(out, "},\"stateStoreInfo\":[");
    for (int32_t i = 0; i < stores_of(o); i++) {
        struct checkpoint_store store = store_of(o, i);
        buffer_append_text(out, i > 0 ? ",{\"storeName\":" : "{\"storeName\":");
        log_json_print_text(out, bytes_of(store.name));
        buffer_printf(out, ",\"numColsPrefixKey\":%" PRId32 ",\"numPartitions\":%" PRId32 "}",
                      store.prefix_columns, o->partitions);
    }
    buffer_append_text(out, "]}");
}

/* Writes what is not there yet, or binds nobody. */
static bool keep_name(struct check *k, int32_t id)
{
    char path[PATH_MAX];
    struct bytes there;
    struct buffer text;
    metadata_path(k, id, path);
    if (!read_file(k, path, &there)) {
        return false;
    }
    buffer_init(&text, FILE_MAX);
    print_metadata(&text, id, &k->operators[id]);
    bool write = !there.data || (!k->binding && !bytes_equal(there, buffer_bytes(&text)));
    bool ok = !write || write_file(k, path, buffer_bytes(&text));
    buffer_finish(&text);
    return ok;
}

/* Of a query that never finished a batch, and had more operators. */
static void forget_others(struct check *k)
{
    char path[PATH_MAX];
    int32_t *ids;
    int32_t count = list_ids(k, &ids);
    for (int32_t i = 0; i < count; i++) {
        if (ids[i] >= k->count) {
            metadata_path(k, ids[i], path);
            (void)unlink(path);
        }
    }
}

/* --- schemas --- */

static bool refuse_schema(
    struct check *k, bool key, const struct type *stored, const struct type *now, const char *path)
{
    static const struct sql_condition conditions[] = {
        { "STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE", "XXKST",
          "org.apache.spark.sql.execution.streaming.state.StateStoreValueSchemaNotCompatible" },
        { "STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE", "XXKST",
          "org.apache.spark.sql.execution.streaming.state.StateStoreKeySchemaNotCompatible" },
    };
    const char *what = key ? "key" : "value";
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX / 2);
    buffer_printf(&text, "Existing %s_schema=", what);
    state_schema_print_type(&text, stored);
    buffer_printf(&text, " and new %s_schema=", what);
    state_schema_print_type(&text, now);
    (void)sql_fail(k->error, &conditions[key],
                   "Provided %s schema does not match existing state %s schema.\nPlease check "
                   "number and type of fields.\n%.*s.\nIf you want to force running the query "
                   "without schema validation, please set "
                   "spark.sql.streaming.stateStore.stateSchemaCheck to false.\nHowever, please "
                   "note that running the query with incompatible schema could cause "
                   "non-deterministic behavior.",
                   what, what, BYTES_ARG(buffer_bytes(&text)));
    sql_error_add(k->error,
                  "\nThe schemas are in file:%s. Start the query as it was, or the changed one "
                  "with another checkpointLocation: it then begins anew.",
                  path);
    buffer_finish(&text);
    return false;
}

static bool compare(
    struct check *k, bool key, struct bytes stored_json, struct bytes now_json, const char *path)
{
    if (bytes_equal(stored_json, now_json)) {
        return true;
    }
    const struct type *stored = state_schema_type(stored_json, &k->arena);
    const struct type *now = state_schema_type(now_json, &k->arena);
    if (!stored || !now) {
        return log_fail_damaged(path, &(struct log_fault){ .damage = LOG_NO_SCHEMA }, k->error);
    }
    return state_schema_compatible(stored, now) || refuse_schema(k, key, stored, now, path);
}

static bool check_store(struct check *k, int32_t id, const struct checkpoint_store *store)
{
    char path[PATH_MAX];
    struct bytes file;
    struct bytes key;
    struct bytes value;
    bool only = strcmp(store->name, default_store) == 0;
    (void)snprintf(path, sizeof(path), "%s/state/%" PRId32 "/0/%s%s_metadata/schema", k->c->root,
                   id, only ? "" : store->name, only ? "" : "/");
    if (!read_file(k, path, &file)) {
        return false;
    }
    if (file.data && k->binding) {
        if (!state_schema_parse(file, &k->arena, &key, &value)) {
            return log_fail_damaged(path, &(struct log_fault){ .damage = LOG_NO_SCHEMA }, k->error);
        }
        return compare(k, true, key, store->key_schema, path) &&
               compare(k, false, value, store->value_schema, path);
    }
    struct buffer text;
    buffer_init(&text, FILE_MAX);
    state_schema_print(&text, store->key_schema, store->value_schema);
    bool same = file.data && bytes_equal(file, buffer_bytes(&text));
    bool ok = same || write_file(k, path, buffer_bytes(&text));
    buffer_finish(&text);
    return ok;
}

bool checkpoint_check_operators(struct checkpoint *c,
                                const struct checkpoint_operator *operators,
                                int32_t count,
                                struct sql_error *error)
{
    int64_t last_commit;
    if (!metadata_log_latest(&c->commits, &last_commit, error)) {
        return false;
    }
    struct check k = {
        .c = c, .operators = operators, .count = count, .binding = last_commit >= 0, .error = error
    };
    arena_init(&k.arena, 0);
    bool ok = !k.binding || check_names(&k);
    if (!k.binding) {
        forget_others(&k);
    }
    for (int32_t id = 0; ok && id < count; id++) {
        ok = keep_name(&k, id);
        for (int32_t i = 0; ok && i < stores_of(&operators[id]); i++) {
            struct checkpoint_store store = store_of(&operators[id], i);
            ok = check_store(&k, id, &store);
        }
    }
    arena_finish(&k.arena);
    return ok;
}
