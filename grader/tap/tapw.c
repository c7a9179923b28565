/*
 * Writes TAP 13 with YAML blocks.
 */
#include "tap/tapw.h"

#include <inttypes.h>

#include "base/file.h"
#include "tap/text.h"

enum { TAPW_POINT_MAX = 16 << 20 };

void tapw_init(struct tapw *w, int fd)
{
    *w = (struct tapw){ .fd = fd };
    buffer_init(&w->out, TAPW_POINT_MAX);
}

void tapw_finish(struct tapw *w)
{
    buffer_finish(&w->out);
}

static void put_out(struct tapw *w)
{
    struct bytes text = buffer_bytes(&w->out);
    if (w->out.overflow || file_write_all(w->fd, text.data, text.len, NULL) < 0) {
        w->failed = true;
    }
    buffer_clear(&w->out);
}

/* One line of text: printable, with line ends and tabs as blanks, '\' and '#' escaped as TAP 14 says. */
static void put_line_text(struct tapw *w, const char *text)
{
    struct buffer printable;
    buffer_init(&printable, TAPW_POINT_MAX);
    text_printable(&printable, bytes_of(text));
    struct bytes p = buffer_bytes(&printable);
    for (size_t i = 0; i < p.len; i++) {
        char c = (char)p.data[i];
        if (c == '\\' || c == '#') {
            buffer_append(&w->out, "\\", 1);
        }
        c = c == '\n' || c == '\t' ? ' ' : c;
        buffer_append(&w->out, &c, 1);
    }
    buffer_finish(&printable);
}

void tapw_version_and_plan(struct tapw *w, size_t count)
{
    buffer_printf(&w->out, "TAP version 13\n1..%zu\n", count);
    put_out(w);
}

void tapw_comment(struct tapw *w, const char *text)
{
    buffer_append_text(&w->out, "# ");
    put_line_text(w, text);
    buffer_append_text(&w->out, "\n");
    put_out(w);
}

void tapw_bail_out(struct tapw *w, const char *reason)
{
    buffer_append_text(&w->out, "Bail out! ");
    put_line_text(w, reason);
    buffer_append_text(&w->out, "\n");
    put_out(w);
}

void tapw_point(struct tapw *w, bool ok, size_t number, const char *description)
{
    buffer_printf(&w->out, "%s %zu - ", ok ? "ok" : "not ok", number);
    put_line_text(w, description);
    buffer_append_text(&w->out, "\n");
}

void tapw_skipped(struct tapw *w, size_t number, const char *description, const char *reason)
{
    buffer_printf(&w->out, "ok %zu - ", number);
    put_line_text(w, description);
    buffer_append_text(&w->out, " # SKIP ");
    put_line_text(w, reason);
    buffer_append_text(&w->out, "\n");
}

static void open_block(struct tapw *w)
{
    if (!w->in_block) {
        buffer_append_text(&w->out, "  ---\n");
        w->in_block = true;
    }
}

/* A literal block: every line indented by four, so that no line of the text can look like TAP or end the block. */
static void put_literal(struct tapw *w, struct bytes text)
{
    buffer_append_text(&w->out, text.data[text.len - 1] == '\n' ? "|2+\n" : "|2-\n");
    struct bytes rest = text;
    struct bytes line;
    if (rest.data[rest.len - 1] == '\n') {
        rest.len--; /* the line end of the last line is written below */
    }
    while (bytes_cut(&rest, '\n', &line)) {
        buffer_append_text(&w->out, "    ");
        buffer_append(&w->out, line.data, line.len);
        buffer_append_text(&w->out, "\n");
    }
}

void tapw_text(struct tapw *w, const char *key, struct bytes value)
{
    open_block(w);
    buffer_printf(&w->out, "  %s: ", key);
    if (memchr(value.len ? value.data : (const uint8_t *)"", '\n', value.len) == NULL) {
        text_quoted(&w->out, value);
        buffer_append_text(&w->out, "\n");
        return;
    }
    struct buffer printable;
    buffer_init(&printable, TAPW_POINT_MAX);
    text_printable(&printable, value);
    put_literal(w, buffer_bytes(&printable));
    w->out.overflow |= printable.overflow;
    buffer_finish(&printable);
}

void tapw_i64(struct tapw *w, const char *key, int64_t value)
{
    open_block(w);
    buffer_printf(&w->out, "  %s: %" PRId64 "\n", key, value);
}

void tapw_list(struct tapw *w, const char *key, const struct bytes *values, size_t count)
{
    if (count == 0) {
        return;
    }
    open_block(w);
    buffer_printf(&w->out, "  %s:\n", key);
    for (size_t i = 0; i < count; i++) {
        buffer_append_text(&w->out, "    - ");
        text_quoted(&w->out, values[i]);
        buffer_append_text(&w->out, "\n");
    }
}

void tapw_end(struct tapw *w)
{
    if (w->in_block) {
        buffer_append_text(&w->out, "  ...\n");
        w->in_block = false;
    }
    put_out(w);
}
