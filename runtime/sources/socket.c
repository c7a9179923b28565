/*
 * The source socket: lines of text from a TCP server, for trying things out. An offset is the number of the last line that came, -1 before the first.
 *
 *     server --> thread that reads --> lines not yet committed --> scans
 *
 * Lines are kept in memory and nowhere else: what was read by a query that ends is gone, as in Spark. When the server closes the
 * connection, there are no more lines, and that is no error.
 *
 * Source: TextSocketMicroBatchStream. Thread: as of sources; the reading thread and the source share what `lock` guards.
 */
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "columns/builder.h"
#include "sources/source.h"

static const struct sql_condition no_host = { "_LEGACY_ERROR_TEMP_1295", "", "AnalysisException" };
static const struct sql_condition no_port = { "_LEGACY_ERROR_TEMP_1296", "", "AnalysisException" };
static const struct sql_condition bad_flag = { "_LEGACY_ERROR_TEMP_1297", "", "AnalysisException" };
static const struct sql_condition number_format = { "", "", "NumberFormatException" };
static const struct sql_condition unsupported = { "_LEGACY_ERROR_TEMP_2242", "",
                                                  "UnsupportedOperationException" };
static const struct sql_condition connect_failed = { "", "", "ConnectException" };
static const struct sql_condition unknown_host = { "", "", "UnknownHostException" };
static const struct sql_condition illegal_state = { "", "", "IllegalStateException" };

enum {
    LINE_MAX_BYTES = 16 << 20, /* of one line; a longer one is cut into several */
    READ_BYTES = 64 << 10,
    CONNECT_TIMEOUT_MS = 120000,
    SLICE_MS = 100,
};

struct line {
    char *text; /* owned */
    size_t len;
    int64_t time_us;
};

struct socket_source {
    struct source base;
    const struct type *schema;
    char *host;
    char *port;
    int32_t partitions;
    int fd;
    bool running; /* there is a thread to be joined */
    pthread_t thread;
    atomic_bool closing;
    const atomic_bool *cancelled;
    pthread_mutex_t lock;
    /* lock must be held for these: */
    struct line *lines; /* lines[0] is number `committed` + 1 */
    size_t count;
    size_t capacity;
    int64_t committed;
};

/* --- options --- */

static bool socket_schema(const struct source_request *r,
                          bool streaming,
                          struct arena *arena,
                          const struct type **out,
                          struct sql_error *error)
{
    (void)streaming;
    bool with_time = false;
    int64_t port = 0;
    if (r->schema) {
        return sql_fail(error, &unsupported,
                        "TextSocketSourceProvider source does not support user-specified schema.");
    }
    if (!options_has(r->options, "host")) {
        return sql_fail(error, &no_host, "Set a host to read from with option(\"host\", ...).");
    }
    if (!options_has(r->options, "port")) {
        return sql_fail(error, &no_port, "Set a port to read from with option(\"port\", ...).");
    }
    struct sql_error ignored = { 0 };
    bool good = options_bool(r->options, "includeTimestamp", false, &with_time, &ignored);
    sql_error_finish(&ignored);
    if (!good) {
        return sql_fail(error, &bad_flag,
                        "IncludeTimestamp must be set to either \"true\" or \"false\".");
    }
    if (!options_integer(r->options, "port", -1, &port, error)) {
        return false;
    }
    if (port < 0 || port > UINT16_MAX) {
        return sql_fail(error, &number_format, "port out of range:%" PRId64, port);
    }
    struct field fields[] = {
        { .name = bytes_of("value"), .type = type_simple(TYPE_STRING), .nullable = true },
        { .name = bytes_of("timestamp"), .type = type_simple(TYPE_TIMESTAMP), .nullable = true },
    };
    *out = type_struct(arena, fields, with_time ? 2 : 1);
    return true;
}

/* --- the thread that reads --- */

static void add_line(struct socket_source *s, const uint8_t *text, size_t len)
{
    if (len > 0 && text[len - 1] == '\r') {
        len--;
    }
    struct line line = { mem_text(text, len), len, clock_realtime_ms() * 1000 };
    pthread_mutex_lock(&s->lock);
    if (s->count == s->capacity) {
        s->capacity = s->capacity ? s->capacity * 2 : 64;
        s->lines = mem_resize(s->lines, s->capacity, sizeof(*s->lines));
    }
    s->lines[s->count++] = line;
    pthread_mutex_unlock(&s->lock);
}

/* Takes whole lines off the front of `pending`; at the end of the stream also the last one without a line end. */
static void cut_lines(struct socket_source *s, struct buffer *pending, bool at_end)
{
    size_t start = 0;
    for (size_t i = 0; i < pending->len; i++) {
        bool ends = pending->data[i] == '\n';
        if (ends || i - start + 1 >= LINE_MAX_BYTES) {
            add_line(s, pending->data + start, i - start + (ends ? 0 : 1));
            start = i + 1;
        }
    }
    if (at_end && start < pending->len) {
        add_line(s, pending->data + start, pending->len - start);
        start = pending->len;
    }
    buffer_consume(pending, start);
}

static void *read_lines(void *context)
{
    struct socket_source *s = context;
    struct buffer pending;
    buffer_init(&pending, LINE_MAX_BYTES + READ_BYTES);
    uint8_t *chunk = mem_zalloc(READ_BYTES, 1);
    while (!atomic_load(&s->closing)) {
        struct pollfd wait = { .fd = s->fd, .events = POLLIN };
        int ready = poll(&wait, 1, SLICE_MS);
        if (ready == 0 || (ready < 0 && errno == EINTR)) {
            continue;
        }
        ssize_t len = ready < 0 ? -1 : read(s->fd, chunk, READ_BYTES);
        if (len < 0 && (errno == EINTR || errno == EAGAIN)) {
            continue;
        }
        if (len > 0) {
            buffer_append(&pending, chunk, (size_t)len);
        }
        cut_lines(s, &pending, len <= 0);
        if (len <= 0) {
            break;
        }
    }
    free(chunk);
    buffer_finish(&pending);
    return NULL;
}

/* --- connecting --- */

static bool is_cancelled(const struct socket_source *s)
{
    return s->cancelled && atomic_load_explicit(s->cancelled, memory_order_relaxed);
}

/* Waits for a connection that is being made. 0, or why not. */
static int finish_connect(const struct socket_source *s, int fd)
{
    int64_t deadline = clock_monotonic_ms() + CONNECT_TIMEOUT_MS;
    while (!is_cancelled(s) && clock_monotonic_ms() < deadline) {
        struct pollfd wait = { .fd = fd, .events = POLLOUT };
        if (poll(&wait, 1, SLICE_MS) > 0) {
            int code = 0;
            socklen_t size = sizeof(code);
            return getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size) == 0 ? code : errno;
        }
    }
    return ETIMEDOUT;
}

static int connect_to(const struct socket_source *s, const struct addrinfo *address, int *out_fd)
{
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return errno;
    }
    int code = 0;
    if (connect(fd, address->ai_addr, address->ai_addrlen) != 0) {
        code = errno == EINPROGRESS ? finish_connect(s, fd) : errno;
    }
    if (code != 0) {
        close(fd);
        return code;
    }
    *out_fd = fd;
    return 0;
}

static bool connect_any(struct socket_source *s, struct sql_error *error)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *addresses = NULL;
    if (getaddrinfo(s->host, s->port, &hints, &addresses) != 0) {
        return sql_fail(error, &unknown_host, "%s", s->host);
    }
    int code = EHOSTUNREACH;
    for (const struct addrinfo *a = addresses; a && code != 0; a = a->ai_next) {
        code = connect_to(s, a, &s->fd);
    }
    freeaddrinfo(addresses);
    if (code == 0) {
        return true;
    }
    char text[128];
    return sql_fail(error, &connect_failed, "%s", strerror_r(code, text, sizeof(text)));
}

/* Before the first rows are asked for, as Spark does: a query without its server fails in its first batch. */
static bool begin_reading(struct socket_source *s, struct sql_error *error)
{
    if (s->running) {
        return true;
    }
    if (!connect_any(s, error)) {
        return false;
    }
    s->running = pthread_create(&s->thread, NULL, read_lines, s) == 0;
    return s->running || sql_fail(error, &illegal_state, "no thread can be made");
}

/* --- offsets --- */

static bool socket_initial(struct source *base, struct buffer *out, struct sql_error *error)
{
    (void)base;
    (void)out; /* no line yet, which no text says */
    (void)error;
    return true;
}

static bool socket_latest(struct source *base,
                          struct bytes start,
                          struct buffer *out,
                          struct buffer *newest,
                          struct sql_error *error)
{
    (void)start;
    (void)error;
    struct socket_source *s = (struct socket_source *)base;
    pthread_mutex_lock(&s->lock);
    int64_t last = s->committed + (int64_t)s->count;
    pthread_mutex_unlock(&s->lock);
    buffer_printf(out, "%" PRId64, last);
    if (newest) {
        buffer_printf(newest, "%" PRId64, last);
    }
    return true;
}

static bool read_offset(struct bytes text, int64_t *out, struct sql_error *error)
{
    *out = -1;
    return text.len == 0 || bytes_parse_i64(text, out) ||
           sql_fail(error, &illegal_state, "Invalid offset of the socket source: %.*s",
                    BYTES_ARG(text));
}

/* --- scans: copies of the lines, dealt out one by one --- */

struct socket_scan {
    struct scan base;
    struct arena arena;
    struct batch **parts; /* owned; one a partition */
};

static struct row_reader *scan_open(struct scan *base, int32_t partition, struct sql_error *error)
{
    (void)error;
    return reader_of_batch(((struct socket_scan *)base)->parts[partition]);
}

static void scan_close(struct scan *base)
{
    struct socket_scan *s = (struct socket_scan *)base;
    for (int32_t i = 0; i < s->base.partition_count; i++) {
        batch_free(s->parts[i]);
    }
    arena_finish(&s->arena);
    free(s);
}

/* Column `field` of every `step`th line from lines[first] on. */
static struct column *make_column(
    const struct line *lines, size_t count, size_t first, size_t step, int32_t field)
{
    struct builder *b = builder_new(type_simple(field == 0 ? TYPE_STRING : TYPE_TIMESTAMP));
    for (size_t i = first; i < count; i += step) {
        if (field == 0) {
            builder_text(b, (struct bytes){ (const uint8_t *)lines[i].text, lines[i].len });
        } else {
            builder_integer(b, lines[i].time_us);
        }
    }
    return builder_finish(b);
}

static struct batch *make_part(const struct type *schema,
                               const struct line *lines,
                               size_t count,
                               size_t first,
                               size_t step,
                               const int32_t *fields)
{
    struct column **columns = mem_zalloc((size_t)schema->field_count, sizeof(*columns));
    for (int32_t i = 0; i < schema->field_count; i++) {
        columns[i] = make_column(lines, count, first, step, fields[i]);
    }
    size_t rows = first < count ? (count - first - 1) / step + 1 : 0;
    struct batch *part = batch_new(schema, columns, (int32_t)rows);
    free(columns);
    return part;
}

static struct scan *socket_plan(struct source *base,
                                struct bytes start,
                                struct bytes end,
                                const int32_t *columns,
                                int32_t column_count,
                                struct sql_error *error)
{
    struct socket_source *s = (struct socket_source *)base;
    int64_t from = 0;
    int64_t to = 0;
    if (!read_offset(start, &from, error) || !read_offset(end, &to, error) ||
        !begin_reading(s, error)) {
        return NULL;
    }
    struct socket_scan *scan = MEM_NEW(struct socket_scan);
    arena_init(&scan->arena, 0);
    scan->base = (struct scan){ .open = scan_open, .close = scan_close };
    struct field *fields = ARENA_NEW(&scan->arena, struct field, (size_t)column_count);
    for (int32_t i = 0; i < column_count; i++) {
        fields[i] = s->schema->fields[columns[i]];
    }
    const struct type *schema = type_struct(&scan->arena, fields, column_count);
    scan->parts = ARENA_NEW(&scan->arena, struct batch *, (size_t)s->partitions);
    pthread_mutex_lock(&s->lock);
    int64_t last = s->committed + (int64_t)s->count;
    from = from > s->committed ? from : s->committed;
    to = to < last ? to : last;
    if (from < to) {
        const struct line *lines = s->lines + (from - s->committed);
        scan->base.partition_count = s->partitions;
        for (int32_t i = 0; i < s->partitions; i++) {
            scan->parts[i] = make_part(schema, lines, (size_t)(to - from), (size_t)i,
                                       (size_t)s->partitions, columns);
        }
    }
    pthread_mutex_unlock(&s->lock);
    return &scan->base;
}

static void socket_commit(struct source *base, struct bytes end)
{
    struct socket_source *s = (struct socket_source *)base;
    int64_t to = -1;
    if (!bytes_parse_i64(end, &to)) {
        return;
    }
    pthread_mutex_lock(&s->lock);
    size_t done = 0;
    while (done < s->count && s->committed + (int64_t)done < to) {
        free(s->lines[done].text);
        done++;
    }
    if (done > 0) {
        memmove(s->lines, s->lines + done, (s->count - done) * sizeof(*s->lines));
    }
    s->count -= done;
    s->committed += (int64_t)done;
    pthread_mutex_unlock(&s->lock);
}

/* --- the rest of a source --- */

static void socket_describe(const struct source *base, struct buffer *out)
{
    const struct socket_source *s = (const struct socket_source *)base;
    buffer_printf(out, "TextSocketV2[host: %s, port: %s]", s->host, s->port);
}

static void socket_close(struct source *base)
{
    struct socket_source *s = (struct socket_source *)base;
    atomic_store(&s->closing, true);
    if (s->running) {
        pthread_join(s->thread, NULL);
    }
    if (s->fd >= 0) {
        close(s->fd);
    }
    for (size_t i = 0; i < s->count; i++) {
        free(s->lines[i].text);
    }
    free(s->lines);
    free(s->host);
    free(s->port);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static const struct source_functions functions = {
    .initial = socket_initial,
    .latest = socket_latest,
    .plan = socket_plan,
    .commit = socket_commit,
    .describe = socket_describe,
    .close = socket_close,
};

static struct source *socket_open(const struct source_request *r,
                                  const struct type *schema,
                                  struct sql_error *error)
{
    int64_t partitions = r->parallelism;
    if (!options_integer(r->options, "numPartitions", r->parallelism, &partitions, error)) {
        return NULL;
    }
    struct bytes host = options_get(r->options, "host");
    struct bytes port = bytes_trim(options_get(r->options, "port"));
    struct socket_source *s = MEM_NEW(struct socket_source);
    s->base.functions = &functions;
    s->schema = schema;
    s->host = mem_text(host.data, host.len);
    s->port = mem_text(port.data, port.len);
    s->partitions = partitions > 0 && partitions < 1024 ? (int32_t)partitions : 1;
    s->fd = -1;
    s->committed = -1;
    s->cancelled = r->cancelled;
    atomic_init(&s->closing, false);
    pthread_mutex_init(&s->lock, NULL);
    return &s->base;
}

const struct source_format source_socket = {
    .name = "socket",
    .streams = true,
    .schema = socket_schema,
    .open = socket_open,
};
