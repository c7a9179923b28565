"""SparkSession, its builder and settings, and readers."""
import json
import os
import tempfile

from weir_spark.errors import NotInApi, SparkNoSuchElementException
from weir_spark.frames import DataFrame, option_text
from weir_spark.runner import Runner
from weir_spark.streaming import StreamingQueryManager
from weir_spark.types import ddl_of


class Builder:
    def __init__(self):
        self.settings, self.url, self.name = {}, None, None

    def master(self, url):
        self.url = url
        return self

    def appName(self, name):
        self.name = name
        return self

    def config(self, name, value):
        self.settings[name] = option_text(value)
        return self

    def getOrCreate(self):
        return SparkSession(self.url, self.name, self.settings)


class _MakesBuilders:
    def __get__(self, instance, owner):
        return Builder()


class Conf:
    def __init__(self, spark):
        self.spark = spark

    def set(self, name, value):
        self.spark.runner.call("conf_set", name=name, value=option_text(value))

    def get(self, name, *default):
        value = self.spark.runner.call("conf_get", name=name)
        if value is None and not default:
            raise SparkNoSuchElementException(f'[SQL_CONF_NOT_FOUND] The SQL config "{name}" cannot be found. Please verify that the config exists. '
                                              "SQLSTATE: 42K0I", "SQL_CONF_NOT_FOUND", "42K0I")
        return default[0] if value is None else value

    def unset(self, name):
        self.spark.runner.call("conf_set", name=name, value=None)


class Context:
    def setLogLevel(self, level):
        pass


class SparkSession:
    builder = _MakesBuilders()

    def __init__(self, master, name, settings):
        self.runner = Runner()
        self.shown = [] # parts of the output that are show()'s, not the console sink's
        self.runner.call("session", master=master, app_name=name, conf=settings)
        self.conf, self.streams, self.sparkContext = Conf(self), StreamingQueryManager(self), Context()

    def made(self, command, /, **members):
        return DataFrame(self, self.runner.call(command, **members)["frame"])

    @property
    def read(self):
        return DataReader(self, False)

    @property
    def readStream(self):
        return DataReader(self, True)

    def sql(self, text):
        return self.made("sql", text=text)

    def table(self, name):
        return self.made("table", name=name)

    def range(self, start, end=None, step=1):
        return self.made("range", start=0 if end is None else start, end=start if end is None else end, step=step)

    def createDataFrame(self, rows, schema):
        """An empty frame is an empty folder of JSON files with that schema; rows are VALUES cast to the schema's types."""
        with tempfile.TemporaryDirectory() as folder:
            empty = self.read.schema(schema).json(folder)
            fields = empty.schema.fields
        if not rows:
            return empty
        values = ", ".join("(" + ", ".join(sql_literal(value, field.dataType) for value, field in zip(row, fields)) + ")" for row in rows)
        return self.made("values", text=f"VALUES {values} AS t({', '.join(f'`{field.name}`' for field in fields)})")

    def console(self, start=0):
        """What was printed from byte `start` on, without what show() printed."""
        data, at, kept = self.runner.output(), start, b""
        for first, end in self.shown:
            if first >= at:
                kept += data[at:first]
                at = end
        return (kept + data[at:]).decode("utf-8", "replace")

    def printed(self):
        """The length of what was printed until now."""
        return len(self.runner.output())

    def stop(self):
        return self.runner.close()

    def kill(self):
        self.runner.kill()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.runner.kill()


def sql_literal(value, kind):
    if value is None:
        return f"CAST(NULL AS {kind.simpleString()})"
    text = str(value).replace("\\", "\\\\").replace("'", "\\'")
    return f"CAST('{text}' AS {kind.simpleString()})"


class DataReader:
    """spark.read and spark.readStream."""

    def __init__(self, spark, stream):
        self.spark, self.stream = spark, stream
        self.form, self.ddl, self.settings = None, None, {}

    def format(self, name):
        self.form = name
        return self

    def schema(self, schema):
        self.ddl = ddl_of(schema)
        return self

    def option(self, name, value):
        self.settings[name] = option_text(value)
        return self

    def options(self, **values):
        for name, value in values.items():
            self.option(name, value)
        return self

    def load(self, path=None, format=None):
        if path is not None:
            self.option("path", os.fspath(path))
        return self.spark.made("read", stream=self.stream, format=format or self.form or "parquet", schema=self.ddl, options=self.settings)

    def json(self, path):
        if not isinstance(path, (str, os.PathLike)):
            raise NotInApi("reading JSON from rows")
        return self.load(path, "json")

    def csv(self, path):
        return self.load(path, "csv")

    def text(self, path):
        return self.load(path, "text")

    def parquet(self, path):
        return self.load(path, "parquet")

    def table(self, name):
        raise NotInApi("readStream.table()")
