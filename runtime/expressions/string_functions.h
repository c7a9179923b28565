/*
 * The functions of strings, by the files that they are in; functions_string.c has the table. Internal to expressions.
 */
#pragma once

#include "expressions/string_parts.h"

/* --- string_case.c --- */
KERNEL(string_upper);
KERNEL(string_lower);
KERNEL(string_initcap);
KERNEL(string_ascii);
KERNEL(string_chr);
KERNEL(string_length);
KERNEL(string_octet_length);
KERNEL(string_bit_length);

/* The text in small letters, in place of what `out` had. */
void text_lower(struct buffer *out, struct bytes text);

/* --- string_slice.c --- */
KERNEL(string_substring);
KERNEL(string_left);
KERNEL(string_right);
KERNEL(string_trim);
KERNEL(string_pad);
KERNEL(string_repeat);
KERNEL(string_space);
KERNEL(string_reverse);
KERNEL(string_split_part);
KERNEL(string_substring_index);
bool check_string_substring(struct analysis *a, struct expression *call);
bool resolve_string_pad(struct analysis *a, struct expression *call);
bool resolve_string_reverse(struct analysis *a, struct expression *call);
void print_trim(struct buffer *out, const struct expression *call, expression_printer *argument);

/* --- string_search.c --- */
KERNEL(string_instr);
KERNEL(string_locate);
KERNEL(string_contains);
KERNEL(string_find_in_set);
KERNEL(string_replace);
KERNEL(string_translate);
KERNEL(string_overlay);
KERNEL(string_levenshtein);
KERNEL(string_soundex);
bool check_string_locate(struct analysis *a, struct expression *call);
bool check_string_replace(struct analysis *a, struct expression *call);
bool resolve_string_contains(struct analysis *a, struct expression *call);
bool resolve_string_overlay(struct analysis *a, struct expression *call);

/* --- string_concat.c --- */
KERNEL(string_concat);
KERNEL(string_concat_ws);
KERNEL(string_elt);
bool resolve_string_concat(struct analysis *a, struct expression *call);
bool resolve_string_concat_ws(struct analysis *a, struct expression *call);
bool resolve_string_elt(struct analysis *a, struct expression *call);

/* --- string_code.c --- */
KERNEL(string_base64);
KERNEL(string_unbase64);
KERNEL(string_hex);
KERNEL(string_unhex);
KERNEL(string_to_binary);
KERNEL(string_url_encode);
KERNEL(string_url_decode);
KERNEL(string_is_valid_utf8);
KERNEL(string_make_valid_utf8);
KERNEL(string_luhn_check);
KERNEL(string_quote);
KERNEL(string_mask);
KERNEL(string_uuid);
bool resolve_string_hex(struct analysis *a, struct expression *call);
bool check_string_to_binary(struct analysis *a, struct expression *call);
bool check_string_mask(struct analysis *a, struct expression *call);

/* --- string_charset.c --- */
KERNEL(string_encode);
KERNEL(string_decode);
bool resolve_string_decode(struct analysis *a, struct expression *call);

/* --- string_picture.c --- */
KERNEL(string_to_number);
KERNEL(string_to_char);
bool check_string_to_number(struct analysis *a, struct expression *call);
bool resolve_string_to_char(struct analysis *a, struct expression *call);
void print_to_char(struct buffer *out, const struct expression *call, expression_printer *argument);

/* --- string_map.c --- */
KERNEL(string_to_map);
bool check_string_to_map(struct analysis *a, struct expression *call);

/* --- string_url.c --- */
KERNEL(string_parse_url);

/* --- string_format.c, string_number.c --- */
KERNEL(string_format);
KERNEL(string_format_number);
bool resolve_string_format(struct analysis *a, struct expression *call);
bool resolve_string_format_number(struct analysis *a, struct expression *call);
