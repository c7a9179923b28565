/*
 * Keywords: see sql_token.h. Which words the grammar knows, and where they are names all the same.
 *
 * Spark reserves next to nothing: `date`, `interval`, `end` may be columns. ANTLR tries both; we look at the neighbours instead,
 * once, before the grammar reads:
 *
 *     behind a dot, a name           a.from
 *     behind AS, a name              id as and          (but INTERVAL, which begins a type in CAST)
 *     at the end, a name             id as, id = 1 and  (Spark takes that `and` for an alias)
 *     CAST, EXTRACT, ...             keywords only before "("
 *     TRIM, SUBSTRING, ...           the same, with FROM inside: else they are functions like any other
 *     DATE, TIMESTAMP, ...           only before a string
 *     INTERVAL                       only before a value or a unit; units only inside
 *     ARRAY, MAP, STRUCT             begin a type only before "<"
 *     SELECT, GROUP, ...             only in queries, where such a part may begin
 *     in types and schemas           names, but for the few words that are a part of types and fields
 */
#include <strings.h>

#include "expressions/sql_build.h"
#include "expressions/sql_token.h"
#include "sql_grammar.h"

enum rule {
    RULE_ALWAYS,
    RULE_BEFORE_PARENTHESIS,
    RULE_FORM, /* before "(" with FROM, IN or PLACING inside: substring(a FROM 2) */
    RULE_BEFORE_STRING,
    RULE_BEFORE_ANGLE,
    RULE_INTERVAL,
    RULE_WITHIN_LIKE, /* ANY, SOME, ALL: behind LIKE, or first in a call */
    RULE_QUERY,       /* SELECT, GROUP, ...: in queries, where that part may begin */
    RULE_BEHIND_CALL, /* FILTER: behind an aggregate's arguments; elsewhere it is a function */
    RULE_BEHIND_NAME, /* COMMENT, IGNORE, ...: only behind something, and before something */
};

static const struct keyword {
    const char *word;
    int token;
    enum rule rule;
} keywords[] = {
    { "and", AND, RULE_ALWAYS },
    { "or", OR, RULE_ALWAYS },
    { "not", NOT, RULE_ALWAYS },
    { "is", IS, RULE_ALWAYS },
    { "null", NULL_WORD, RULE_ALWAYS },
    { "in", IN, RULE_ALWAYS },
    { "between", BETWEEN, RULE_ALWAYS },
    { "like", LIKE, RULE_ALWAYS },
    { "ilike", ILIKE, RULE_ALWAYS },
    { "rlike", RLIKE, RULE_ALWAYS },
    { "regexp", RLIKE, RULE_ALWAYS },
    { "div", DIV, RULE_ALWAYS },
    { "case", CASE, RULE_ALWAYS },
    { "when", WHEN, RULE_ALWAYS },
    { "then", THEN, RULE_ALWAYS },
    { "else", ELSE, RULE_ALWAYS },
    { "end", END, RULE_ALWAYS },
    { "as", AS, RULE_ALWAYS },
    { "true", TRUE_WORD, RULE_ALWAYS },
    { "false", FALSE_WORD, RULE_ALWAYS },
    { "from", FROM, RULE_ALWAYS },
    { "escape", ESCAPE, RULE_BEFORE_STRING },
    { "any", ANY, RULE_WITHIN_LIKE },
    { "some", ANY, RULE_WITHIN_LIKE },
    { "all", ALL, RULE_WITHIN_LIKE },
    { "distinct", DISTINCT, RULE_BEHIND_NAME },
    { "unknown", UNKNOWN, RULE_BEHIND_NAME },
    { "cast", CAST, RULE_BEFORE_PARENTHESIS },
    { "try_cast", CAST, RULE_BEFORE_PARENTHESIS },
    { "extract", EXTRACT, RULE_BEFORE_PARENTHESIS },
    { "trim", TRIM, RULE_FORM },
    { "substring", SUBSTRING, RULE_FORM },
    { "substr", SUBSTRING, RULE_FORM },
    { "position", POSITION, RULE_FORM },
    { "overlay", OVERLAY, RULE_FORM },
    { "filter", FILTER, RULE_BEHIND_CALL },
    { "where", WHERE, RULE_BEHIND_NAME },
    { "both", BOTH, RULE_BEHIND_NAME },
    { "leading", BOTH, RULE_BEHIND_NAME },
    { "trailing", BOTH, RULE_BEHIND_NAME },
    { "for", FOR, RULE_BEHIND_NAME },
    { "placing", PLACING, RULE_BEHIND_NAME },
    { "ignore", IGNORE, RULE_BEHIND_NAME },
    { "respect", RESPECT, RULE_BEHIND_NAME },
    { "nulls", NULLS, RULE_BEHIND_NAME },
    { "to", TO, RULE_BEHIND_NAME },
    { "comment", COMMENT, RULE_BEFORE_STRING },
    { "values", VALUES, RULE_BEFORE_PARENTHESIS },
    { "date", TYPED_LITERAL, RULE_BEFORE_STRING },
    { "timestamp", TYPED_LITERAL, RULE_BEFORE_STRING },
    { "timestamp_ntz", TYPED_LITERAL, RULE_BEFORE_STRING },
    { "timestamp_ltz", TYPED_LITERAL, RULE_BEFORE_STRING },
    { "interval", INTERVAL, RULE_INTERVAL },
    { "array", ARRAY_TYPE, RULE_BEFORE_ANGLE },
    { "map", MAP_TYPE, RULE_BEFORE_ANGLE },
    { "struct", STRUCT_TYPE, RULE_BEFORE_ANGLE },
    { "select", SELECT, RULE_QUERY },
    { "group", GROUP, RULE_QUERY },
    { "by", BY, RULE_QUERY },
    { "having", HAVING, RULE_QUERY },
    { "order", ORDER, RULE_QUERY },
    { "asc", ASC, RULE_QUERY },
    { "desc", DESC, RULE_QUERY },
    { "limit", LIMIT, RULE_QUERY },
    { "union", UNION, RULE_QUERY },
};

static bool is_word(struct bytes word, const char *text)
{
    return word.len == strlen(text) && strncasecmp((const char *)word.data, text, word.len) == 0;
}

static const struct keyword *find_keyword(struct bytes word)
{
    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
        if (is_word(word, keywords[i].word)) {
            return &keywords[i];
        }
    }
    return NULL;
}

int sql_keyword(struct bytes word)
{
    const struct keyword *keyword = find_keyword(word);
    return keyword ? keyword->token : NAME;
}

static int kind_at(const struct parse *p, int32_t i)
{
    return i >= 0 && i < p->count ? p->tokens[i].kind : 0;
}

static bool is_string(int kind)
{
    return kind == STRING || kind == RAW_STRING;
}

static bool is_number(int kind)
{
    return kind == INTEGER_NUMBER || kind == TINYINT_NUMBER || kind == SMALLINT_NUMBER ||
           kind == BIGINT_NUMBER || kind == POINT_NUMBER || kind == EXPONENT_NUMBER ||
           kind == FLOAT_NUMBER || kind == DOUBLE_NUMBER || kind == DECIMAL_NUMBER;
}

static bool is_unit(struct bytes word)
{
    static const char *const units[] = { "year",   "month",  "week",        "day",        "hour",
                                         "minute", "second", "millisecond", "microsecond" };
    struct bytes singular = word;
    singular.len -= word.len > 1 && (word.data[word.len - 1] | 32) == 's';
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (is_word(word, units[i]) || is_word(singular, units[i])) {
            return true;
        }
    }
    return false;
}

/* Behind such a token stands an operator, not an operand. */
static bool ends_operand(int kind)
{
    return kind == NAME || kind == QUOTED_NAME || is_string(kind) || is_number(kind) ||
           kind == HEX_STRING || kind == ')' || kind == ']' || kind == END || kind == NULL_WORD ||
           kind == TRUE_WORD || kind == FALSE_WORD || kind == UNIT;
}

/* Between the parenthesis at i and its end, not deeper: a word that a call has not. */
static bool has_form(const struct parse *p, int32_t i)
{
    int depth = 0;
    for (; i < p->count; i++) {
        int kind = kind_at(p, i);
        depth += kind == '(';
        depth -= kind == ')';
        if (depth == 0) {
            return false;
        }
        if (depth == 1 && (kind == FROM || kind == IN || kind == PLACING)) {
            return true;
        }
    }
    return false;
}

/* Where one interval's value ends: a signed number, strings, or what is in parentheses. -1: there is no value at i. */
static int32_t interval_value_end(const struct parse *p, int32_t i)
{
    i += kind_at(p, i) == '-' || kind_at(p, i) == '+';
    if (is_number(kind_at(p, i))) {
        return i + 1;
    }
    int32_t start = i;
    while (is_string(kind_at(p, i))) {
        i++;
    }
    if (i > start || kind_at(p, i) != '(') {
        return i > start ? i : -1;
    }
    int depth = 0;
    for (; i < p->count; i++) {
        depth += kind_at(p, i) == '(';
        depth -= kind_at(p, i) == ')';
        if (depth == 0) {
            return i + 1;
        }
    }
    return -1;
}

/* Is there a value with its unit, a string, or a unit alone (a type) behind the word? */
static bool begins_interval(const struct parse *p, int32_t i)
{
    int32_t end = interval_value_end(p, i + 1);
    bool unit_first = kind_at(p, i + 1) == NAME && is_unit(p->tokens[i + 1].text);
    bool unit_behind = end > 0 && kind_at(p, end) == NAME && is_unit(p->tokens[end].text);
    return unit_first || unit_behind || is_string(kind_at(p, i + 1));
}

/* Words that only queries (and ASC, DESC: sort items) have, by what stands around them. */
static bool query_word_stands(const struct parse *p, int32_t i)
{
    int before = kind_at(p, i - 1);
    int after = kind_at(p, i + 1);
    int kind = p->tokens[i].kind;
    if (kind == ASC || kind == DESC) {
        return (p->goal == GOAL_QUERY || p->goal == GOAL_SORT) && ends_operand(before) &&
               (after == 0 || after == ',' || after == ')' || after == ';' || after == NULLS ||
                after == LIMIT);
    }
    if (p->goal != GOAL_QUERY) {
        return false;
    }
    switch (kind) {
    case SELECT:
        return before == 0 || before == '(' || before == UNION || before == ALL ||
               before == DISTINCT;
    case GROUP:
    case ORDER: return after == BY && before != ',' && before != 0;
    case BY: return before == GROUP || before == ORDER;
    case UNION: return after == SELECT || after == ALL || after == DISTINCT || after == '(';
    default:
        return (ends_operand(before) || before == ASC || before == DESC) && after != 0 &&
               after != ',';
    }
}

static bool keyword_stands(const struct parse *p, int32_t i, enum rule rule)
{
    int before = kind_at(p, i - 1);
    int after = kind_at(p, i + 1);
    switch (rule) {
    case RULE_ALWAYS: return true;
    case RULE_BEFORE_PARENTHESIS: return after == '(';
    case RULE_FORM: return after == '(' && has_form(p, i + 1);
    case RULE_BEFORE_STRING: return is_string(after);
    case RULE_BEFORE_ANGLE: return after == '<' || after == NOT_EQUAL;
    case RULE_INTERVAL: return begins_interval(p, i);
    case RULE_WITHIN_LIKE:
        if (before == UNION || before == LIMIT) {
            return true;
        }
        return after == '(' ? before == LIKE : before == '(' && after != ')';
    case RULE_QUERY: return query_word_stands(p, i);
    case RULE_BEHIND_CALL: return (before == ')' || before == NULLS) && after == '(';
    case RULE_BEHIND_NAME:
        return before != 0 && before != ',' && after != ',' && (before != '(' || after != ')');
    }
    return true;
}

/* Marks units and signs of the interval whose word is at i. */
static void mark_interval(struct parse *p, int32_t i)
{
    if (kind_at(p, i + 1) == NAME) { /* a type: INTERVAL DAY TO SECOND */
        p->tokens[i + 1].kind = UNIT;
        if (kind_at(p, i + 2) == TO && kind_at(p, i + 3) == NAME) {
            p->tokens[i + 3].kind = UNIT;
        }
        return;
    }
    int32_t at = i + 1;
    for (;;) {
        int32_t end = interval_value_end(p, at);
        bool unit = end > 0 && kind_at(p, end) == NAME && is_unit(p->tokens[end].text);
        if (end < 0 || (!unit && at != i + 1)) {
            return;
        }
        if (kind_at(p, at) == '-' || kind_at(p, at) == NEGATIVE) {
            p->tokens[at].kind = INTERVAL_MINUS;
        } else if (kind_at(p, at) == '+') {
            memmove(&p->tokens[at], &p->tokens[at + 1],
                    (size_t)(p->count - at) * sizeof(p->tokens[0])); /* the end's too */
            p->count--;
            end--;
        }
        if (!unit) {
            return;
        }
        p->tokens[end].kind = UNIT;
        if (kind_at(p, end + 1) == TO && kind_at(p, end + 2) == NAME) {
            p->tokens[end + 2].kind = UNIT;
            return;
        }
        at = end + 1;
    }
}

/* Words of types, and of what stands behind them in a field. A schema's first word is a name in any case. */
static bool type_word_stands(const struct parse *p, int32_t i, enum rule rule)
{
    int before = kind_at(p, i - 1);
    if (i == 0 && p->goal == GOAL_SCHEMA) {
        return false;
    }
    switch (p->tokens[i].kind) {
    case ARRAY_TYPE:
    case MAP_TYPE:
    case STRUCT_TYPE:
    case INTERVAL:
    case COMMENT: return keyword_stands(p, i, rule);
    case NOT: return before != 0 && before != ',' && before != '<';
    case NULL_WORD: return before == NOT;
    case TO: return before == UNIT;
    default: return false;
    }
}

static void demote_one(struct parse *p, int32_t i)
{
    struct token *token = &p->tokens[i];
    const struct keyword *keyword = find_keyword(token->text);
    int before = kind_at(p, i - 1);
    if (p->goal == GOAL_TYPE || p->goal == GOAL_SCHEMA) {
        token->kind = type_word_stands(p, i, keyword->rule) ? token->kind : NAME;
        return;
    }
    bool behind_as = before == AS && token->kind != INTERVAL && keyword->rule != RULE_BEFORE_ANGLE;
    bool direction = token->kind == ASC || token->kind == DESC;
    bool last = i > 0 && !direction && kind_at(p, i + 1) == 0 && token->kind != END &&
                token->kind != NULL_WORD && token->kind != TRUE_WORD && token->kind != FALSE_WORD &&
                token->kind != UNKNOWN && ends_operand(before);
    bool alone = p->count == 1 && p->goal != GOAL_QUERY && token->kind != NULL_WORD &&
                 token->kind != TRUE_WORD && token->kind != FALSE_WORD;
    if (before == '.' || behind_as || last || alone || !keyword_stands(p, i, keyword->rule)) {
        token->kind = NAME;
    }
}

void sql_demote_keywords(struct parse *p)
{
    for (int32_t i = 0; i < p->count; i++) {
        struct token *token = &p->tokens[i];
        bool word = token->kind != NAME && token->kind != QUOTED_NAME && find_keyword(token->text);
        if (word) {
            demote_one(p, i);
        }
        if (token->kind == AS && (i == 0 || kind_at(p, i + 1) == 0)) {
            token->kind = NAME; /* `id as` is a column under the name "as" */
        }
        if (token->kind == INTERVAL) {
            mark_interval(p, i);
        }
        if (token->kind == '-' && is_number(kind_at(p, i + 1)) &&
            !ends_operand(kind_at(p, i - 1)) && p->goal != GOAL_TYPE && p->goal != GOAL_SCHEMA) {
            token->kind = NEGATIVE;
        }
    }
}
