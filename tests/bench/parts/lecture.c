/*
 * How many rows a second the lecture's query takes on one thread, from columns in memory to groups in a state store: the median of some
 * batches, in CPU time and by the clock.
 *
 *     bench_lecture [BATCHES [THREADS]]
 *
 *     from_json(CAST(value AS STRING), ...) -> value.name, ... -> flag = 1 -> concat(name, surname) -> count, in update mode
 *
 * Rows are transactions of 86 bytes on average, binary as Kafka gives them. Beside the whole query its beginnings are measured, to see what
 * each step adds.
 */
#include <ftw.h>
#include <time.h>
#include <unistd.h>

#include "plan_nodes.h"

enum { PARTS = 4, BATCH_BATCHES = 32, BATCHES_MAX = 101 };

static struct batch *make_rows(const struct type *schema, uint64_t *seed)
{
    static const char *const names[] = { "John", "Andy", "Joe", "Alice" };
    static const char *const surnames[] = { "Johnson", "Smith", "Jones", "Millers" };
    struct builder *b = builder_new(schema->fields[0].type);
    for (int i = 0; i < ROWS_PER_BATCH; i++) {
        uint64_t r = plans_random(seed);
        char text[160];
        int len = snprintf(text, sizeof(text),
                           "{\"name\": \"%s\", \"surname\": \"%s\", \"amount\": \"%d.%02d\", "
                           "\"delta_t\": \"%d.%02d\", \"flag\": %d}",
                           names[r % 4], surnames[r / 4 % 4], (int)(r / 16 % 1000),
                           (int)(r / 16000 % 100), (int)(r / 1600000 % 10),
                           (int)(r / 16000000 % 100), r / 1600000000 % 5 == 0);
        builder_text(b, (struct bytes){ (const uint8_t *)text, (size_t)len });
    }
    struct column *column = builder_finish(b);
    return batch_new(schema, &column, ROWS_PER_BATCH);
}

/* --- a scan of the same batches again and again --- */

struct memory_scan {
    struct scan base;
    struct batch *batches[BATCH_BATCHES];
};

struct memory_reader {
    struct row_reader base;
    const struct memory_scan *scan;
    int32_t at;
};

static bool memory_next(struct row_reader *r, struct batch **out, struct sql_error *error)
{
    struct memory_reader *m = (struct memory_reader *)r;
    (void)error;
    *out = m->at < BATCH_BATCHES ? batch_slice(m->scan->batches[m->at], 0, ROWS_PER_BATCH) : NULL;
    m->at += PARTS;
    return true;
}

static void memory_close(struct row_reader *r)
{
    free(r);
}

static struct row_reader *memory_open(struct scan *s, int32_t partition, struct sql_error *error)
{
    (void)error;
    struct memory_reader *m = MEM_NEW(struct memory_reader);
    m->base = (struct row_reader){ memory_next, memory_close };
    m->scan = (const struct memory_scan *)s;
    m->at = partition;
    return &m->base;
}

/* --- measuring --- */

static double seconds_of(clockid_t clock)
{
    struct timespec t;
    (void)clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool discard(struct row_writer *w, const struct batch *rows, struct sql_error *error)
{
    (void)w;
    (void)rows;
    (void)error;
    return true;
}

static bool finish(struct row_writer *w, struct sql_error *error)
{
    (void)error;
    free(w);
    return true;
}

static struct row_writer *open_nowhere(struct row_target *t,
                                       int32_t partition,
                                       struct sql_error *error)
{
    (void)t;
    (void)partition;
    (void)error;
    struct row_writer *w = MEM_NEW(struct row_writer);
    *w = (struct row_writer){ discard, finish, (void (*)(struct row_writer *))free };
    return w;
}

static int remove_one(const char *path, const struct stat *s, int kind, struct FTW *where)
{
    (void)s;
    (void)kind;
    (void)where;
    return remove(path);
}

static void measure_rows(
    struct plans *f, struct pool *pool, const char *name, const struct plan *plan, double rows)
{
    int32_t batches = f->shuffle_partitions; /* asked for */
    char folder[] = "/tmp/weir-bench-XXXXXX";
    if (!mkdtemp(folder)) {
        plans_die(f, folder);
    }
    f->states = state_provider_new(&(struct state_options){ .root = folder,
                                                            .min_deltas_for_snapshot = 10,
                                                            .min_batches_to_retain = 100,
                                                            .max_versions_in_memory = 2 });
    f->state_version = 0;
    struct physical_options options = { .mode = OUTPUT_UPDATE,
                                        .parallelism = PARTS,
                                        .shuffle_partitions = pool_threads(pool),
                                        .settings = &f->settings };
    struct physical *p = physical_new(plan, &options, &f->error);
    struct row_target target = { open_nowhere };
    double cpu[BATCHES_MAX];
    double wall[BATCHES_MAX];
    for (int32_t i = 0; p && i < batches; i++) {
        struct execution x = { .pool = pool,
                               .settings = &f->settings,
                               .scans = f->scans,
                               .target = &target,
                               .states = f->states,
                               .state_version = f->state_version,
                               .error = &f->error };
        cpu[i] = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
        wall[i] = seconds_of(CLOCK_MONOTONIC);
        if (!physical_run(p, &x)) {
            break;
        }
        cpu[i] = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu[i];
        wall[i] = seconds_of(CLOCK_MONOTONIC) - wall[i];
        f->state_version += physical_state_operators(p) > 0;
    }
    if (sql_failed(&f->error)) {
        plans_die(f, name);
    }
    qsort(cpu, (size_t)batches, sizeof(cpu[0]), compare);
    qsort(wall, (size_t)batches, sizeof(wall[0]), compare);
    (void)printf("%-44s %6.2f M rows/s   %6.1f ns CPU a row, %.1f at best\n", name,
                 rows / wall[batches / 2] / 1e6, cpu[batches / 2] / rows * 1e9,
                 cpu[0] / rows * 1e9);
    physical_free(p);
    state_provider_free(f->states);
    (void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void measure(struct plans *f, struct pool *pool, const char *name, const struct plan *plan)
{
    measure_rows(f, pool, name, plan, (double)BATCH_BATCHES * ROWS_PER_BATCH);
}

/* Without JSON: what grouping and sorting themselves take. */
static void measure_numbers(struct plans *f, struct pool *pool)
{
    const int32_t rows = 1 << 20;
    const struct plan *numbers =
        plan_project(f, plan_range(f, 0, rows, 1),
                     PLAN_LIST("id", "id * 7919 % 1000 AS few", "id * 7919 % 300007 AS many"));
    const struct sort_order up[1] = { { false, false } };
    measure_rows(f, pool, "1 Mi numbers: sum by 1,000 groups",
                 plan_aggregate(f, numbers, PLAN_LIST("few"), PLAN_LIST("few", "sum(id)")), rows);
    measure_rows(f, pool, "1 Mi numbers: sum by 300,007 groups",
                 plan_aggregate(f, numbers, PLAN_LIST("many"), PLAN_LIST("many", "sum(id)")), rows);
    measure_rows(f, pool, "1 Mi numbers: count by two keys",
                 plan_aggregate(f, numbers, PLAN_LIST("few", "id % 2 AS p"), PLAN_LIST("count(*)")),
                 rows);
    measure_rows(
        f, pool, "1 Mi numbers: distinct",
        plan_over(f, PLAN_DISTINCT, plan_project(f, numbers, PLAN_LIST("many")), PLAN_LIST("many")),
        rows);
    measure_rows(f, pool, "1 Mi numbers: order by", plan_sort(f, numbers, PLAN_LIST("many"), up),
                 rows);
}

static void measure_all(struct plans *f, struct pool *pool)
{
    const struct field field = { .name = bytes_of("value"), .type = type_simple(TYPE_BINARY) };
    const struct type *schema = type_struct(&f->arena, &field, 1);
    struct memory_scan scan = { .base = { PARTS, memory_open, NULL } };
    uint64_t seed = 42;
    double bytes = 0;
    for (int i = 0; i < BATCH_BATCHES; i++) {
        scan.batches[i] = make_rows(schema, &seed);
        bytes += scan.batches[i]->columns[0]->offsets[ROWS_PER_BATCH];
    }
    (void)printf("%.1f bytes a row, %d threads\n", bytes / BATCH_BATCHES / ROWS_PER_BATCH,
                 pool_threads(pool));
    f->scans[0] = &scan.base;
    const struct plan *stream = plan_relation(f, schema, true);
    const struct plan *parsed = plan_project(
        f, stream,
        PLAN_LIST(
            "from_json(CAST(value AS STRING), 'name STRING, surname STRING, flag INT') AS v"));
    const struct plan *flagged = plan_filter(f, parsed, "v.flag = 1");
    const struct plan *ids = plan_project(f, flagged, PLAN_LIST("concat(v.name, v.surname) AS id"));
    measure(f, pool, "from_json, 3 of 5 fields", parsed);
    measure(f, pool, "... where flag = 1", plan_project(f, flagged, PLAN_LIST("v.flag")));
    measure(f, pool, "... concat(name, surname)", ids);
    measure(f, pool, "... groupBy(id).count(), with state",
            plan_aggregate(f, ids, PLAN_LIST("id"), PLAN_LIST("id", "count(*)")));
    const struct plan *whole = plan_project(
        f, stream,
        PLAN_LIST("from_json(CAST(value AS STRING), 'name STRING, surname STRING, amount STRING, "
                  "delta_t STRING, flag INT') AS v"));
    const struct plan *flat =
        plan_project(f, whole, PLAN_LIST("v.name", "v.surname", "v.amount", "v.delta_t", "v.flag"));
    const struct plan *all_ids =
        plan_project(f, plan_filter(f, flat, "flag = 1"), PLAN_LIST("concat(name, surname) AS id"));
    measure(f, pool, "the same of all 5 fields",
            plan_aggregate(f, all_ids, PLAN_LIST("id"), PLAN_LIST("id", "count(*)")));
    const struct plan *everybody =
        plan_project(f, parsed, PLAN_LIST("concat(v.name, v.surname) AS id", "v.flag AS flag"));
    measure(f, pool, "of all rows: sum(flag) by id",
            plan_aggregate(f, everybody, PLAN_LIST("id"), PLAN_LIST("id", "sum(flag)")));
    for (int i = 0; i < BATCH_BATCHES; i++) {
        batch_free(scan.batches[i]);
    }
}

int main(int argc, char **argv)
{
    int64_t batches = 21;
    int64_t threads = 1;
    if (argc > 3 || (argc > 1 && !bytes_parse_i64(bytes_of(argv[1]), &batches)) ||
        (argc > 2 && !bytes_parse_i64(bytes_of(argv[2]), &threads)) || batches < 1 ||
        batches > BATCHES_MAX || threads < 1 || threads > 64) {
        (void)fprintf(stderr, "usage: %s [BATCHES [THREADS]]\n", argv[0]);
        return 2;
    }
    struct plans f;
    plans_init(&f);
    f.shuffle_partitions = (int32_t)batches;
    struct weir_error err;
    struct pool *pool = pool_new((int32_t)threads, &err);
    if (!pool) {
        (void)fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    measure_all(&f, pool);
    measure_numbers(&f, pool);
    pool_free(pool);
    plans_finish(&f);
    return 0;
}
