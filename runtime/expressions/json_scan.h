/*
 * from_json, fast: rows that are plain, valid JSON, straight from bytes into the fields' builders. Internal to the JSON functions.
 *
 * Whatever is out of the ordinary (a wrong type, a broken text, a name twice, nested fields that are wanted) is left alone: then the row
 * is as if never begun, and json_convert() does it. So a scan needs to know only what is right, and right is the same for both.
 *
 * Members mostly come in the same order with the same blanks from row to row. The scan remembers, for each place in the row, the bytes
 * from the value before to the value there (`, "ad_id": `) and what the name stands for: a comparison of some bytes then replaces
 * reading, finding the name and checking the syntax.
 *
 * Inner loops look at 32, 16 or 8 bytes at a time: AVX2 where the machine has it, SSE2 where the architecture has it, else plain C.
 *
 * Thread: one at a time.
 */
#pragma once

#include "expressions/json_convert.h"

struct json_scan;

enum json_scan_path {
    JSON_PATH_BEST, /* of this machine */
    JSON_PATH_PLAIN,
    JSON_PATH_SSE2, /* PLAIN on machines without */
    JSON_PATH_AVX2,
};

/*
 * NULL: this type has nothing to gain. `texts` is the column that all rows will be from: bytes up to its end may be looked at.
 * `b` is of a struct type; `corrupt` is the field for bad records' texts, or -1.
 */
struct json_scan *json_scan_new(struct json_input *in,
                                struct builder *b,
                                int32_t corrupt,
                                const struct column *texts);
struct json_scan *json_scan_new_path(struct json_input *in,
                                     struct builder *b,
                                     int32_t corrupt,
                                     const struct column *texts,
                                     enum json_scan_path path);
void json_scan_free(struct json_scan *s);

/* One row more. False: nothing was done. */
bool json_scan_row(struct json_scan *s, struct bytes text);

/* One row more, by the scan if there is one (not NULL) and it can, else by json_convert(). FAILED rows have been added too, as nulls. */
enum json_outcome json_add_row(struct json_input *in,
                               struct json_scan *scan,
                               struct builder *b,
                               int32_t corrupt,
                               struct bytes text);
