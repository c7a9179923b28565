"""DataFrames and groups: each verb is a command, its answer the number of another frame, or the engine's error."""
import json
import sys

from weir_spark.columns import Column, column_of, tree_of
from weir_spark.errors import NotInApi
from weir_spark.functions import flat
from weir_spark.streaming import DataStreamWriter
from weir_spark.types import row_of, type_of_json

MODES = {"simple": 0, "extended": 1, "formatted": 2}


def missing(name):
    def method(self, *arguments, **named):
        raise NotInApi(name)
    return method


class DataFrame:
    def __init__(self, spark, number):
        self.spark, self.number = spark, number

    sparkSession = property(lambda self: self.spark)

    def ask(self, command, /, **members):
        return self.spark.runner.call(command, frame=self.number, **members)

    def made(self, command, /, **members):
        return DataFrame(self.spark, self.ask(command, **members)["frame"])

    # --- verbs ---

    def select(self, *columns):
        columns = flat(columns)
        if all(isinstance(column, str) for column in columns):
            return self.made("select_names", names=list(columns))
        return self.made("select_built", columns=[column_of(column).tree for column in columns])

    def selectExpr(self, *expressions):
        return self.made("select_list", expressions=list(flat(expressions)))

    def where(self, condition):
        if isinstance(condition, str):
            return self.made("where", condition=condition)
        return self.made("where_column", column=tree_of(condition))

    filter = where

    def withColumn(self, name, column):
        return self.made("with_column", name=name, column=tree_of(column))

    def withColumns(self, columns):
        frame = self
        for name, column in columns.items():
            frame = frame.withColumn(name, column)
        return frame

    def withColumnRenamed(self, name, new_name):
        return self.made("with_column_renamed", name=name, new_name=new_name)

    def drop(self, *columns):
        if not all(isinstance(column, str) for column in columns):
            raise NotInApi("drop() of columns")
        return self.made("drop", names=list(columns))

    def toDF(self, *names):
        return self.made("to_df", names=list(names))

    def alias(self, name):
        return self.made("as", name=name)

    def limit(self, rows):
        return self.made("limit", rows=rows)

    def union(self, other):
        return self.made("union", other=other.number)

    unionAll = union

    def distinct(self):
        return self.made("distinct")

    def dropDuplicates(self, subset=None):
        return self.made("drop_duplicates", names=list(subset or []))

    drop_duplicates = dropDuplicates

    def orderBy(self, *columns):
        return self.made("order_built", columns=[column_of(column).tree for column in flat(columns)])

    sort = orderBy

    def withWatermark(self, column, delay):
        return self.made("with_watermark", column=column, delay=delay)

    def groupBy(self, *columns):
        columns = [column_of(column).tree for column in flat(columns)]
        return GroupedData(self, self.ask("group_by", columns=columns)["group"])

    groupby = groupBy

    def agg(self, *columns):
        return self.groupBy().agg(*columns)

    for _name in ("join", "crossJoin", "intersect", "intersectAll", "subtract", "exceptAll", "sample", "randomSplit", "cube", "rollup", "unionByName",
                  "dropDuplicatesWithinWatermark", "repartition", "coalesce", "offset", "sortWithinPartitions", "observe", "fillna", "na", "describe",
                  "cache", "persist", "checkpoint", "foreach", "hint", "transformWithState", "groupingSets"):
        locals()[_name] = missing(_name + "()")

    rdd = property(missing("rdd"))

    # --- what it is ---

    def described(self):
        return self.ask("schema")

    @property
    def schema(self):
        return type_of_json(json.loads(self.described()["json"]))

    @property
    def columns(self):
        return self.schema.names

    @property
    def dtypes(self):
        return [(field.name, field.dataType.simpleString()) for field in self.schema.fields]

    @property
    def isStreaming(self):
        return self.described()["streaming"]

    def printSchema(self):
        print(self.described()["tree"])

    def explained(self, mode="simple"):
        return self.ask("explain", mode=MODES[mode])

    def explain(self, extended=None, mode=None):
        print(self.explained(mode or (extended if isinstance(extended, str) else "extended" if extended else "simple")))

    def __repr__(self):
        return f"DataFrame[{', '.join(f'{name}: {kind}' for name, kind in self.dtypes)}]"

    def __getitem__(self, item):
        if isinstance(item, str):
            self.select(item) # fails as Spark does where there is no such column
            return Column(["col", item])
        return self.where(item) if isinstance(item, Column) else self.select(*item)

    def __getattr__(self, name):
        if name.startswith("_") or name not in self.columns:
            raise AttributeError(f"'DataFrame' object has no attribute '{name}'")
        return self[name]

    # --- actions ---

    def shown(self, n=20, truncate=True, vertical=False):
        """What show() prints."""
        before = len(self.spark.runner.output())
        truncate = 20 if truncate is True else int(truncate)
        self.ask("show", rows=n, truncate=truncate, vertical=vertical)
        text = self.spark.runner.output(before)
        self.spark.shown.append((before, before + len(text)))
        return text.decode("utf-8", "surrogateescape")

    def show(self, n=20, truncate=True, vertical=False):
        sys.stdout.write(self.shown(n, truncate, vertical))

    def count(self):
        return self.ask("count")

    def collect(self):
        rows = self.ask("collect")
        schema = self.schema if rows else None
        return [row_of(schema, row) for row in rows]

    def take(self, n):
        return self.limit(n).collect()

    def head(self, n=None):
        rows = self.take(n or 1)
        return rows if n is not None else rows[0] if rows else None

    def first(self):
        return self.head()

    def tail(self, n):
        return self.collect()[-n:]

    def toLocalIterator(self):
        return iter(self.collect())

    def isEmpty(self):
        return not self.take(1)

    def createOrReplaceTempView(self, name):
        self.ask("create_temp_view", name=name)

    @property
    def write(self):
        return DataFrameWriter(self)

    @property
    def writeStream(self):
        writer = DataStreamWriter(self)
        if not self.isStreaming:
            writer.format("noop").start() # refused, as Spark refuses it here
        return writer


class GroupedData:
    def __init__(self, frame, number):
        self.frame, self.number = frame, number

    def made(self, command, /, **members):
        return DataFrame(self.frame.spark, self.frame.spark.runner.call(command, group=self.number, **members)["frame"])

    def agg(self, *columns):
        if len(columns) == 1 and isinstance(columns[0], dict):
            columns = [Column(["call", function, ["col", name]]) for name, function in columns[0].items()]
        return self.made("agg", columns=[tree_of(column) for column in columns])

    def count(self):
        return self.made("group_count")

    def numbers(self, function, names):
        return self.made("group_numbers", function=function, names=list(names))

    def sum(self, *names):
        return self.numbers("sum", names)

    def avg(self, *names):
        return self.numbers("avg", names)

    def mean(self, *names):
        return self.numbers("mean", names)

    def min(self, *names):
        return self.numbers("min", names)

    def max(self, *names):
        return self.numbers("max", names)

    pivot = missing("pivot()")
    applyInPandasWithState = missing("applyInPandasWithState()")
    transformWithStateInPandas = missing("transformWithStateInPandas()")


class DataFrameWriter:
    def __init__(self, frame):
        self.frame, self.form, self.save_mode, self.settings = frame, None, None, {}

    def format(self, name):
        self.form = name
        return self

    def mode(self, name):
        self.save_mode = name
        return self

    def option(self, name, value):
        self.settings[name] = option_text(value)
        return self

    def options(self, **values):
        for name, value in values.items():
            self.option(name, value)
        return self

    partitionBy = missing("write.partitionBy()")
    parquet = missing("parquet files")

    def save(self, path=None, format=None):
        if path is not None:
            self.option("path", path)
        self.frame.ask("write", format=format or self.form or "parquet", mode=self.save_mode, options=self.settings)

    def json(self, path):
        self.save(path, "json")

    def csv(self, path):
        self.save(path, "csv")

    def text(self, path):
        self.save(path, "text")


def option_text(value):
    """An option's value as PySpark passes it on."""
    return value if value is None or isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
