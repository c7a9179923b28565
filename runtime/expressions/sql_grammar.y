/*
 * Spark SQL's grammar for expressions, types and inline tables; follows SqlBaseParser.g4 of Spark 4.1, its precedences too.
 *
 * What is a keyword and what a name was settled before (sql_keywords.c), so one token of lookahead is enough.
 */
%require "3.8"
%language "C"
%define api.pure full
%define api.value.type {union sql_value}
%define parse.error custom
%define parse.lac full
%locations
%expect 8
%define api.location.type {struct span}
%parse-param {struct parse *p}
%lex-param {struct parse *p}
%define api.prefix {sql_grammar_}

%code requires {
#include "expressions/sql_build_query.h"
#include "expressions/sql_build_type.h"
}

%code {
#define YYLLOC_DEFAULT(current, right, n)                                                          \
    ((current) = (n) ? (struct span){ YYRHSLOC(right, 1).start, YYRHSLOC(right, n).end }           \
                     : (struct span){ YYRHSLOC(right, 0).end, YYRHSLOC(right, 0).end })

static int sql_grammar_lex(union sql_value *value, struct span *where, struct parse *p);
static void sql_grammar_error(struct span *where, struct parse *p, const char *message);

#define BUILD(to, what)                                                                            \
    do {                                                                                           \
        (to) = (what);                                                                             \
        if (!(to)) {                                                                               \
            YYABORT;                                                                               \
        }                                                                                          \
    } while (0)
}

%token START_EXPRESSION START_TYPE START_SCHEMA START_TABLE START_SORT START_QUERY
%token <token> NAME QUOTED_NAME STRING RAW_STRING HEX_STRING
%token <token> INTEGER_NUMBER TINYINT_NUMBER SMALLINT_NUMBER BIGINT_NUMBER POINT_NUMBER EXPONENT_NUMBER
%token <token> FLOAT_NUMBER DOUBLE_NUMBER DECIMAL_NUMBER
%token <token> NULL_SAFE_EQUAL NOT_EQUAL LESS_OR_EQUAL GREATER_OR_EQUAL CONCAT ARROW COLONS SHIFT_LEFT
%token <token> UNRECOGNIZED
%token <token> AND OR NOT IS NULL_WORD IN BETWEEN LIKE ILIKE RLIKE ESCAPE ANY ALL DIV
%token <token> CASE WHEN THEN ELSE END CAST AS TRUE_WORD FALSE_WORD UNKNOWN DISTINCT FROM
%token <token> ARRAY_TYPE MAP_TYPE STRUCT_TYPE TYPED_LITERAL INTERVAL UNIT INTERVAL_MINUS NEGATIVE TO EXTRACT TRIM BOTH SUBSTRING FOR POSITION OVERLAY PLACING
%token <token> FILTER WHERE IGNORE RESPECT NULLS VALUES COMMENT
%token <token> SELECT GROUP BY HAVING ORDER ASC DESC LIMIT UNION
%token <token> ';'
%token <token> '+' '-' '*' '/' '%' '&' '|' '^' '~' '<' '>' '=' '(' ')' ',' '.' '[' ']' ':' '!'

%left OR
%left AND
%right NOT '!'
%nonassoc IS IN BETWEEN LIKE ILIKE RLIKE
%left '=' NULL_SAFE_EQUAL NOT_EQUAL '<' '>' LESS_OR_EQUAL GREATER_OR_EQUAL
%left '|'
%left '^'
%left '&'
%left SHIFT_LEFT SHIFT
%left '+' '-' CONCAT
%left '*' '/' '%' DIV
%right UNARY
%nonassoc NAME_END
%left '[' '.' COLONS

%type <token> word digits field_name dashed
%type <node> named condition value primary number case_when function interval_literal lambda_body
%type <list> some_expressions whens words interval_parts interval_part rows
%type <texts> name_parts string_parts
%type <type> type
%type <fields> fields struct_fields
%type <field> field struct_field
%type <node> row
%type <flag> not_null null_rule
%type <texts> comment
%type <node> filter where having limit
%type <list> items keys
%type <flag> distinct direction
%type <token> nulls
%type <sort> sort
%type <sorts> sorts order
%type <name> source_name
%type <source> from source
%type <query> query query_terms query_term

%%

start
    : START_EXPRESSION named             { p->expression = $2; }
    | START_TYPE type                    { p->type = $2; }
    | START_SCHEMA fields                { BUILD(p->type, build_struct(p, &$2)); }
    | START_TABLE VALUES rows            { p->table = build_table(p, &$3, NULL, NULL); }
    | START_TABLE VALUES rows word       { p->table = build_table(p, &$3, &$4, NULL); }
    | START_TABLE VALUES rows AS word    { p->table = build_table(p, &$3, &$5, NULL); }
    | START_TABLE VALUES rows word '(' words ')'    { p->table = build_table(p, &$3, &$4, &$6); }
    | START_TABLE VALUES rows AS word '(' words ')' { p->table = build_table(p, &$3, &$5, &$7); }
    | START_SORT sort                    { p->sort = $2; }
    | START_QUERY query                  { p->query = $2; }
    | START_QUERY query semicolons       { p->query = $2; }
    ;

semicolons
    : ';'
    | semicolons ';'
    ;

query
    : query_terms order limit            { $$ = $1; $$->sorts = $2.items; $$->sort_count = $2.count; $$->limit = $3; }
    ;

query_terms
    : query_term                         { $$ = $1; }
    | query_terms UNION query_term       { BUILD($$, build_union(p, @$, $1, $3, true)); }
    | query_terms UNION DISTINCT query_term { BUILD($$, build_union(p, @$, $1, $4, true)); }
    | query_terms UNION ALL query_term   { BUILD($$, build_union(p, @$, $1, $4, false)); }
    ;

query_term
    : SELECT distinct items from where   { BUILD($$, build_select(p, $2, &$3, $4, $5)); }
    | SELECT distinct items from where having { BUILD($$, build_select(p, $2, &$3, $4, $5)); $$->having = $6; }
    | SELECT distinct items from where GROUP BY keys { BUILD($$, build_select(p, $2, &$3, $4, $5)); $$->grouped = true; $$->keys = $8.items; $$->key_count = $8.count; }
    | SELECT distinct items from where GROUP BY keys having { BUILD($$, build_select(p, $2, &$3, $4, $5)); $$->grouped = true; $$->keys = $8.items; $$->key_count = $8.count; $$->having = $9; }
    | '(' query ')'                      { struct syntax_list all = list_of(p, build_star(p, @2, NULL)); struct source_name none = { .name = { .kind = 0 } }; struct syntax_source *source; BUILD(source, build_query_source(p, @2, $2, &none)); BUILD($$, build_select(p, false, &all, source, NULL)); }
    ;

distinct
    : %empty                             { $$ = false; }
    | DISTINCT                           { $$ = true; }
    ;

items
    : named                              { $$ = list_of(p, $1); }
    | items ',' named                    { $$ = list_and(p, $1, $3); }
    ;

from
    : %empty                             { $$ = NULL; }
    | FROM source                        { $$ = $2; }
    ;

source
    : name_parts source_name             { BUILD($$, build_table_source(p, @1, &$1, &$2)); }
    | name_parts '(' some_expressions ')' source_name { struct span at = { @1.start, @4.end }; BUILD($$, build_function_source(p, at, &$1, &$3, &$5)); }
    | VALUES rows source_name            { BUILD($$, build_values_source(p, @$, &$2, &$3)); }
    | '(' query ')' source_name          { BUILD($$, build_query_source(p, @$, $2, &$4)); }
    ;

source_name
    : %empty                             { $$ = (struct source_name){ .name = { .kind = 0 } }; }
    | word                               { $$ = (struct source_name){ .name = $1 }; }
    | AS word                            { $$ = (struct source_name){ .name = $2 }; }
    | word '(' words ')'                 { $$ = (struct source_name){ .name = $1, .columns = $3 }; }
    | AS word '(' words ')'              { $$ = (struct source_name){ .name = $2, .columns = $4 }; }
    ;

where
    : %empty                             { $$ = NULL; }
    | WHERE condition                    { $$ = $2; }
    ;

keys
    : condition                          { $$ = list_of(p, $1); }
    | keys ',' condition                 { $$ = list_and(p, $1, $3); }
    ;

having
    : HAVING condition                   { $$ = $2; }
    ;

order
    : %empty                             { $$ = (struct sort_list){ 0 }; }
    | ORDER BY sorts                     { $$ = $3; }
    ;

sorts
    : sort                               { $$ = sorts_of(p, $1); }
    | sorts ',' sort                     { $$ = sorts_and(p, $1, $3); }
    ;

sort
    : condition direction nulls          { if (!build_sort(p, &$$, $1, $2, &$3)) { YYABORT; } }
    ;

direction
    : %empty                             { $$ = false; }
    | ASC                                { $$ = false; }
    | DESC                               { $$ = true; }
    ;

nulls
    : %empty                             { $$ = (struct token){ .kind = 0 }; }
    | NULLS word                         { $$ = $2; }
    ;

limit
    : %empty                             { $$ = NULL; }
    | LIMIT ALL                          { $$ = NULL; }
    | LIMIT condition                    { $$ = $2; }
    ;

rows
    : row                                { $$ = list_of(p, $1); }
    | rows ',' row                       { $$ = list_and(p, $1, $3); }
    ;

row
    : condition                          { BUILD($$, build_row(p, $1)); }
    ;

named
    : condition                          { $$ = $1; }
    | condition AS word                  { BUILD($$, build_alias(p, @$, $1, &$3)); }
    | condition word                     { BUILD($$, build_alias(p, @$, $1, &$2)); }
    | condition AS '(' words ')'         { BUILD($$, build_aliases(p, @$, $1, &$4)); }
    ;

condition
    : value                              { $$ = $1; }
    | NOT condition                      { BUILD($$, build_call1(p, @$, "not", $2)); }
    | '!' condition                      { BUILD($$, build_call1(p, @$, "not", $2)); }
    | condition AND condition            { BUILD($$, build_call2(p, @$, "and", $1, $3)); }
    | condition OR condition             { BUILD($$, build_call2(p, @$, "or", $1, $3)); }
    | value BETWEEN value AND value %prec BETWEEN       { BUILD($$, build_between(p, @$, $1, $3, $5, false)); }
    | value NOT BETWEEN value AND value %prec BETWEEN   { BUILD($$, build_between(p, @$, $1, $4, $6, true)); }
    | value IN '(' some_expressions ')'      { BUILD($$, build_in(p, @$, $1, &$4, false)); }
    | value NOT IN '(' some_expressions ')'  { BUILD($$, build_in(p, @$, $1, &$5, true)); }
    | value LIKE value  { struct syntax_list of = list_and(p, list_of(p, $1), $3); BUILD($$, build_like(p, @$, "like", &of, false)); }
    | value LIKE value ESCAPE STRING  { struct text_list text = texts_of(p, &$5); struct syntax_list of = list_and(p, list_and(p, list_of(p, $1), $3), build_string(p, @5, &text)); BUILD($$, build_like(p, @$, "like", &of, false)); }
    | value NOT LIKE value  { struct syntax_list of = list_and(p, list_of(p, $1), $4); BUILD($$, build_like(p, @$, "like", &of, true)); }
    | value NOT LIKE value ESCAPE STRING  { struct text_list text = texts_of(p, &$6); struct syntax_list of = list_and(p, list_and(p, list_of(p, $1), $4), build_string(p, @6, &text)); BUILD($$, build_like(p, @$, "like", &of, true)); }
    | value ILIKE value  { struct syntax_list of = list_and(p, list_of(p, $1), $3); BUILD($$, build_like(p, @$, "ilike", &of, false)); }
    | value ILIKE value ESCAPE STRING  { struct text_list text = texts_of(p, &$5); struct syntax_list of = list_and(p, list_and(p, list_of(p, $1), $3), build_string(p, @5, &text)); BUILD($$, build_like(p, @$, "ilike", &of, false)); }
    | value NOT ILIKE value  { struct syntax_list of = list_and(p, list_of(p, $1), $4); BUILD($$, build_like(p, @$, "ilike", &of, true)); }
    | value NOT ILIKE value ESCAPE STRING  { struct text_list text = texts_of(p, &$6); struct syntax_list of = list_and(p, list_and(p, list_of(p, $1), $4), build_string(p, @6, &text)); BUILD($$, build_like(p, @$, "ilike", &of, true)); }
    | value RLIKE value  { struct syntax_list of = list_and(p, list_of(p, $1), $3); BUILD($$, build_like(p, @$, "rlike", &of, false)); }
    | value NOT RLIKE value  { struct syntax_list of = list_and(p, list_of(p, $1), $4); BUILD($$, build_like(p, @$, "rlike", &of, true)); }
    | value LIKE ANY '(' some_expressions ')'     { BUILD($$, build_like_any(p, @$, "like any", $1, &$5, false)); }
    | value NOT LIKE ANY '(' some_expressions ')' { BUILD($$, build_like_any(p, @$, "like any", $1, &$6, true)); }
    | value LIKE ALL '(' some_expressions ')'     { BUILD($$, build_like_any(p, @$, "like all", $1, &$5, false)); }
    | value NOT LIKE ALL '(' some_expressions ')' { BUILD($$, build_like_any(p, @$, "like all", $1, &$6, true)); }
    | value IS NULL_WORD                 { BUILD($$, build_call1(p, @$, "isnull", $1)); }
    | value IS NOT NULL_WORD             { BUILD($$, build_call1(p, @$, "isnotnull", $1)); }
    | value IS TRUE_WORD                 { BUILD($$, build_is(p, @$, $1, true, false)); }
    | value IS NOT TRUE_WORD             { BUILD($$, build_is(p, @$, $1, true, true)); }
    | value IS FALSE_WORD                { BUILD($$, build_is(p, @$, $1, false, false)); }
    | value IS NOT FALSE_WORD            { BUILD($$, build_is(p, @$, $1, false, true)); }
    | value IS UNKNOWN                   { BUILD($$, build_call1(p, @$, "isnull", $1)); }
    | value IS NOT UNKNOWN               { BUILD($$, build_call1(p, @$, "isnotnull", $1)); }
    | value IS DISTINCT FROM value       { BUILD($$, build_distinct(p, @$, $1, $5, true)); }
    | value IS NOT DISTINCT FROM value   { BUILD($$, build_distinct(p, @$, $1, $6, false)); }
    ;

value
    : primary                            { $$ = $1; }
    | '-' value %prec UNARY              { BUILD($$, build_minus(p, @$, $2)); }
    | '+' value %prec UNARY              { BUILD($$, build_call1(p, @$, "unary +", $2)); }
    | '~' value %prec UNARY              { BUILD($$, build_call1(p, @$, "~", $2)); }
    | value '*' value                    { BUILD($$, build_call2(p, @$, "*", $1, $3)); }
    | value '/' value                    { BUILD($$, build_call2(p, @$, "/", $1, $3)); }
    | value '%' value                    { BUILD($$, build_call2(p, @$, "%", $1, $3)); }
    | value DIV value                    { BUILD($$, build_call2(p, @$, "div", $1, $3)); }
    | value '+' value                    { BUILD($$, build_call2(p, @$, "+", $1, $3)); }
    | value '-' value                    { BUILD($$, build_call2(p, @$, "-", $1, $3)); }
    | value CONCAT value                 { BUILD($$, build_call2(p, @$, "||", $1, $3)); }
    | value SHIFT_LEFT value             { BUILD($$, build_call2(p, @$, "<<", $1, $3)); }
    | value '>' '>' value %prec SHIFT    { BUILD($$, build_shift(p, @$, ">>", $1, $4, (struct span){ @2.start, @3.end })); }
    | value '>' '>' '>' value %prec SHIFT { BUILD($$, build_shift(p, @$, ">>>", $1, $5, (struct span){ @2.start, @4.end })); }
    | value '&' value                    { BUILD($$, build_call2(p, @$, "&", $1, $3)); }
    | value '^' value                    { BUILD($$, build_call2(p, @$, "^", $1, $3)); }
    | value '|' value                    { BUILD($$, build_call2(p, @$, "|", $1, $3)); }
    | value '=' value                    { BUILD($$, build_call2(p, @$, "=", $1, $3)); }
    | value NULL_SAFE_EQUAL value        { BUILD($$, build_call2(p, @$, "<=>", $1, $3)); }
    | value NOT_EQUAL value              { BUILD($$, build_not_equal(p, @$, $1, $3)); }
    | value '<' value                    { BUILD($$, build_call2(p, @$, "<", $1, $3)); }
    | value LESS_OR_EQUAL value          { BUILD($$, build_call2(p, @$, "<=", $1, $3)); }
    | value '>' value                    { BUILD($$, build_call2(p, @$, ">", $1, $3)); }
    | value GREATER_OR_EQUAL value       { BUILD($$, build_call2(p, @$, ">=", $1, $3)); }
    ;

primary
    : number                             { $$ = $1; }
    | string_parts                       { BUILD($$, build_string(p, @$, &$1)); }
    | HEX_STRING                         { BUILD($$, build_hex(p, &$1)); }
    | TRUE_WORD                          { BUILD($$, build_bool(p, @$, true)); }
    | FALSE_WORD                         { BUILD($$, build_bool(p, @$, false)); }
    | NULL_WORD                          { BUILD($$, build_null(p, @$)); }
    | TYPED_LITERAL string_parts         { BUILD($$, build_typed(p, @$, &$1, &$2)); }
    | interval_literal                   { $$ = $1; }
    | name_parts %prec NAME_END          { BUILD($$, build_name(p, @$, &$1)); }
    | '*'                                { BUILD($$, build_star(p, @$, NULL)); }
    | name_parts '.' '*'                 { BUILD($$, build_star(p, @$, &$1)); }
    | '(' named ')'                      { BUILD($$, build_group(p, @$, $2)); }
    | '(' named ',' some_expressions ')' { BUILD($$, build_tuple(p, @$, $2, &$4)); }
    | primary '[' value ']'              { BUILD($$, build_subscript(p, @$, $1, $3)); }
    | primary '.' word                   { BUILD($$, build_field(p, @$, $1, &$3)); }
    | primary COLONS type                { BUILD($$, build_cast(p, @$, &$2, $1, $3)); }
    | CAST '(' condition AS type ')'     { BUILD($$, build_cast(p, @$, &$1, $3, $5)); }
    | case_when                          { $$ = $1; }
    | function                           { $$ = $1; }
    ;

case_when
    : CASE whens END                     { BUILD($$, build_case(p, @$, NULL, &$2, NULL)); }
    | CASE whens ELSE condition END      { BUILD($$, build_case(p, @$, NULL, &$2, $4)); }
    | CASE condition whens END           { BUILD($$, build_case(p, @$, $2, &$3, NULL)); }
    | CASE condition whens ELSE condition END { BUILD($$, build_case(p, @$, $2, &$3, $5)); }
    ;

whens
    : WHEN condition THEN condition      { $$ = list_and(p, list_of(p, $2), $4); }
    | whens WHEN condition THEN condition { $$ = list_and(p, list_and(p, $1, $3), $5); }
    ;

function
    : name_parts '(' ')' null_rule filter                      { BUILD($$, build_function(p, @$, &$1, NULL, (struct call_options){ false, $4, $5 })); }
    | name_parts '(' some_expressions ')' null_rule filter     { BUILD($$, build_function(p, @$, &$1, &$3, (struct call_options){ false, $5, $6 })); }
    | name_parts '(' ALL some_expressions ')' null_rule filter { BUILD($$, build_function(p, @$, &$1, &$4, (struct call_options){ false, $6, $7 })); }
    | name_parts '(' DISTINCT some_expressions ')' null_rule filter { BUILD($$, build_function(p, @$, &$1, &$4, (struct call_options){ true, $6, $7 })); }
    | name_parts '(' condition IGNORE NULLS ')' filter         { struct syntax_list one = list_of(p, $3); BUILD($$, build_function(p, @$, &$1, &one, (struct call_options){ false, true, $7 })); }
    | name_parts '(' condition RESPECT NULLS ')' filter        { struct syntax_list one = list_of(p, $3); BUILD($$, build_function(p, @$, &$1, &one, (struct call_options){ false, false, $7 })); }
    | LIKE '(' some_expressions ')' { struct text_list name = texts_of(p, &$1); BUILD($$, build_function(p, @$, &name, &$3, (struct call_options){ false })); }
    | ILIKE '(' some_expressions ')' { struct text_list name = texts_of(p, &$1); BUILD($$, build_function(p, @$, &name, &$3, (struct call_options){ false })); }
    | RLIKE '(' some_expressions ')' { struct text_list name = texts_of(p, &$1); BUILD($$, build_function(p, @$, &name, &$3, (struct call_options){ false })); }
    | EXTRACT '(' word FROM value ')'    { BUILD($$, build_extract(p, @$, &$3, $5)); }
    | POSITION '(' value IN value ')'    { BUILD($$, build_call2(p, @$, "locate", $3, $5)); }
    | SUBSTRING '(' value FROM value ')' { BUILD($$, build_call2(p, @$, "substring", $3, $5)); }
    | SUBSTRING '(' value FROM value FOR value ')' { BUILD($$, build_call3(p, @$, "substring", $3, $5, $7)); }
    | OVERLAY '(' value PLACING value FROM value ')'           { BUILD($$, build_call3(p, @$, "overlay", $3, $5, $7)); }
    | OVERLAY '(' value PLACING value FROM value FOR value ')' { BUILD($$, build_call(p, @$, "overlay", (const struct syntax *[]){ $3, $5, $7, $9 }, 4)); }
    | TRIM '(' BOTH value FROM value ')' { BUILD($$, build_trim(p, @$, &$3, $4, $6)); }
    | TRIM '(' BOTH FROM value ')'       { BUILD($$, build_trim(p, @$, &$3, NULL, $5)); }
    | TRIM '(' value FROM value ')'      { BUILD($$, build_trim(p, @$, NULL, $3, $5)); }
    ;

null_rule
    : %empty                             { $$ = false; }
    | IGNORE NULLS                       { $$ = true; }
    | RESPECT NULLS                      { $$ = false; }
    ;

filter
    : %empty                             { $$ = NULL; }
    | FILTER '(' WHERE condition ')'     { $$ = $4; }
    ;

some_expressions
    : lambda_body                        { $$ = list_of(p, $1); }
    | some_expressions ',' lambda_body   { $$ = list_and(p, $1, $3); }
    ;

lambda_body
    : named                              { $$ = $1; }
    | word ARROW condition               { BUILD($$, build_lambda(p, @$, &$1, $3)); }
    | '(' named ',' some_expressions ')' ARROW condition { BUILD($$, build_lambda_of(p, @$, $2, &$4, $7)); }
    | '(' named ')' ARROW condition      { BUILD($$, build_lambda_of(p, @$, $2, NULL, $5)); }
    ;

/* A minus before a number where no operand stands before it is the number's own: -2147483648 is an int. */
number
    : digits                             { BUILD($$, build_number(p, @$, &$1, false)); }
    | NEGATIVE digits                    { BUILD($$, build_number(p, @$, &$2, true)); }
    ;

digits
    : INTEGER_NUMBER
    | TINYINT_NUMBER
    | SMALLINT_NUMBER
    | BIGINT_NUMBER
    | POINT_NUMBER
    | EXPONENT_NUMBER
    | FLOAT_NUMBER
    | DOUBLE_NUMBER
    | DECIMAL_NUMBER
    ;

/* The filter of keywords marks units, and the signs that belong to an interval's later parts. */
interval_literal
    : INTERVAL string_parts              { BUILD($$, build_interval_text(p, @$, &$2)); }
    | INTERVAL interval_parts            { BUILD($$, build_interval(p, @$, &$2)); }
    | INTERVAL string_parts UNIT TO UNIT { BUILD($$, build_interval_range(p, @$, &$2, false, &$3, &$5)); }
    | INTERVAL INTERVAL_MINUS string_parts UNIT TO UNIT { BUILD($$, build_interval_range(p, @$, &$3, true, &$4, &$6)); }
    ;

interval_parts
    : interval_part                      { $$ = $1; }
    | interval_parts interval_part       { $$ = list_and(p, list_and(p, $1, $2.items[0]), $2.items[1]); }
    ;

interval_part
    : number UNIT                        { $$ = list_and(p, list_of(p, $1), build_word(p, &$2)); }
    | INTERVAL_MINUS number UNIT         { const struct syntax *value; BUILD(value, build_minus(p, @2, $2)); $$ = list_and(p, list_of(p, value), build_word(p, &$3)); }
    | string_parts UNIT                  { $$ = list_and(p, list_of(p, build_string(p, @1, &$1)), build_word(p, &$2)); }
    | INTERVAL_MINUS string_parts UNIT   { $$ = list_and(p, list_of(p, build_negative_text(p, @2, &$2)), build_word(p, &$3)); }
    | '(' condition ')' UNIT             { $$ = list_and(p, list_of(p, $2), build_word(p, &$4)); }
    ;

string_parts
    : STRING                             { $$ = texts_of(p, &$1); }
    | RAW_STRING                         { $$ = texts_of(p, &$1); }
    | string_parts STRING                { $$ = texts_and(p, $1, &$2); }
    | string_parts RAW_STRING            { $$ = texts_and(p, $1, &$2); }
    ;

name_parts
    : word                               { $$ = texts_of(p, &$1); }
    | name_parts '.' word                { $$ = texts_and(p, $1, &$3); }
    ;

words
    : word                               { $$ = list_of_word(p, &$1); }
    | words ',' word                     { $$ = list_and_word(p, $1, &$3); }
    ;

word
    : NAME                               { $$ = $1; if (!check_name(p, &$1)) { YYABORT; } }
    | QUOTED_NAME
    ;

type
    : word                               { BUILD($$, build_type(p, @$, &$1, NULL, NULL)); }
    | word '(' INTEGER_NUMBER ')'        { BUILD($$, build_type(p, @$, &$1, &$3, NULL)); }
    | word '(' INTEGER_NUMBER ',' INTEGER_NUMBER ')' { BUILD($$, build_type(p, @$, &$1, &$3, &$5)); }
    | word '(' INTEGER_NUMBER ',' '-' INTEGER_NUMBER ')' { BUILD($$, build_type(p, @$, &$1, &$3, &$6)); }
    | ARRAY_TYPE '<' type '>'            { BUILD($$, build_array_type(p, @$, $3)); }
    | MAP_TYPE '<' type ',' type '>'     { BUILD($$, build_map_type(p, @$, $3, $5)); }
    | STRUCT_TYPE '<' struct_fields '>'  { BUILD($$, build_struct_type(p, @$, &$3)); }
    | STRUCT_TYPE NOT_EQUAL              { BUILD($$, build_empty_struct(p, &$2)); }
    | STRUCT_TYPE '<' '>'                { BUILD($$, build_empty_struct(p, NULL)); }
    | INTERVAL UNIT                      { BUILD($$, build_interval_type(p, @$, &$2, NULL)); }
    | INTERVAL UNIT TO UNIT              { BUILD($$, build_interval_type(p, @$, &$2, &$4)); }
    ;

struct_fields
    : struct_field                       { $$ = fields_of(p, &$1); }
    | struct_fields ',' struct_field     { $$ = fields_and(p, $1, &$3); }
    ;

struct_field
    : field                              { $$ = $1; }
    | field_name ':' type not_null comment { $$ = build_struct_field(p, &$1, $3, $4, &$5); }
    ;

fields
    : field                              { $$ = fields_of(p, &$1); }
    | fields ',' field                   { $$ = fields_and(p, $1, &$3); }
    ;

field
    : field_name type not_null comment   { $$ = build_struct_field(p, &$1, $2, $3, &$4); }
    ;

/* a-b is no name, and Spark says how to write it. */
field_name
    : word
    | word dashed                        { $$ = $1; fail_dashed_name(p, @$, @2); YYABORT; }
    ;

dashed
    : '-' word                           { $$ = $2; }
    | dashed '-' word                    { $$ = $3; }
    ;

not_null
    : %empty                             { $$ = false; }
    | NOT NULL_WORD                      { $$ = true; }
    ;

comment
    : %empty                             { $$ = texts_none(); }
    | COMMENT string_parts               { $$ = $2; }
    ;

%%

/* The tokens, one by one; before the first the goal. */
static int sql_grammar_lex(union sql_value *value, struct span *where, struct parse *p)
{
    static const int goals[] = { START_EXPRESSION, START_TYPE, START_SCHEMA, START_TABLE, START_SORT, START_QUERY };
    if (!p->goal_given) {
        p->goal_given = true;
        *where = (struct span){ 0, 0 };
        return goals[p->goal];
    }
    value->token = p->tokens[p->next];
    *where = value->token.span;
    if (p->next < p->count) {
        p->next++;
    }
    return value->token.kind;
}

/* Only memory can end here without yyreport_syntax_error. */
static void sql_grammar_error(struct span *where, struct parse *p, const char *message)
{
    (void)message;
    if (!sql_failed(p->error)) {
        (void)parse_fail(p, *where, &sql_parse_too_complex, "The statement, including potential SQL functions and referred views, was too complex to parse.");
    }
}

/* Might the text have ended here? */
static bool is_complete(const yypcontext_t *context)
{
    yysymbol_kind_t expected[YYNTOKENS];
    int count = yypcontext_expected_tokens(context, expected, YYNTOKENS);
    for (int i = 0; i < count; i++) {
        if (expected[i] == YYSYMBOL_YYEOF) {
            return true;
        }
    }
    return false;
}

/*
 * Where a type in angle brackets goes wrong, Spark's parser takes the word before them for a whole type, and tells of the
 * bracket. The outermost one that is open at the token, or the token itself.
 */
static int32_t misplaced_token(const struct parse *p, int32_t wrong)
{
    int32_t outermost = wrong;
    int depth = 0;
    for (int32_t i = 0; i < wrong; i++) {
        int kind = p->tokens[i].kind;
        int before = i > 0 ? p->tokens[i - 1].kind : 0;
        if (kind == '<' && (before == ARRAY_TYPE || before == MAP_TYPE || before == STRUCT_TYPE)) {
            outermost = depth == 0 ? i : outermost;
            depth++;
        } else if (kind == '>' && depth > 0) {
            depth--;
        }
    }
    return depth > 0 ? outermost : wrong;
}

/* Behind a whole text one more token, or anything behind a query, is told to be extra; behind a schema nothing is. */
static int yyreport_syntax_error(const yypcontext_t *context, struct parse *p)
{
    struct span *where = yypcontext_location(context);
    int32_t i = 0;
    while (i < p->count && p->tokens[i].span.start != where->start) {
        i++;
    }
    p->extra = i < p->count && (i + 1 == p->count || p->goal == GOAL_QUERY) && p->goal != GOAL_SCHEMA && is_complete(context);
    parse_syntax_error(p, &p->tokens[misplaced_token(p, i)]);
    return 0;
}
