"""A small look-alike of PySpark over the engine's C API, for programs that were written for PySpark and whose answers are known.

    spark = SparkSession.builder.master("local[1]").config("spark.sql.shuffle.partitions", "1").getOrCreate()
    spark.readStream.schema("k string, v int").json(folder).groupBy("k").count().writeStream.outputMode("update").format("console").start()

Each session is a process of its own, build/tests/stream_runner, which does what it is told 1:1 on weir/stream.h (weir_spark/runner.py). Nothing is
computed here, and errors are the engine's. What the API does not have raises NotInApi, whose text says what that is; what PySpark checks in Python
before it asks the engine is not checked.

    spark.console()      # what the console sink has printed until now
    spark.kill()         # kill -9
    spark.stop()         # ends the queries and the process
"""
from weir_spark import functions, types
from weir_spark.columns import Column, Window
from weir_spark.errors import (AnalysisException, IllegalArgumentException, NotInApi, ParseException, PySparkException, StreamingQueryException)
from weir_spark.runner import RunnerDied
from weir_spark.session import SparkSession
from weir_spark.streaming import StreamingQueryListener
from weir_spark.types import Row

__all__ = ["AnalysisException", "Column", "IllegalArgumentException", "NotInApi", "ParseException", "PySparkException", "Row", "RunnerDied",
           "SparkSession", "StreamingQueryException", "StreamingQueryListener", "Window", "functions", "types"]
