/*
 * Scalars of from_json: see json_value.h.
 */
#include "expressions/json_value.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "columns/decimal.h"
#include "columns/double_text.h"
#include "expressions/cast_parts.h"
#include "expressions/datetime_text.h"
#include "expressions/interval.h"

/* --- the input --- */

static void compile(struct json_format *f, struct bytes text)
{
    struct pattern_fault fault;
    f->set = !bytes_is_null(text);
    f->bad = f->set && !pattern_compile(text, true, &f->pattern, &fault);
}

static void drop(struct json_format *f)
{
    if (f->set && !f->bad) {
        pattern_free(&f->pattern);
    }
}

struct json_input *json_input_new(const struct json_options *options,
                                  const struct sql_settings *settings)
{
    struct json_input *in = MEM_NEW(struct json_input);
    in->options = options;
    in->settings = *settings;
    in->elsewhere = zone_fixed(3600);
    if (!bytes_is_null(options->zone)) {
        (void)datetime_find_zone(settings, options->zone, &in->settings.zone);
    }
    compile(&in->date, options->date_format);
    compile(&in->timestamp, options->timestamp_format);
    compile(&in->timestamp_ntz, options->timestamp_ntz_format);
    buffer_init(&in->scratch, INT32_MAX);
    json_reader_init(&in->reader, options->allow);
    return in;
}

void json_input_free(struct json_input *in)
{
    drop(&in->date);
    drop(&in->timestamp);
    drop(&in->timestamp_ntz);
    zone_free(in->elsewhere);
    buffer_finish(&in->scratch);
    json_reader_finish(&in->reader);
    free(in);
}

/* --- dates and times --- */

enum { SECOND = 1000000 };
static const int64_t day_micros = (int64_t)86400 * SECOND;

static bool read_pattern(const struct json_input *in,
                         const struct json_format *f,
                         struct bytes text,
                         struct pattern_time *out)
{
    char message[PATTERN_MESSAGE_MAX];
    return !f->bad && pattern_read(&f->pattern, &in->settings, text, out, message);
}

static bool read_date(const struct json_input *in, struct bytes text, int64_t *out)
{
    if (!in->date.set) {
        /* Days as text are a form of Spark 1.5 that is still read. */
        return datetime_read_date(text, out) ||
               (bytes_parse_i64(text, out) && *out >= INT32_MIN && *out <= INT32_MAX);
    }
    struct pattern_time time;
    if (!read_pattern(in, &in->date, text, &time)) {
        return false;
    }
    *out = datetime_floor(time.local, day_micros);
    return true;
}

static bool read_timestamp(const struct json_input *in, struct bytes text, int64_t *out)
{
    if (!in->timestamp.set) {
        return datetime_read_timestamp(&in->settings, text, out);
    }
    struct pattern_time time;
    if (!read_pattern(in, &in->timestamp, text, &time)) {
        return false;
    }
    *out = time.has_offset
               ? time.local - (int64_t)time.offset * SECOND
               : zone_utc_micros(time.has_zone ? time.zone : in->settings.zone, time.local);
    return true;
}

/* A clock's time takes no zone: the same text means the same instant elsewhere only if it names one. */
static bool read_local(const struct json_input *in, struct bytes text, int64_t *out)
{
    if (!in->timestamp_ntz.set) {
        struct sql_settings here = in->settings;
        struct sql_settings there = in->settings;
        here.zone = NULL;
        there.zone = in->elsewhere;
        int64_t a;
        int64_t b;
        return datetime_read_local(&in->settings, text, out) &&
               !(datetime_read_timestamp(&here, text, &a) &&
                 datetime_read_timestamp(&there, text, &b) && a == b);
    }
    struct pattern_time time;
    if (!read_pattern(in, &in->timestamp_ntz, text, &time) || time.has_zone || time.has_offset) {
        return false;
    }
    *out = time.local;
    return true;
}

static bool put_interval(struct builder *b, struct bytes text)
{
    struct interval_value value = { .from = b->type->from, .to = b->type->to };
    if (interval_parse_cast(cast_trim(text), &value) != INTERVAL_OK) {
        return false;
    }
    builder_integer(b, b->type->kind == TYPE_INTERVAL_MONTHS ? value.months : value.micros);
    return true;
}

/* --- base 64, as MIME has it, in one line --- */

static int base64_digit(uint8_t c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool put_binary(struct builder *b, struct bytes text)
{
    size_t before = b->values_len;
    uint32_t bits = 0;
    int digits = 0;
    int pads = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c <= ' ' && digits == 0 && pads == 0) {
            continue;
        }
        int digit = base64_digit(c);
        bool pad = c == '=' && digits >= 2;
        if ((digit < 0 && !pad) || (digit >= 0 && pads > 0)) {
            b->values_len = before;
            return false;
        }
        bits = (bits << 6) | (uint32_t)(pad ? 0 : digit);
        pads += pad;
        if (++digits == 4) {
            uint8_t bytes[3] = { (uint8_t)(bits >> 16), (uint8_t)(bits >> 8), (uint8_t)bits };
            builder_append(b, bytes, 3 - (size_t)pads);
            digits = 0;
            pads = 0;
            bits = 0;
        }
    }
    if (digits != 0) {
        b->values_len = before;
        return false;
    }
    builder_close_text(b);
    return true;
}

/* --- numbers --- */

static bool put_decimal(struct builder *b, struct bytes text)
{
    int128 value;
    if (decimal_parse(text, decimal_shape_of(b->type), &value) != DECIMAL_FITS) {
        return false;
    }
    builder_decimal(b, value);
    return true;
}

/* Commas between thousands are passed over; blanks are not. */
static bool put_decimal_text(struct json_input *in, struct builder *b, struct bytes text)
{
    uint8_t skipped = in->options->comma_decimals ? '.' : ',';
    buffer_clear(&in->scratch);
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c <= ' ') {
            return false;
        }
        if (c != skipped) {
            c = in->options->comma_decimals && c == ',' ? '.' : c;
            buffer_append(&in->scratch, &c, 1);
        }
    }
    return put_decimal(b, buffer_bytes(&in->scratch));
}

static bool put_word(struct builder *b, struct bytes text)
{
    static const struct {
        const char *text;
        double value;
    } words[] = {
        { "NaN", (double)NAN },
        { "+INF", (double)INFINITY },
        { "+Infinity", (double)INFINITY },
        { "Infinity", (double)INFINITY },
        { "-INF", -(double)INFINITY },
        { "-Infinity", -(double)INFINITY },
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (bytes_equal_text(text, words[i].text)) {
            builder_double(b, words[i].value);
            return true;
        }
    }
    return false;
}

static bool put_floating(struct builder *b, struct bytes text)
{
    double value;
    float single;
    uint8_t last = text.data[text.len - 1];
    if (last == 'N' || last == 'y') {
        return put_word(b, text);
    }
    if (b->type->kind == TYPE_FLOAT && float_parse(text, &single)) {
        builder_double(b, (double)single);
        return true;
    }
    if (b->type->kind == TYPE_DOUBLE && double_parse(text, &value)) {
        builder_double(b, value);
        return true;
    }
    return false;
}

/* A byte may go up to 255, and then wraps: so Jackson has it. */
static bool put_integer(struct builder *b, struct bytes text)
{
    int64_t value;
    if (!bytes_parse_i64(text, &value)) {
        return false;
    }
    bool tiny = b->type->kind == TYPE_TINYINT;
    int64_t high = (int64_t)(UINT64_MAX >> (65 - 8 * type_width(b->type)));
    int64_t low = -high - 1;
    high = tiny ? UINT8_MAX : high;
    if (value < low || value > high) {
        return false;
    }
    builder_integer(b, b->type->kind == TYPE_TINYINT ? (int8_t)value : value);
    return true;
}

bool json_put_number(struct json_input *in, struct builder *b, struct bytes text, bool whole)
{
    (void)in;
    int64_t seconds;
    switch (b->type->kind) {
    case TYPE_TINYINT:
    case TYPE_SMALLINT:
    case TYPE_INT:
    case TYPE_BIGINT: return whole && put_integer(b, text);
    case TYPE_FLOAT:
    case TYPE_DOUBLE: return put_floating(b, text);
    case TYPE_DECIMAL: return put_decimal(b, text);
    case TYPE_TIMESTAMP:
        if (!whole || !bytes_parse_i64(text, &seconds)) {
            return false;
        }
        builder_integer(b, (int64_t)((uint64_t)seconds * SECOND)); /* wraps, as in Java */
        return true;
    default: return false;
    }
}

bool json_put_text(struct json_input *in, struct builder *b, struct bytes text)
{
    int64_t value;
    bool ok;
    if (b->type->kind == TYPE_BINARY) {
        return put_binary(b, text);
    }
    if (text.len == 0) {
        return false;
    }
    switch (b->type->kind) {
    case TYPE_FLOAT:
    case TYPE_DOUBLE: return put_word(b, text);
    case TYPE_DECIMAL: return put_decimal_text(in, b, text);
    case TYPE_INTERVAL_MONTHS:
    case TYPE_INTERVAL_TIME: return put_interval(b, text);
    case TYPE_DATE: ok = read_date(in, text, &value); break;
    case TYPE_TIMESTAMP: ok = read_timestamp(in, text, &value); break;
    case TYPE_TIMESTAMP_NTZ: ok = read_local(in, text, &value); break;
    default: return false;
    }
    if (ok) {
        builder_integer(b, value);
    }
    return ok;
}
