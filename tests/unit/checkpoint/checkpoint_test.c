/*
 * checkpoint/checkpoint: the folder is Spark's, to the byte; a query goes on where it was; what does not fit is refused in Spark's words,
 * with the file and what to do.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint_golden.h"

#include <cmocka.h>

enum { PATH_SIZE = 300 };

struct fixture {
    char root[64];
    struct checkpoint *c;
    struct arena arena;
    struct sql_error error;
};

static void reopen(struct fixture *f)
{
    checkpoint_close(f->c);
    sql_error_finish(&f->error);
    f->c = checkpoint_open(&(struct checkpoint_options){ .root = f->root }, &f->error);
}

static int set_up(void **state)
{
    struct fixture *f = MEM_NEW(struct fixture);
    (void)snprintf(f->root, sizeof(f->root), "/tmp/weir-checkpoint-XXXXXX");
    assert_non_null(mkdtemp(f->root));
    arena_init(&f->arena, 0);
    reopen(f);
    assert_non_null(f->c);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    checkpoint_close(f->c);
    arena_finish(&f->arena);
    sql_error_finish(&f->error);
    assert_int_equal(file_remove_tree(AT_FDCWD, f->root, NULL), WEIR_OK);
    free(f);
    return 0;
}

static const char *path_of(const struct fixture *f, const char *name, char out[PATH_SIZE])
{
    (void)snprintf(out, PATH_SIZE, "%s/%s", f->root, name);
    return out;
}

static void put(const struct fixture *f, const char *name, struct bytes text)
{
    char path[PATH_SIZE];
    char folder[PATH_SIZE];
    path_of(f, name, path);
    (void)snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(path, '/') - path), path);
    assert_int_equal(file_make_dirs(folder, NULL), WEIR_OK);
    assert_int_equal(file_replace(AT_FDCWD, path, text, false, NULL), WEIR_OK);
}

static struct bytes get(struct fixture *f, const char *name)
{
    char path[PATH_SIZE];
    struct buffer b;
    buffer_init(&b, 1 << 20);
    if (file_read(AT_FDCWD, path_of(f, name, path), &b, NULL) < 0) {
        fail_msg("there is no %s", path);
    }
    struct bytes text = arena_copy(&f->arena, buffer_bytes(&b));
    buffer_finish(&b);
    return text;
}

static bool is_there(const struct fixture *f, const char *name)
{
    char path[PATH_SIZE];
    return access(path_of(f, name, path), F_OK) == 0;
}

/* The error says these words, and what to do. */
static void said(struct fixture *f, const char *words)
{
    if (!f->error.message || !strstr(f->error.message, words)) {
        fail_msg("%s", f->error.message ? f->error.message : "no error");
    }
    sql_error_finish(&f->error);
}

static bool write_offsets(struct fixture *f, int64_t batch)
{
    char text[32];
    (void)snprintf(text, sizeof(text), "{\"logOffset\":%d}", (int)batch);
    const struct checkpoint_conf conf = { bytes_of("spark.sql.shuffle.partitions"), bytes_of("1") };
    const struct bytes source = bytes_of(text);
    return checkpoint_write_offsets(
        f->c, batch, &(struct batch_offsets){ batch * 10, batch * 100, 1, &conf, 1, &source },
        &f->error);
}

static void run_batches(struct fixture *f, int64_t from, int64_t below)
{
    for (int64_t batch = from; batch < below; batch++) {
        assert_true(write_offsets(f, batch));
        assert_true(checkpoint_write_commit(f->c, batch, batch * 10 + 5, &f->error));
    }
}

static void the_id_is_kept(void **state)
{
    struct fixture *f = *state;
    char first[64];
    struct bytes text = get(f, "metadata");
    (void)snprintf(first, sizeof(first), "%s", checkpoint_id(f->c));
    assert_int_equal(text.len, 45);
    assert_true(bytes_starts_with(text, bytes_of("{\"id\":\"")));
    assert_memory_equal(text.data + 7, first, 36);
    assert_memory_equal(text.data + 43, "\"}", 2);
    assert_true(first[8] == '-' && first[13] == '-' && first[14] == '4' && first[23] == '-');
    reopen(f);
    assert_string_equal(checkpoint_id(f->c), first);
    char path[PATH_SIZE];
    assert_int_equal(unlink(path_of(f, "metadata", path)),
                     0); /* as in Spark: then it has another one */
    reopen(f);
    assert_string_not_equal(checkpoint_id(f->c), first);
}

static void damaged_metadata_is_refused(void **state)
{
    struct fixture *f = *state;
    static const char *const texts[] = { "",         "hello",      "{}",
                                         "[\"id\"]", "{\"id\":5}", "{\"id\":\"5\"}" };
    char path[PATH_SIZE];
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        put(f, "metadata", bytes_of(texts[i]));
        reopen(f);
        assert_null(f->c);
        said(f, path_of(f, "metadata", path));
    }
}

static void a_folder_that_cannot_be_made_is_said(void **state)
{
    struct fixture *f = *state;
    char path[PATH_SIZE];
    put(f, "file", bytes_of(""));
    struct checkpoint_options options = { .root = path_of(f, "file/checkpoint", path) };
    assert_null(checkpoint_open(&options, &f->error));
    said(f, "/file/checkpoint: Not a directory\nLet the user");
    put(f, "offsets-here/offsets", bytes_of(""));
    options.root = path_of(f, "offsets-here", path);
    assert_null(checkpoint_open(&options, &f->error));
    said(f, "/offsets-here/offsets");
}

static void a_batch_is_logged_and_read_again(void **state)
{
    struct fixture *f = *state;
    struct checkpoint_position p;
    struct batch_offsets o;
    int64_t watermark_ms;
    assert_true(checkpoint_position(f->c, &p, &f->error));
    assert_true(p.next_batch == 0 && !p.again && p.last_offsets == -1 && p.last_commit == -1);
    run_batches(f, 0, 3);
    assert_true(write_offsets(f, 3));
    reopen(f);
    assert_true(checkpoint_position(f->c, &p, &f->error));
    assert_true(p.next_batch == 3 && p.again && p.last_offsets == 3 && p.last_commit == 2);
    assert_true(checkpoint_read_offsets(f->c, 3, &f->arena, &o, &f->error));
    assert_true(o.watermark_ms == 30 && o.timestamp_ms == 300 && o.source_count == 1);
    assert_true(bytes_equal_text(o.offsets[0], "{\"logOffset\":3}"));
    assert_true(checkpoint_read_commit(f->c, 2, &watermark_ms, &f->error));
    assert_int_equal(watermark_ms, 25);
    assert_true(checkpoint_write_commit(f->c, 3, 35, &f->error));
    reopen(f);
    assert_true(checkpoint_position(f->c, &p, &f->error));
    assert_true(p.next_batch == 4 && !p.again);
    assert_false(checkpoint_read_commit(f->c, 9, &watermark_ms, &f->error));
    said(f, "batch 9 doesn't exist\nThere is no file:");
}

static void files_of_spark_are_gone_on_with(void **state)
{
    struct fixture *f = *state;
    struct golden_files g;
    struct golden_file file;
    struct checkpoint_position p;
    struct batch_offsets o;
    int64_t watermark_ms;
    assert_true(golden_files_open(&g));
    while (golden_files_next(&g, &file)) {
        if (strcmp(file.checkpoint, "recovery_rerun_batch/checkpoint_1") == 0) {
            put(f, file.path, file.text);
        }
    }
    golden_files_close(&g);
    reopen(f);
    assert_non_null(f->c);
    assert_true(bytes_starts_with((struct bytes){ get(f, "metadata").data + 7, 36 },
                                  bytes_of(checkpoint_id(f->c))));
    assert_true(checkpoint_position(f->c, &p, &f->error));
    assert_int_equal(p.next_batch, p.last_commit + 1);
    assert_true(checkpoint_read_offsets(f->c, p.last_offsets, &f->arena, &o, &f->error));
    assert_true(checkpoint_read_commit(f->c, p.last_commit, &watermark_ms, &f->error));
    assert_true(watermark_ms >= o.watermark_ms && o.watermark_ms > 1700000000000);
}

static void a_rival_is_noticed(void **state)
{
    struct fixture *f = *state;
    run_batches(f, 0, 1);
    struct bytes before = get(f, "offsets/0");
    assert_false(write_offsets(f, 0));
    assert_string_equal(f->error.condition->name, "CONCURRENT_STREAM_LOG_UPDATE");
    said(f,
         "[CONCURRENT_STREAM_LOG_UPDATE] Concurrent update to the log. Multiple streaming jobs "
         "detected for 0.\nPlease make sure only one streaming job runs on a specific checkpoint "
         "location at a time. SQLSTATE: 40000");
    assert_true(bytes_equal(get(f, "offsets/0"), before));
    assert_false(checkpoint_write_commit(f->c, 0, 77, &f->error));
    said(f, "[CONCURRENT_STREAM_LOG_UPDATE]");
    assert_true(bytes_equal_text(get(f, "commits/0"), "v1\n{\"nextBatchWatermarkMs\":5}"));
}

static void missing_files_are_named(void **state)
{
    struct fixture *f = *state;
    struct checkpoint_position p;
    char path[PATH_SIZE];
    run_batches(f, 0, 2);
    assert_int_equal(unlink(path_of(f, "offsets/0", path)), 0);
    assert_false(checkpoint_position(f->c, &p, &f->error));
    assert_non_null(strstr(f->error.message, path));
    said(f, "batch 0 doesn't exist\nThere is no file:");
    assert_true(write_offsets(f, 0));
    put(f, "commits/7", bytes_of("v1\n{\"nextBatchWatermarkMs\":0}"));
    assert_false(checkpoint_position(f->c, &p, &f->error));
    assert_non_null(strstr(f->error.message, path_of(f, "commits/7", path)));
    assert_non_null(strstr(f->error.message, path_of(f, "offsets/7", path)));
    said(
        f,
        "[CONCURRENT_STREAM_LOG_UPDATE] Concurrent update to the log. Multiple streaming jobs detected for 7.");
}

struct damage_case {
    const char *file;
    const char *text;
    const char *words;
};

/* As recovery_damaged_logs of Spark 4.1 words it, where Spark names the file; and always with the file. */
static void damaged_files_are_named(void **state)
{
    struct fixture *f = *state;
    static const struct damage_case cases[] = {
        { "offsets/1", "", "Incomplete log file\n" },
        { "offsets/1", "v1\n", "Incomplete log file\n" },
        { "offsets/1", "v9\n{}",
          "[INVALID_LOG_VERSION.MAX_SUPPORTED_VERSION] UnsupportedLogVersion. The maximum supported "
          "log version is v1, but encountered v9. The log file was produced by a newer version of "
          "Spark and cannot be read by this version. You need to upgrade. SQLSTATE: KD002\n" },
        { "offsets/1", "{\"batchWatermarkMs\":0}",
          "[MALFORMED_LOG_FILE] Log file was malformed: failed to read correct log version from "
          "{\"batchWatermarkMs\":0}. SQLSTATE: KD002\n" },
        { "offsets/1", "v1\n{\"batchWatermarkMs\":0,\"batchTimes",
          "It is not JSON at line 2, column 34.\n" },
        { "commits/1", "", "Incomplete log file in the offset commit log\n" },
        { "commits/1", "v9\n{}",
          "[INVALID_LOG_VERSION.EXACT_MATCH_VERSION] UnsupportedLogVersion. The only supported log "
          "version is v1, but encountered v9. SQLSTATE: KD002\n" },
        { "commits/1", "v1\nnot json", "It is not JSON at line 2, column 1.\n" },
        { "commits/1", "v1\n{\"nextBatchWatermarkMs\":\"\"}",
          "The field nextBatchWatermarkMs is missing, or of another type.\n" },
    };
    run_batches(f, 0, 2);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char words[1024];
        char path[PATH_SIZE];
        struct batch_offsets o;
        int64_t watermark_ms;
        put(f, cases[i].file, bytes_of(cases[i].text));
        bool good = cases[i].file[0] == 'o'
                        ? checkpoint_read_offsets(f->c, 1, &f->arena, &o, &f->error)
                        : checkpoint_read_commit(f->c, 1, &watermark_ms, &f->error);
        assert_false(good);
        (void)snprintf(words, sizeof(words), "Failed to read log file file:%s. %sRestore the file",
                       path_of(f, cases[i].file, path), cases[i].words);
        said(f, words);
    }
    put(f, "commits/1", bytes_of("v1\n{}")); /* this one Spark takes */
    int64_t watermark_ms;
    assert_true(checkpoint_read_commit(f->c, 1, &watermark_ms, &f->error));
    put(f, "offsets/1", bytes_of("v1\n{}")); /* and this one, with no source */
    struct batch_offsets o;
    assert_true(checkpoint_read_offsets(f->c, 1, &f->arena, &o, &f->error));
    assert_int_equal(o.source_count, 0);
}

static void old_batches_go(void **state)
{
    struct fixture *f = *state;
    struct checkpoint_position p;
    for (int64_t batch = 0; batch < 25; batch++) { /* as the loop does: minBatchesToRetain 5 */
        assert_true(write_offsets(f, batch));
        checkpoint_purge(f->c, batch - 5);
        assert_true(checkpoint_write_commit(f->c, batch, 0, &f->error));
    }
    put(f, "offsets/notes.txt", bytes_of("kept"));
    assert_false(is_there(f, "offsets/18") || is_there(f, "commits/18") ||
                 is_there(f, "offsets/0"));
    assert_true(is_there(f, "offsets/19") && is_there(f, "commits/19"));
    reopen(f);
    checkpoint_purge(f->c, 21); /* another run finds by itself what there is */
    assert_false(is_there(f, "offsets/19") || is_there(f, "commits/20"));
    assert_true(is_there(f, "offsets/21") && is_there(f, "offsets/notes.txt"));
    assert_true(checkpoint_position(f->c, &p, &f->error));
    assert_int_equal(p.next_batch, 25);
}

/* --- operators --- */

static const char key_k[] =
    "{\"type\":\"struct\",\"fields\":[{\"name\":\"k\",\"type\":\"string\",\"nullable\":true,\"metadata\":{}}]}";
static const char key_renamed[] =
    "{\"type\":\"struct\",\"fields\":[{\"name\":\"kk\",\"type\":\"string\",\"nullable\":true,\"metadata\":{}}]}";
static const char key_k_v[] =
    "{\"type\":\"struct\",\"fields\":[{\"name\":\"k\",\"type\":\"string\",\"nullable\":true,\"metadata\":{}},"
    "{\"name\":\"v\",\"type\":\"integer\",\"nullable\":true,\"metadata\":{}}]}";
static const char value_count[] =
    "{\"type\":\"struct\",\"fields\":[{\"name\":\"count\",\"type\":\"long\",\"nullable\":false,\"metadata\":{}}]}";
static const char value_count_sum[] =
    "{\"type\":\"struct\",\"fields\":[{\"name\":\"count\",\"type\":\"long\",\"nullable\":false,\"metadata\":{}},"
    "{\"name\":\"sum\",\"type\":\"long\",\"nullable\":true,\"metadata\":{}}]}";

static struct checkpoint_operator operator_of(const char *name, const char *key, const char *value)
{
    return (struct checkpoint_operator){
        .name = name, .key_schema = bytes_of(key), .value_schema = bytes_of(value), .partitions = 1
    };
}

static bool check(struct fixture *f, const char *name, const char *key, const char *value)
{
    struct checkpoint_operator o = operator_of(name, key, value);
    return checkpoint_check_operators(f->c, &o, 1, &f->error);
}

static void golden_metadata(struct fixture *f, const char *checkpoint, const char *name)
{
    struct golden_files g;
    struct golden_file file;
    bool found = false;
    assert_true(golden_files_open(&g));
    while (golden_files_next(&g, &file)) {
        if (strcmp(file.checkpoint, checkpoint) == 0 && strcmp(file.path, name) == 0) {
            found = true;
            if (!bytes_equal(get(f, name), file.text)) {
                fail_msg("%.*s", BYTES_ARG(get(f, name)));
            }
        }
    }
    golden_files_close(&g);
    assert_true(found);
}

static void operators_are_written_as_spark_writes_them(void **state)
{
    struct fixture *f = *state;
    assert_true(check(f, "stateStoreSave", key_k, value_count));
    golden_metadata(f, "recovery_state_files/checkpoint", "state/0/_metadata/metadata");
    struct bytes schema = get(f, "state/0/0/_metadata/schema");
    assert_int_equal(schema.len, 193); /* so does the listing of recovery_state_files */
    assert_memory_equal(schema.data, "\0\2v2\0\0\0\1\0\x57{\"type\"", 17);
}

static void several_operators_and_stores_are_written(void **state)
{
    struct fixture *f = *state;
    struct checkpoint_operator two[] = { operator_of("stateStoreSave", key_k, value_count),
                                         operator_of("dedupe", key_k, value_count) };
    assert_true(checkpoint_check_operators(f->c, two, 2, &f->error));
    golden_metadata(f, "recovery_listing_operators/checkpoint_chain", "state/0/_metadata/metadata");
    golden_metadata(f, "recovery_listing_operators/checkpoint_chain", "state/1/_metadata/metadata");
    static const char *const names[] = { "left-keyToNumValues", "left-keyWithIndexToValue",
                                         "right-keyToNumValues", "right-keyWithIndexToValue" };
    struct checkpoint_store stores[4];
    for (int i = 0; i < 4; i++) {
        stores[i] =
            (struct checkpoint_store){ names[i], bytes_of(key_k), bytes_of(value_count), 0 };
    }
    struct checkpoint_operator join = {
        .name = "symmetricHashJoin", .partitions = 1, .store_count = 4, .stores = stores
    };
    assert_true(checkpoint_check_operators(f->c, &join, 1,
                                           &f->error)); /* nothing was committed: another query */
    golden_metadata(f, "recovery_listing_operators/checkpoint_join", "state/0/_metadata/metadata");
    assert_true(is_there(f, "state/0/0/right-keyToNumValues/_metadata/schema"));
    assert_false(is_there(f, "state/1/_metadata/metadata"));
    struct checkpoint_operator session =
        operator_of("sessionWindowStateStoreSaveExec", key_k, value_count);
    session.prefix_columns = 1;
    assert_true(checkpoint_check_operators(f->c, &session, 1, &f->error));
    golden_metadata(f, "recovery_listing_operators/checkpoint_session",
                    "state/0/_metadata/metadata");
}

static void another_query_is_refused_in_sparks_words(void **state)
{
    struct fixture *f = *state;
    char path[PATH_SIZE];
    assert_true(check(f, "dedupe", key_k, value_count));
    run_batches(f, 0, 1);
    reopen(f);
    assert_true(check(f, "dedupe", key_k, value_count));
    assert_true(check(f, "dedupe", key_renamed, value_count)); /* names are free */
    assert_false(check(f, "stateStoreSave", key_k, value_count));
    assert_string_equal(f->error.condition->state, "42K03");
    said(
        f,
        "[STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA] Streaming stateful operator name does "
        "not match with the operator in state metadata. This likely to happen when user "
        "adds/removes/changes stateful operator of existing streaming query.\nStateful operators in the "
        "metadata: [(OperatorId: 0 -> OperatorName: dedupe)]; Stateful operators in current batch: "
        "[(OperatorId: 0 -> OperatorName: stateStoreSave)]. SQLSTATE: 42K03\n");
    assert_false(checkpoint_check_operators(f->c, NULL, 0, &f->error));
    said(f, "Stateful operators in current batch: []. SQLSTATE: 42K03\n");
    struct checkpoint_operator two[] = { operator_of("dedupe", key_k, value_count),
                                         operator_of("globalLimit", key_k, value_count) };
    assert_false(checkpoint_check_operators(f->c, two, 2, &f->error));
    said(f,
         "[(OperatorId: 0 -> OperatorName: dedupe), (OperatorId: 1 -> OperatorName: globalLimit)]");
    assert_false(check(f, "dedupe", key_k_v, value_count));
    assert_string_equal(f->error.condition->name, "STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE");
    assert_non_null(strstr(f->error.message, path_of(f, "state/0/0/_metadata/schema", path)));
    said(
        f,
        "Existing key_schema=StructType(StructField(k,StringType,true)) and new "
        "key_schema=StructType(StructField(k,StringType,true),StructField(v,IntegerType,true)).\n");
    assert_false(check(f, "dedupe", key_k, value_count_sum));
    said(
        f,
        "[STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE] Provided value schema does not match existing state value "
        "schema.\nPlease check number and type of fields.\nExisting "
        "value_schema=StructType(StructField(count,LongType,false)) and new "
        "value_schema=StructType(StructField(count,LongType,false),StructField(sum,LongType,true)).\nIf you want "
        "to force running the query without schema validation, please set "
        "spark.sql.streaming.stateStore.stateSchemaCheck to false.\nHowever, please note that running the query "
        "with incompatible schema could cause non-deterministic behavior. SQLSTATE: XXKST\n");
    two[0].partitions = 3;
    assert_false(checkpoint_check_operators(f->c, two, 1, &f->error));
    said(f, "has 1 partitions, and the query has 3");
    assert_true(check(f, "dedupe", key_k, value_count)); /* nothing has changed what is kept */
}

static void a_stateless_checkpoint_takes_new_operators(void **state)
{
    struct fixture *f = *state;
    assert_true(checkpoint_check_operators(f->c, NULL, 0, &f->error));
    run_batches(f, 0, 1);
    assert_true(
        check(f, "stateStoreSave", key_k, value_count)); /* its state is what will be missing */
    assert_true(is_there(f, "state/0/_metadata/metadata"));
}

static void damaged_operator_files_are_named(void **state)
{
    struct fixture *f = *state;
    static const char *const texts[] = {
        "",      "v1",     "v2\n{}",
        "v1\nx", "v1\n{}", "v1\n{\"operatorInfo\":{\"operatorName\":\"dedupe\"}}"
    };
    char path[PATH_SIZE];
    assert_true(check(f, "dedupe", key_k, value_count));
    struct bytes good = get(f, "state/0/_metadata/metadata");
    run_batches(f, 0, 1);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        put(f, "state/0/_metadata/metadata", bytes_of(texts[i]));
        assert_false(check(f, "dedupe", key_k, value_count));
        said(f, path_of(f, "state/0/_metadata/metadata", path));
    }
    put(f, "state/0/_metadata/metadata", good);
    struct bytes schema = get(f, "state/0/0/_metadata/schema");
    for (size_t len = 0; len < schema.len; len++) {
        put(f, "state/0/0/_metadata/schema", (struct bytes){ schema.data, len });
        assert_false(check(f, "dedupe", key_k, value_count));
        said(f, path_of(f, "state/0/0/_metadata/schema", path));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_id_is_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damaged_metadata_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_folder_that_cannot_be_made_is_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_batch_is_logged_and_read_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_of_spark_are_gone_on_with, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_rival_is_noticed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(missing_files_are_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damaged_files_are_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(old_batches_go, set_up, tear_down),
        cmocka_unit_test_setup_teardown(operators_are_written_as_spark_writes_them, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(several_operators_and_stores_are_written, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(another_query_is_refused_in_sparks_words, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_stateless_checkpoint_takes_new_operators, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(damaged_operator_files_are_named, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("checkpoint/checkpoint", tests, NULL, NULL);
}
