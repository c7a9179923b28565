/*
 * Logical plans as they were written: verbs over verbs, expressions still as syntax. Data: can be printed, compared, and sent (JSON).
 *
 *     verb           made by                           `list`                     other members
 *     READ           readStream, read                                             relation
 *     ROWS           VALUES, collected rows                                       rows, schema, name
 *     RANGE          range()                                                      start, end, step, splits
 *     PROJECT        select, selectExpr                what is selected, stars and generators too
 *     WITH_COLUMNS   withColumn                        an alias each
 *     RENAME         withColumnRenamed                                            names: old, new, old, new, ...
 *     DROP           drop                                                         names
 *     TO_DF          toDF                                                         names
 *     FILTER         where                             the condition
 *     AGGREGATE      groupBy().agg(), GROUP BY         all columns that come out  keys
 *     DISTINCT       distinct, dropDuplicates                                     names; none: all columns
 *     LIMIT          limit                                                        limit
 *     UNION          union                                                        (two inputs)
 *     SORT           orderBy                           the keys                   orders
 *     ALIAS          alias, createTempView                                        name
 *     WATERMARK      withWatermark                                                name: the column, delay
 *
 * An AGGREGATE gives what its list says and nothing else, as SELECT does. groupBy(k).agg(x) gives the keys too: whoever makes that node puts
 * the keys in front of the list, aliases included (list: k, x; keys: k). A PROJECT with an aggregate function in its list is one without keys.
 * With `ordinals` (ORDER BY 2, GROUP BY 1) a number among the keys is a place in what is selected.
 *
 * A node knows its inputs. Analysis (analysis of plans: plan.h) gives each its meaning. Everything lives in one arena, but for `rows`,
 * which whoever made the node keeps. Thread: any number of readers.
 */
#pragma once

#include "columns/batch.h"
#include "expressions/syntax.h"
#include "plan/options.h"

enum verb {
    VERB_READ,
    VERB_ROWS,
    VERB_RANGE,
    VERB_PROJECT,
    VERB_WITH_COLUMNS,
    VERB_RENAME,
    VERB_DROP,
    VERB_TO_DF,
    VERB_FILTER,
    VERB_AGGREGATE,
    VERB_DISTINCT,
    VERB_LIMIT,
    VERB_UNION,
    VERB_SORT,
    VERB_ALIAS,
    VERB_WATERMARK,
    VERB_COUNT,
};

enum {
    PLAN_MAX_DEPTH = 500, /* of verbs; checked where they are made */
    PLAN_MAX_NODES =
        20000, /* of a tree, a frame that is used twice counted twice; checked by analysis */
};

/* What a source is asked for. The schema is settled by whoever makes the node (sources know theirs). */
struct relation {
    struct bytes format;
    struct options options;
    const struct type *schema;
    bool streaming;
    bool given_schema; /* by the user */
};

struct sort_order {
    bool descending;
    bool nulls_last;
};

struct logical {
    enum verb verb;
    int32_t depth;
    int32_t input_count;
    const struct logical *inputs[2];
    const struct relation *relation;
    struct batch *rows; /* borrowed */
    const struct type *schema;
    int64_t start, end, step;
    int32_t splits; /* RANGE: in how many partitions; 0: as whoever runs it likes */
    int32_t list_count;
    const struct syntax *const *list;
    int32_t key_count;
    const struct syntax *const *keys;
    const struct sort_order *orders; /* one for each of `list` */
    int32_t name_count;
    const struct bytes *names;
    struct bytes name;
    struct bytes delay;
    int32_t limit;
    bool ordinals;
    struct bytes source; /* of syntax that does not know its own text */
};

/* {"verb":"filter","list":[...],"inputs":[...]}: everything but rows, which are written as a count. */
void logical_print_json(struct buffer *out, const struct logical *l);

/* Reads that back; relations get their schema from the text. False: the error says where. */
bool logical_read_json(struct arena *arena,
                       struct bytes text,
                       const struct logical **out,
                       struct sql_error *error);

/* The same verbs over the same inputs; places in texts aside. */
bool logical_equal(const struct logical *a, const struct logical *b);

/* "'Project ['a]\n+- ...\n": == Parsed Logical Plan ==. */
void logical_print_tree(struct buffer *out, const struct logical *l);
