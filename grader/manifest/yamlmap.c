/*
 * Strict YAML over libyaml's document tree.
 */
#include "manifest/yamlmap.h"

#include <inttypes.h>
#include <yaml.h>

#include "base/buffer.h"
#include "base/error.h"

enum { YAML_KEYS_SHOWN_MAX = 240 };

struct decoder {
    yaml_document_t document;
    const char *source;
    struct arena *arena;
    struct weir_error *err;
};

static enum weir_status decode_map(struct decoder *d,
                                   const yaml_node_t *node,
                                   const char *where,
                                   const struct yaml_field *fields,
                                   void *out);

static unsigned line_of(const yaml_node_t *node)
{
    return (unsigned)node->start_mark.line + 1;
}

static struct bytes scalar_bytes(const yaml_node_t *node)
{
    return (struct bytes){ node->data.scalar.value, node->data.scalar.length };
}

/* A text without NUL bytes and within its bounds. */
static enum weir_status decode_text(struct decoder *d,
                                    const yaml_node_t *node,
                                    const struct yaml_field *f,
                                    const char **out)
{
    if (node->type != YAML_SCALAR_NODE) {
        return weir_fail(d->err, WEIR_EINVAL, "%s:%u: `%s` must be text", d->source, line_of(node),
                         f->key);
    }
    struct bytes text = scalar_bytes(node);
    if (text.len > 0 && memchr(text.data, 0, text.len)) {
        return weir_fail(d->err, WEIR_EINVAL, "%s:%u: `%s` holds a NUL byte", d->source,
                         line_of(node), f->key);
    }
    if (f->max > 0 && ((int64_t)text.len < f->min || (int64_t)text.len > f->max)) {
        return weir_fail(d->err, WEIR_EINVAL,
                         "%s:%u: `%s` must have %" PRId64 " to %" PRId64 " characters; it has %zu",
                         d->source, line_of(node), f->key, f->min, f->max, text.len);
    }
    *out = arena_text(d->arena, text);
    const char *wrong = f->valid ? f->valid(*out) : NULL;
    if (wrong) {
        return weir_fail(d->err, WEIR_EINVAL, "%s:%u: `%s`: \"%.80s\" %s", d->source, line_of(node),
                         f->key, *out, wrong);
    }
    return WEIR_OK;
}

static enum weir_status decode_int(struct decoder *d,
                                   const yaml_node_t *node,
                                   const struct yaml_field *f,
                                   int64_t *out)
{
    int64_t value = 0;
    if (node->type != YAML_SCALAR_NODE || node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE ||
        !bytes_parse_i64(scalar_bytes(node), &value) || value < f->min || value > f->max) {
        return weir_fail(d->err, WEIR_EINVAL,
                         "%s:%u: `%s` must be a whole number from %" PRId64 " to %" PRId64,
                         d->source, line_of(node), f->key, f->min, f->max);
    }
    *out = value;
    return WEIR_OK;
}

static enum weir_status decode_bool(struct decoder *d,
                                    const yaml_node_t *node,
                                    const struct yaml_field *f,
                                    bool *out)
{
    struct bytes text = node->type == YAML_SCALAR_NODE ? scalar_bytes(node) : bytes_of("");
    if (!bytes_equal_text(text, "true") && !bytes_equal_text(text, "false")) {
        return weir_fail(d->err, WEIR_EINVAL, "%s:%u: `%s` must be true or false", d->source,
                         line_of(node), f->key);
    }
    *out = bytes_equal_text(text, "true");
    return WEIR_OK;
}

static enum weir_status sequence_count(struct decoder *d,
                                       const yaml_node_t *node,
                                       const struct yaml_field *f,
                                       size_t *out)
{
    if (node->type != YAML_SEQUENCE_NODE) {
        return weir_fail(d->err, WEIR_EINVAL, "%s:%u: `%s` must be a list", d->source,
                         line_of(node), f->key);
    }
    int64_t count = node->data.sequence.items.top - node->data.sequence.items.start;
    int64_t least = f->kind == YAML_MAPS ? f->min : 0;
    int64_t most = f->kind == YAML_MAPS ? f->max : 256;
    if (count < least || count > most) {
        return weir_fail(d->err, WEIR_EINVAL,
                         "%s:%u: `%s` must have %" PRId64 " to %" PRId64
                         " entries; it has %" PRId64,
                         d->source, line_of(node), f->key, least, most, count);
    }
    *out = (size_t)count;
    return WEIR_OK;
}

static enum weir_status decode_texts(struct decoder *d,
                                     const yaml_node_t *node,
                                     const struct yaml_field *f,
                                     struct yaml_texts *out)
{
    struct yaml_texts texts = { 0 };
    enum weir_status rc = sequence_count(d, node, f, &texts.count);
    if (rc < 0) {
        return rc;
    }
    texts.items = ARENA_NEW(d->arena, const char *, texts.count + 1);
    for (size_t i = 0; i < texts.count; i++) {
        const yaml_node_t *item =
            yaml_document_get_node(&d->document, node->data.sequence.items.start[i]);
        rc = decode_text(d, item, f, &texts.items[i]);
        if (rc < 0) {
            return rc;
        }
    }
    *out = texts;
    return WEIR_OK;
}

static enum weir_status decode_maps(struct decoder *d,
                                    const yaml_node_t *node,
                                    const struct yaml_field *f,
                                    struct yaml_maps *out)
{
    struct yaml_maps maps = { 0 };
    enum weir_status rc = sequence_count(d, node, f, &maps.count);
    if (rc < 0) {
        return rc;
    }
    uint8_t *items = arena_alloc(d->arena, maps.count + 1, f->element_size);
    for (size_t i = 0; i < maps.count; i++) {
        const yaml_node_t *item =
            yaml_document_get_node(&d->document, node->data.sequence.items.start[i]);
        struct bytes where = arena_printf(d->arena, "%s[%zu]", f->key, i);
        rc = decode_map(d, item, arena_text(d->arena, where), f->fields,
                        items + i * f->element_size);
        if (rc < 0) {
            return rc;
        }
        if (f->line_offset > 0) {
            int64_t line = line_of(item);
            memcpy(items + i * f->element_size + f->line_offset - 1, &line, sizeof(line));
        }
    }
    maps.items = items;
    *out = maps;
    return WEIR_OK;
}

static enum weir_status decode_value(struct decoder *d,
                                     const yaml_node_t *node,
                                     const struct yaml_field *f,
                                     void *out)
{
    switch (f->kind) {
    case YAML_TEXT: return decode_text(d, node, f, out);
    case YAML_INT: return decode_int(d, node, f, out);
    case YAML_BOOL: return decode_bool(d, node, f, out);
    case YAML_TEXTS: return decode_texts(d, node, f, out);
    case YAML_MAPS: return decode_maps(d, node, f, out);
    case YAML_MAP: return decode_map(d, node, f->key, f->fields, out);
    }
    return WEIR_EINVAL;
}

static const struct yaml_field *find_field(const struct yaml_field *fields, struct bytes key)
{
    for (const struct yaml_field *f = fields; f->key; f++) {
        if (bytes_equal_text(key, f->key)) {
            return f;
        }
    }
    return NULL;
}

static enum weir_status fail_unknown(struct decoder *d,
                                     const yaml_node_t *key,
                                     const char *where,
                                     const struct yaml_field *fields)
{
    struct buffer known;
    buffer_init(&known, YAML_KEYS_SHOWN_MAX);
    for (const struct yaml_field *f = fields; f->key; f++) {
        buffer_printf(&known, "%s%s", known.len ? ", " : "", f->key);
    }
    struct bytes name =
        key->type == YAML_SCALAR_NODE ? scalar_bytes(key) : bytes_of("(not a text)");
    int shown = name.len > 60 ? 60 : (int)name.len;
    enum weir_status rc = weir_fail(
        d->err, WEIR_EINVAL, "%s:%u: unknown key `%.*s` in %s; known keys: %.*s", d->source,
        line_of(key), shown, (const char *)name.data, where, BYTES_ARG(buffer_bytes(&known)));
    buffer_finish(&known);
    return rc;
}

static enum weir_status decode_map(struct decoder *d,
                                   const yaml_node_t *node,
                                   const char *where,
                                   const struct yaml_field *fields,
                                   void *out)
{
    uint64_t seen = 0;
    if (node->type != YAML_MAPPING_NODE) {
        return weir_fail(d->err, WEIR_EINVAL, "%s:%u: %s must be a mapping of keys to values",
                         d->source, line_of(node), where);
    }
    for (yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top;
         p++) {
        const yaml_node_t *key = yaml_document_get_node(&d->document, p->key);
        const yaml_node_t *value = yaml_document_get_node(&d->document, p->value);
        const struct yaml_field *f =
            key->type == YAML_SCALAR_NODE ? find_field(fields, scalar_bytes(key)) : NULL;
        if (!f) {
            return fail_unknown(d, key, where, fields);
        }
        uint64_t bit = 1ULL << (f - fields);
        if (seen & bit) {
            return weir_fail(d->err, WEIR_EINVAL, "%s:%u: `%s` is given twice in %s", d->source,
                             line_of(key), f->key, where);
        }
        seen |= bit;
        enum weir_status rc = decode_value(d, value, f, (uint8_t *)out + f->offset);
        if (rc < 0) {
            return rc;
        }
    }
    for (const struct yaml_field *f = fields; f->key; f++) {
        if (f->required && (seen & 1ULL << (f - fields)) == 0) {
            return weir_fail(d->err, WEIR_EINVAL, "%s:%u: %s lacks the key `%s`", d->source,
                             line_of(node), where, f->key);
        }
    }
    return WEIR_OK;
}

enum weir_status yaml_decode(struct bytes text,
                             const char *source,
                             const struct yaml_field *fields,
                             void *out,
                             struct arena *arena,
                             struct weir_error *err)
{
    struct decoder d = { .source = source, .arena = arena, .err = err };
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        return weir_fail(err, WEIR_EIO, "%s: no memory for the YAML parser", source);
    }
    yaml_parser_set_input_string(&parser, text.len ? text.data : (const uint8_t *)"", text.len);
    enum weir_status rc = WEIR_OK;
    if (!yaml_parser_load(&parser, &d.document)) {
        rc = weir_fail(err, WEIR_EINVAL, "%s:%zu: not valid YAML: %s", source,
                       parser.problem_mark.line + 1,
                       parser.problem ? parser.problem : "unknown problem");
    } else {
        const yaml_node_t *root = yaml_document_get_root_node(&d.document);
        rc = root ? decode_map(&d, root, "the document", fields, out)
                  : weir_fail(err, WEIR_EINVAL, "%s:1: the file is empty", source);
        yaml_document_delete(&d.document);
    }
    yaml_parser_delete(&parser);
    return rc;
}
