"""Exceptions with the engine's words, under the names that PySpark gives them."""
import re


class NotInApi(Exception):
    """The program uses what weir/stream.h does not have; the text is its name."""


class PySparkException(Exception):
    def __init__(self, text, condition=None, state=None):
        super().__init__(text)
        self.condition, self.state = condition or None, state or None

    def getCondition(self):
        return self.condition

    def getSqlState(self):
        return self.state


class AnalysisException(PySparkException):
    pass


class ParseException(AnalysisException):
    pass


class IllegalArgumentException(PySparkException):
    pass


class ArithmeticException(PySparkException):
    pass


class NumberFormatException(IllegalArgumentException):
    pass


class DateTimeException(PySparkException):
    pass


class ArrayIndexOutOfBoundsException(PySparkException):
    pass


class UnsupportedOperationException(PySparkException):
    pass


class SparkRuntimeException(PySparkException):
    pass


class SparkUpgradeException(PySparkException):
    pass


class SparkNoSuchElementException(PySparkException):
    pass


class StreamingQueryException(PySparkException):
    pass


class Py4JJavaError(PySparkException):
    """What PySpark has no class of its own for."""


# By the class that the engine names, without "Spark" or "Extended" before it.
CLASSES = {
    "AnalysisException": AnalysisException,
    "ParseException": ParseException,
    "IllegalArgumentException": IllegalArgumentException,
    "ArithmeticException": ArithmeticException,
    "NumberFormatException": NumberFormatException,
    "DateTimeException": DateTimeException,
    "ArrayIndexOutOfBoundsException": ArrayIndexOutOfBoundsException,
    "UnsupportedOperationException": UnsupportedOperationException,
    "RuntimeException": SparkRuntimeException,
    "UpgradeException": SparkUpgradeException,
    "NoSuchElementException": SparkNoSuchElementException,
    "StreamingQueryException": StreamingQueryException,
}
CONDITION = re.compile(r"\[([A-Z][A-Z0-9_]*(?:\.[A-Z0-9_]+)*)\]")
STATE = re.compile(r" SQLSTATE: ([0-9A-Z]{5})(?=$|[;\n])")


def stream_exception(text):
    """A query's end: its condition and state stand in the text only."""
    first = text.split("\n=== Streaming Query ===")[0]
    condition, states = CONDITION.match(first), STATE.findall(first)
    return StreamingQueryException(text, condition and condition.group(1), states[-1] if states else None)


def exception_of(error):
    """The exception of an answer's "error"."""
    name = re.sub(r"^(Spark|Extended)", "", error["class"])
    if name == "StreamingQueryException":
        return stream_exception(error["text"])
    return CLASSES.get(name, Py4JJavaError)(error["text"], error["condition"], error["state"])
