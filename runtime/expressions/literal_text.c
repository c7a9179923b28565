/*
 * Literals as text: see expression_text.h.
 *
 *     name    1     1.5    2024   a     DATE '2024-01-01'    X'61'    INTERVAL '1' DAY
 *     SQL     1Y    1.5BD  2024L  'a'   the same
 */
#include "columns/cell_text.h"
#include "columns/decimal.h"
#include "expressions/expression_text.h"

bool print_small_decimal(struct buffer *out, int128 value, int scale)
{
    char digits[DECIMAL_TEXT_MAX];
    size_t len = decimal_text(digits, (struct decimal){ value, 0 });
    size_t sign = digits[0] == '-';
    int exponent = (int)(len - sign) - 1 - scale;
    if (exponent >= -6) {
        return false;
    }
    buffer_append(out, digits, sign + 1);
    if (len > sign + 1) {
        buffer_append_text(out, ".");
        buffer_append(out, digits + sign + 1, len - sign - 1);
    }
    buffer_printf(out, "E%d", exponent);
    return true;
}

static void print_cell(struct buffer *out, const struct scalar *value, const struct zone *zone)
{
    if (value->type->kind == TYPE_DECIMAL &&
        print_small_decimal(out, value->decimal, value->type->scale)) {
        return;
    }
    struct column *c = scalar_column(value, 1);
    cell_print(out, &(struct cell_format){ CELL_CAST, zone }, c, 0);
    column_release(c);
}

static void print_quoted(struct buffer *out, struct bytes text)
{
    buffer_append_text(out, "'");
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\'' || text.data[i] == '\\') {
            buffer_append_text(out, "\\");
        }
        buffer_append(out, &text.data[i], 1);
    }
    buffer_append_text(out, "'");
}

static void print_binary(struct buffer *out, struct bytes value)
{
    buffer_append_text(out, "X'");
    for (size_t i = 0; i < value.len; i++) {
        buffer_printf(out, "%02X", value.data[i]);
    }
    buffer_append_text(out, "'");
}

static void print_sql(struct buffer *out, const struct scalar *value, const struct zone *zone)
{
    switch (value->type->kind) {
    case TYPE_STRING: print_quoted(out, value->text); return;
    case TYPE_FLOAT:
        buffer_append_text(out, "CAST(");
        print_cell(out, value, zone);
        buffer_append_text(out, " AS FLOAT)");
        return;
    default: break;
    }
    print_cell(out, value, zone);
    switch (value->type->kind) {
    case TYPE_TINYINT: buffer_append_text(out, "Y"); break;
    case TYPE_SMALLINT: buffer_append_text(out, "S"); break;
    case TYPE_BIGINT: buffer_append_text(out, "L"); break;
    case TYPE_DOUBLE: buffer_append_text(out, "D"); break;
    case TYPE_DECIMAL: buffer_append_text(out, "BD"); break;
    default: break;
    }
}

void print_literal(struct buffer *out,
                   const struct scalar *value,
                   const struct zone *zone,
                   bool sql)
{
    static const char *const prefixes[TYPE_KIND_COUNT] = {
        [TYPE_DATE] = "DATE '",
        [TYPE_TIMESTAMP] = "TIMESTAMP '",
        [TYPE_TIMESTAMP_NTZ] = "TIMESTAMP_NTZ '",
    };
    enum type_kind kind = value->type->kind;
    if (value->null) {
        buffer_append_text(out, "NULL");
    } else if (kind == TYPE_BINARY) {
        print_binary(out, value->text);
    } else if (prefixes[kind]) {
        buffer_append_text(out, prefixes[kind]);
        print_cell(out, value, zone);
        buffer_append_text(out, "'");
    } else if (sql) {
        print_sql(out, value, zone);
    } else {
        print_cell(out, value, zone);
    }
}
