/*
 * The file state/<operator>/0/[<store>/]_metadata/schema: what the keys and the values of a store are made of. As Spark writes it:
 *
 *     uint16 2, "v2"
 *     int32 number of parts, for each: uint16 length, bytes      the schema of keys, as JSON
 *     int32 number of parts, for each: uint16 length, bytes      the schema of values
 *
 * Integers are big-endian; parts have 65535 bytes at most (Java's writeUTF). Source: SchemaHelper.SchemaV2Writer.
 * Pure; thread: any.
 */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "columns/type.h"

void state_schema_print(struct buffer *out, struct bytes key_json, struct bytes value_json);

/* The two texts, in the arena. False: it is no such file. */
bool state_schema_parse(struct bytes file,
                        struct arena *arena,
                        struct bytes *out_key_json,
                        struct bytes *out_value_json);

/* A struct type from its JSON (columns/type.h prints it). NULL: it is none. */
const struct type *state_schema_type(struct bytes json, struct arena *arena);

/* May values that were written as `stored` be read as `now`? Names do not matter; what never was null may not become it. */
bool state_schema_compatible(const struct type *stored, const struct type *now);

/* "StructType(StructField(k,StringType,true))", as Scala prints types. */
void state_schema_print_type(struct buffer *out, const struct type *type);
