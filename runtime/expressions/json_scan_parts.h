/*
 * What the files of json_scan.h share. Internal to them.
 */
#pragma once

#include "expressions/json_convert.h"
#include "expressions/json_scan.h"

enum {
    SCAN_STEPS = 64,      /* places in a row that are remembered */
    SCAN_STEP_BYTES = 64, /* of blanks, comma, name and colon */
    SCAN_MARGIN = 64,     /* bytes behind a builder's text that may be written to */
    SCAN_DEPTH = 64,      /* of nested values that are passed over */
    SCAN_NUMBER = 256,    /* bytes of a number */
};

/* What json_scan_learn() finds instead of a field's index. */
enum {
    SCAN_UNWANTED = -1,
    SCAN_END = -2,
    SCAN_STRANGE = -3,
};

/* The bytes between two values, and the field that the value behind them is for. */
struct scan_step {
    uint8_t bytes[SCAN_STEP_BYTES];
    int32_t len; /* 0: not known */
    int32_t field;
};

struct scan_field {
    struct builder *b;
    enum type_kind kind;
};

struct json_scan {
    bool (*read_row)(struct json_scan *s, const uint8_t *p, const uint8_t *end);
    struct json_input *in;
    struct builder *b;
    int32_t corrupt;
    const uint8_t *limit; /* bytes before it may be looked at */
    size_t rows;          /* that there will be */
    int32_t field_count;
    struct scan_field *fields;
    struct scan_step steps[SCAN_STEPS];
};

/* One for each width: json_scan_plain.c, json_scan_sse2.c, json_scan_avx2.c. False: the row is strange, and half in the builders. */
bool json_scan_row_plain(struct json_scan *s, const uint8_t *p, const uint8_t *end);
bool json_scan_row_sse2(struct json_scan *s, const uint8_t *p, const uint8_t *end);
bool json_scan_row_avx2(struct json_scan *s, const uint8_t *p, const uint8_t *end);

/* Are there such? The latter asks the machine. */
bool json_scan_has_sse2(void);
bool json_scan_has_avx2(void);

/* Reads up to the value of the member at this place, and remembers what it saw. *p is moved to the value, or behind the last brace. */
int32_t json_scan_learn(struct json_scan *s, int32_t place, const uint8_t **p, const uint8_t *end);

/* A number's end, *out_whole without point and exponent; NULL: it is none. */
const uint8_t *json_scan_number(const uint8_t *p, const uint8_t *end, bool *out_whole);

/* A string with escapes, from behind its opening quote. */
const uint8_t *json_scan_escaped(struct json_scan *s,
                                 struct builder *b,
                                 const uint8_t *p,
                                 const uint8_t *end);

/* A value that is no string: number, true, false, null. */
const uint8_t *json_scan_scalar(struct json_scan *s,
                                const struct scan_field *f,
                                const uint8_t *p,
                                const uint8_t *end);

/* The literal that stands here, or 0. */
size_t json_scan_word(const uint8_t *p, const uint8_t *end);
