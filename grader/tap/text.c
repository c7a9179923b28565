/*
 * Bytes of a student's program made fit to be shown.
 */
#include "tap/text.h"

#include "base/arena.h"

/* The length of the valid UTF-8 sequence at `p` and its character; 0 when it is none. */
static size_t utf8_decode(const uint8_t *p, size_t len, uint32_t *out_char)
{
    static const uint32_t smallest[5] = { 0, 0, 0x80, 0x800, 0x10000 };
    size_t need = p[0] < 0x80 ? 1 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : p[0] >= 0xc2 ? 2 : 0;
    if (need == 0 || p[0] > 0xf4 || need > len) {
        return 0;
    }
    uint32_t c = need == 1 ? p[0] : p[0] & (0x7fU >> need);
    for (size_t i = 1; i < need; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
        c = c << 6 | (p[i] & 0x3f);
    }
    if (c < smallest[need] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) {
        return 0;
    }
    *out_char = c;
    return need;
}

/* Characters that are valid but not safe to show. */
static bool is_steering(uint32_t c)
{
    return (c >= 0x80 && c < 0xa0) ||                    /* C1 controls */
           c == 0x61c || (c >= 0x200b && c <= 0x200f) || /* zero width, direction */
           (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f) || /* line ends, direction */
           c == 0xfeff || (c >= 0xfff0 && c <= 0xffff && c != 0xfffd) || (c & 0xfffe) == 0xfffe ||
           (c >= 0xe0000 && c <= 0xe0fff);
}

/* Appends one character or byte; returns how many bytes of input it took. */
static size_t put_one(struct buffer *out, const uint8_t *p, size_t len, const char *escape)
{
    uint32_t c = 0;
    size_t n = utf8_decode(p, len, &c);
    if (n == 0 || (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f) {
        buffer_printf(out, "%sx%02x", escape, p[0]);
        return 1;
    }
    if (is_steering(c)) {
        buffer_printf(out, "%su{%x}", escape, (unsigned)c);
        return n;
    }
    buffer_append(out, p, n);
    return n;
}

void text_printable(struct buffer *out, struct bytes raw)
{
    size_t at = 0;
    while (at < raw.len) {
        at += put_one(out, raw.data + at, raw.len - at, "\\");
    }
}

struct bytes text_printable_in(struct arena *a, struct bytes raw)
{
    struct buffer out;
    buffer_init(&out, raw.len * 8 + 1);
    text_printable(&out, raw);
    char *text = arena_text(a, buffer_bytes(&out));
    buffer_finish(&out);
    return bytes_of(text);
}

void text_quoted(struct buffer *out, struct bytes raw)
{
    size_t at = 0;
    buffer_append_text(out, "\"");
    while (at < raw.len) {
        uint8_t c = raw.data[at];
        const char *known = c == '"'    ? "\\\""
                            : c == '\\' ? "\\\\"
                            : c == '\n' ? "\\n"
                            : c == '\t' ? "\\t"
                                        : NULL;
        if (known) {
            buffer_append_text(out, known);
            at++;
        } else {
            at += put_one(out, raw.data + at, raw.len - at, "\\\\");
        }
    }
    buffer_append_text(out, "\"");
}

bool text_first_difference(struct bytes a, struct bytes b, size_t *out_line, size_t *out_column)
{
    size_t common = a.len < b.len ? a.len : b.len;
    size_t line = 1;
    size_t column = 1;
    size_t i = 0;
    while (i < common && a.data[i] == b.data[i]) {
        column = a.data[i] == '\n' ? 1 : column + 1;
        line += a.data[i] == '\n';
        i++;
    }
    if (i == a.len && i == b.len) {
        return false;
    }
    *out_line = line;
    *out_column = column;
    return true;
}
