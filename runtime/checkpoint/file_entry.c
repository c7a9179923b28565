/*
 * Lines of file logs: see file_entry.h.
 */
#include "checkpoint/file_entry.h"

#include "checkpoint/log_json.h"

/* --- URIs --- */

/* What stands for itself in a URI's path: letters, digits, some signs, and characters beyond ASCII. */
static bool is_plain(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c >= 0x80 || (c != 0 && strchr("/_-!.~'()*,;:$&+=@", c));
}

void file_uri_print(struct buffer *out, struct bytes path)
{
    buffer_append_text(out, "file://");
    for (size_t i = 0; i < path.len; i++) {
        if (is_plain(path.data[i])) {
            buffer_append(out, path.data + i, 1);
        } else {
            buffer_printf(out, "%%%02X", path.data[i]);
        }
    }
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (uint8_t)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool file_uri_read(struct bytes uri, struct arena *arena, struct bytes *out_path)
{
    bool encoded = bytes_starts_with(uri, bytes_of("file:"));
    if (!encoded) {
        *out_path = arena_copy(arena, uri);
        return uri.len > 0 && uri.data[0] == '/';
    }
    struct bytes rest = { uri.data + 5, uri.len - 5 };
    while (rest.len >= 2 && rest.data[0] == '/' && rest.data[1] == '/') {
        rest.data++; /* file:/a and file:///a are the same */
        rest.len--;
    }
    uint8_t *path = ARENA_NEW(arena, uint8_t, rest.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < rest.len; i++) {
        int high = i + 2 < rest.len ? hex_digit(rest.data[i + 1]) : -1;
        int low = i + 2 < rest.len ? hex_digit(rest.data[i + 2]) : -1;
        if (rest.data[i] == '%' && high >= 0 && low >= 0) {
            path[len++] = (uint8_t)(high * 16 + low);
            i += 2;
        } else {
            path[len++] = rest.data[i];
        }
    }
    *out_path = (struct bytes){ path, len };
    return len > 0 && path[0] == '/' && !memchr(path, '\0', len);
}

/* --- lines --- */

static void print_path(struct buffer *out, struct bytes path)
{
    struct buffer uri;
    buffer_init(&uri, SIZE_MAX);
    file_uri_print(&uri, path);
    buffer_append_text(out, "{\"path\":");
    log_json_print_text(out, buffer_bytes(&uri));
    buffer_finish(&uri);
}

void seen_file_print(struct buffer *out, const struct seen_file *file)
{
    print_path(out, file->path);
    buffer_printf(out, ",\"timestamp\":%lld,\"batchId\":%lld}", (long long)file->timestamp_ms,
                  (long long)file->batch);
}

void written_file_print(struct buffer *out, const struct written_file *file)
{
    print_path(out, file->path);
    buffer_printf(out,
                  ",\"size\":%lld,\"isDir\":false,\"modificationTime\":%lld,\"blockReplication\":1,"
                  "\"blockSize\":33554432,\"action\":\"%s\"}",
                  (long long)file->size, (long long)file->modified_ms,
                  file->deleted ? "delete" : "add");
}

static const struct log_json *parse(struct bytes line, struct arena *arena, struct bytes *out_path)
{
    size_t at;
    struct bytes uri;
    const struct log_json *object = log_json_parse(line, arena, &at);
    bool ok = object && log_json_text(log_json_member(object, "path"), &uri) &&
              file_uri_read(uri, arena, out_path);
    return ok ? object : NULL;
}

bool seen_file_read(struct bytes line, struct arena *arena, struct seen_file *out)
{
    const struct log_json *object = parse(line, arena, &out->path);
    return object && log_json_integer(log_json_member(object, "timestamp"), &out->timestamp_ms) &&
           log_json_integer(log_json_member(object, "batchId"), &out->batch);
}

bool written_file_read(struct bytes line, struct arena *arena, struct written_file *out)
{
    struct bytes action;
    const struct log_json *object = parse(line, arena, &out->path);
    bool ok = object && log_json_integer(log_json_member(object, "size"), &out->size) &&
              log_json_integer(log_json_member(object, "modificationTime"), &out->modified_ms) &&
              log_json_text(log_json_member(object, "action"), &action);
    out->deleted = ok && bytes_equal_text(action, "delete");
    return ok;
}
