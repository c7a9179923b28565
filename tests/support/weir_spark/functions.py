"""pyspark.sql.functions: any name is a function of the engine of that name; here are those whose arguments are not all columns.

An argument that is a text names a column, but where LITERALS says otherwise.
"""
from weir_spark.columns import Column, call, column_of, tree_of
from weir_spark.errors import NotInApi
from weir_spark.types import ddl_of

# The positions of arguments whose texts are values, by function.
LITERALS = {
    "array_contains": (1,), "array_join": (1, 2), "array_position": (1,), "array_remove": (1,), "concat_ws": (0,), "date_add": (1,), "date_format": (1,),
    "date_sub": (1,), "date_trunc": (0,), "element_at": (1,), "format_string": (0,), "from_unixtime": (1,), "get_json_object": (1,), "instr": (1,),
    "json_tuple": tuple(range(1, 100)), "lag": (1, 2), "lead": (1, 2), "levenshtein": (), "locate": (0, 2), "lpad": (1, 2), "percentile_approx": (1, 2),
    "regexp_extract": (1, 2), "regexp_replace": (1, 2), "repeat": (1,), "rlike": (1,), "rpad": (1, 2), "round": (1,), "sha2": (1,), "split": (1, 2),
    "substring": (1, 2), "to_date": (1,), "to_timestamp": (1,), "translate": (1, 2), "trunc": (1,), "unix_timestamp": (1,),
}
NAMES = {"create_map": "map", "countDistinct": "count_distinct", "sumDistinct": "sum_distinct", "approxCountDistinct": "approx_count_distinct"}


def col(name):
    return Column(["col", name])


column = col


def expr(text):
    return Column(["expr", text])


def lit(value):
    return value if isinstance(value, Column) else Column(tree_of(value))


def when(condition, value):
    return Column(["when", None, tree_of(condition), tree_of(value)])


def asc(name):
    return column_of(name).asc()


def desc(name):
    return column_of(name).desc()


def options_map(options):
    return [call("map", *[part for pair in options.items() for part in pair])] if options else []


def from_json(value, schema, options=None):
    return call("from_json", column_of(value), schema if isinstance(schema, Column) else ddl_of(schema), *options_map(options))


def to_json(value, options=None):
    return call("to_json", column_of(value), *options_map(options))


def split(value, pattern, limit=-1):
    return call("split", column_of(value), pattern, limit)


def count_distinct(*columns):
    return Column(["distinct", "count"] + [column_of(one).tree for one in columns])


def sum_distinct(value):
    return Column(["distinct", "sum"] + [column_of(value).tree])


def first(value, ignorenulls=False):
    return call("first", column_of(value), *([True] if ignorenulls else []))


def last(value, ignorenulls=False):
    return call("last", column_of(value), *([True] if ignorenulls else []))


def window(time, windowDuration, slideDuration=None, startTime=None):
    durations = [windowDuration, slideDuration or windowDuration, startTime or "0 second"]
    return call("window", column_of(time), *durations[:1 if slideDuration is None and startTime is None else 2 if startTime is None else 3])


def session_window(time, gap):
    return call("session_window", column_of(time), gap)


def struct(*columns):
    return call("struct", *map(column_of, flat(columns)))


def array(*columns):
    return call("array", *map(column_of, flat(columns)))


def udf(*_):
    raise NotInApi("functions in Python: udf()")


def broadcast(frame):
    return frame


def flat(values):
    return values[0] if len(values) == 1 and isinstance(values[0], (list, tuple)) else values


def __getattr__(name):
    if name.startswith("_"):
        raise AttributeError(name)
    function = NAMES.get(name, name)
    if function in globals():
        return globals()[function]
    literals = LITERALS.get(function, ())

    def make(*arguments):
        return call(function, *[argument if at in literals else column_of(argument) for at, argument in enumerate(flat(arguments))])
    return make
