"""Columns: trees of lists, as the runner builds expressions from them (tests/support/stream_runner_columns.c), and their operators."""
import datetime
import math

from weir_spark.errors import NotInApi
from weir_spark.types import ddl_of


def tree_of(value):
    """The tree of a column, or of a literal."""
    if isinstance(value, Column):
        return value.tree
    if isinstance(value, float) and not math.isfinite(value):
        return ["double", str(value)]
    if isinstance(value, int) and not isinstance(value, bool) and not -2**63 <= value < 2**63:
        raise NotInApi(f"a literal {value}")
    if isinstance(value, (list, tuple)):
        return ["call", "array"] + [tree_of(item) for item in value]
    if isinstance(value, datetime.datetime):
        return ["cast", ["lit", str(value)], "timestamp"]
    if isinstance(value, datetime.date):
        return ["cast", ["lit", str(value)], "date"]
    if value is None or isinstance(value, (bool, int, float, str)):
        return ["lit", value]
    raise NotInApi(f"a literal of {type(value).__name__}")


def column_of(value):
    """A name, or a column."""
    return value if isinstance(value, Column) else Column(["col", value]) if isinstance(value, str) else Column(tree_of(value))


def call(name, *arguments):
    return Column(["call", name] + [tree_of(argument) for argument in arguments])


class Column:
    def __init__(self, tree):
        self.tree = tree

    def __bool__(self):
        raise ValueError("Cannot convert column into bool")

    def __iter__(self):
        raise TypeError("Column is not iterable")

    __hash__ = None

    def __eq__(self, other):
        return call("=", self, other)

    def __ne__(self, other):
        return call("not", call("=", self, other))

    def __lt__(self, other):
        return call("<", self, other)

    def __le__(self, other):
        return call("<=", self, other)

    def __gt__(self, other):
        return call(">", self, other)

    def __ge__(self, other):
        return call(">=", self, other)

    def __add__(self, other):
        return call("+", self, other)

    def __radd__(self, other):
        return call("+", other, self)

    def __sub__(self, other):
        return call("-", self, other)

    def __rsub__(self, other):
        return call("-", other, self)

    def __mul__(self, other):
        return call("*", self, other)

    def __rmul__(self, other):
        return call("*", other, self)

    def __truediv__(self, other):
        return call("/", self, other)

    def __rtruediv__(self, other):
        return call("/", other, self)

    def __mod__(self, other):
        return call("%", self, other)

    def __rmod__(self, other):
        return call("%", other, self)

    def __pow__(self, other):
        return call("power", self, other)

    def __neg__(self):
        return call("negative", self)

    def __and__(self, other):
        return call("and", self, other)

    def __rand__(self, other):
        return call("and", other, self)

    def __or__(self, other):
        return call("or", self, other)

    def __ror__(self, other):
        return call("or", other, self)

    def __invert__(self):
        return call("not", self)

    def __getitem__(self, key):
        return self.getItem(key)

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return self.getField(name)

    def getItem(self, key):
        return Column(["item", self.tree, tree_of(key)])

    def getField(self, name):
        return Column(["field", self.tree, name])

    def cast(self, kind):
        return Column(["cast", self.tree, ddl_of(kind)])

    astype = cast

    def try_cast(self, kind):
        return Column(["try_cast", self.tree, ddl_of(kind)])

    def alias(self, *names):
        if len(names) != 1:
            raise NotInApi("several aliases of one column")
        return Column(["alias", self.tree, names[0]])

    name = alias

    def isNull(self):
        return call("isnull", self)

    def isNotNull(self):
        return call("isnotnull", self)

    def eqNullSafe(self, other):
        return call("<=>", self, other)

    def like(self, pattern):
        return call("like", self, pattern)

    def rlike(self, pattern):
        return call("rlike", self, pattern)

    def startswith(self, other):
        return call("startswith", self, other)

    def endswith(self, other):
        return call("endswith", self, other)

    def contains(self, other):
        return call("contains", self, other)

    def substr(self, start, length):
        return call("substr", self, start, length)

    def between(self, low, high):
        return call("and", call(">=", self, low), call("<=", self, high))

    def isin(self, *values):
        values = values[0] if len(values) == 1 and isinstance(values[0], (list, set, tuple)) else values
        return call("in", self, *values)

    def when(self, condition, value):
        return Column(["when", self.tree, tree_of(condition), tree_of(value)])

    def otherwise(self, value):
        return Column(["otherwise", self.tree, tree_of(value)])

    def asc(self):
        return Column(["asc", self.tree])

    def desc(self):
        return Column(["desc", self.tree])

    def over(self, window):
        raise NotInApi("window functions: over()")


class _Window:
    """Window.partitionBy(...) and the like, for Column.over(), which the API does not have."""

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *arguments: self


Window = _Window()
