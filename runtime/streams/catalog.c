/*
 * The names of a session: see catalog.h.
 */
#include "streams/catalog.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/mem.h"

static struct catalog_entry *find(const struct weir_session *session, struct bytes name)
{
    list_foreach(node, &session->catalog) {
        struct catalog_entry *entry = container_of(node, struct catalog_entry, node);
        if (!entry->replaced && strlen(entry->name) == name.len &&
            strncasecmp(entry->name, (const char *)name.data, name.len) == 0) {
            return entry;
        }
    }
    return NULL;
}

/* READ of the table at `number` in the order of the catalog: a name may mean another table by the time it is read. */
static const struct logical *read_of(struct weir_session *session,
                                     const struct memory_table *table,
                                     const char *name,
                                     int32_t number)
{
    struct arena *arena = &session->scope.arena;
    struct relation *r = ARENA_NEW(arena, struct relation, 1);
    r->format = bytes_of("memory");
    r->schema = memory_table_schema(table);
    r->options =
        options_with(arena, r->options, bytes_of("name"), arena_copy(arena, bytes_of(name)));
    r->options = options_with(arena, r->options, bytes_of("number"),
                              arena_printf(arena, "%" PRId32, number));
    struct logical *read = ARENA_NEW(arena, struct logical, 1);
    *read = (struct logical){ .verb = VERB_READ, .depth = 1, .relation = r, .schema = r->schema };
    struct logical *named = ARENA_NEW(arena, struct logical, 1);
    *named = (struct logical){ .verb = VERB_ALIAS,
                               .depth = 2,
                               .input_count = 1,
                               .inputs = { read, NULL },
                               .name = arena_copy(arena, bytes_of(name)) };
    return named;
}

void catalog_forget(struct weir_session *session, const struct scope *scope)
{
    (void)pthread_mutex_lock(&session->lock);
    list_foreach(node, &session->catalog) {
        struct catalog_entry *entry = container_of(node, struct catalog_entry, node);
        entry->replaced = entry->replaced || (!entry->table && entry->scope == scope);
    }
    (void)pthread_mutex_unlock(&session->lock);
}

void catalog_add(struct weir_session *session,
                 const struct scope *scope,
                 const char *name,
                 const struct logical *logical,
                 struct memory_table *table)
{
    struct catalog_entry *entry = MEM_NEW(struct catalog_entry);
    entry->name = mem_text(name, strlen(name));
    entry->table = table;
    entry->scope = scope;
    (void)pthread_mutex_lock(&session->lock);
    struct catalog_entry *old = find(session, bytes_of(name));
    if (old) {
        old->replaced = true;
    }
    int32_t number = 0;
    list_foreach(node, &session->catalog) {
        number++;
    }
    entry->logical = table ? read_of(session, table, name, number) : logical;
    list_push_back(&session->catalog, &entry->node);
    (void)pthread_mutex_unlock(&session->lock);
}

bool catalog_find(void *context, struct bytes name, const struct logical **out)
{
    struct weir_session *session = context;
    (void)pthread_mutex_lock(&session->lock);
    const struct catalog_entry *entry = find(session, name);
    *out = entry ? entry->logical : NULL;
    (void)pthread_mutex_unlock(&session->lock);
    return *out != NULL;
}

static struct memory_table *table_of(struct weir_session *session, const struct relation *relation)
{
    int64_t number = -1;
    struct memory_table *table = NULL;
    (void)bytes_parse_i64(options_get(&relation->options, "number"), &number);
    (void)pthread_mutex_lock(&session->lock);
    list_foreach(node, &session->catalog) {
        if (number-- == 0) {
            table = container_of(node, struct catalog_entry, node)->table;
        }
    }
    (void)pthread_mutex_unlock(&session->lock);
    return table;
}

/* Some columns of a batch, in another order. */
static struct batch *pick(struct arena *arena,
                          const struct batch *b,
                          const int32_t *columns,
                          int32_t count)
{
    struct field *fields = ARENA_NEW(arena, struct field, (size_t)count + 1);
    struct column **picked = ARENA_NEW(arena, struct column *, (size_t)count + 1);
    for (int32_t i = 0; i < count; i++) {
        fields[i] = b->schema->fields[columns[i]];
        picked[i] = column_retain(b->columns[columns[i]]);
    }
    return batch_new(type_struct(arena, fields, count), picked, b->rows);
}

/* The scan's batches know their schema from the session's arena: it is small, and lives as long as the rows. */
struct scan *catalog_scan(struct weir_session *session,
                          const struct relation *relation,
                          const int32_t *columns,
                          int32_t column_count,
                          struct sql_error *error)
{
    (void)error;
    int32_t count;
    struct batch **all = memory_table_read(table_of(session, relation), &count);
    for (int32_t i = 0; i < count; i++) {
        (void)pthread_mutex_lock(&session->lock);
        struct batch *picked = pick(&session->scope.arena, all[i], columns, column_count);
        (void)pthread_mutex_unlock(&session->lock);
        batch_free(all[i]);
        all[i] = picked;
    }
    struct scan *scan = scan_of_batches(all, count);
    for (int32_t i = 0; i < count; i++) {
        batch_free(all[i]);
    }
    free((void *)all);
    return scan;
}

void catalog_finish(struct weir_session *session)
{
    list_foreach(node, &session->catalog) {
        struct catalog_entry *entry = container_of(node, struct catalog_entry, node);
        memory_table_release(entry->table);
        free(entry->name);
        free(entry);
    }
}
