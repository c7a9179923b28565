"""Types and rows: names and texts as PySpark has them, values from the engine's JSON."""
import base64
import datetime
import decimal
import json
import re


class DataType:
    name = ""

    def __eq__(self, other):
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self):
        return hash(self.simpleString())

    def __repr__(self):
        return type(self).__name__ + "()"

    def simpleString(self):
        return self.name

    def jsonValue(self):
        return self.simpleString()

    def json(self):
        return json.dumps(self.jsonValue(), separators=(",", ":"), sort_keys=True, ensure_ascii=False)

    def value(self, data):
        """The Python value of what the engine wrote as JSON."""
        return data


def atomic(class_name, name, json_name=None):
    made = type(class_name, (DataType,), {"name": name})
    if json_name:
        made.jsonValue = lambda self: json_name
    return made


NullType = atomic("NullType", "void")
BooleanType = atomic("BooleanType", "boolean")
ByteType = atomic("ByteType", "tinyint", "byte")
ShortType = atomic("ShortType", "smallint", "short")
IntegerType = atomic("IntegerType", "int", "integer")
LongType = atomic("LongType", "bigint", "long")
StringType = atomic("StringType", "string")


class FloatType(DataType):
    name = "float"

    def value(self, data):
        return None if data is None else float(data)


class DoubleType(FloatType):
    name = "double"


class BinaryType(DataType):
    name = "binary"

    def value(self, data):
        return None if data is None else bytearray(base64.b64decode(data))


class DateType(DataType):
    name = "date"

    def value(self, data):
        return None if data is None else datetime.date.fromisoformat(data)


class TimestampType(DataType):
    """As a datetime in UTC without a zone: the sessions of the tests are in UTC."""
    name = "timestamp"

    def value(self, data):
        if data is None:
            return None
        match = re.fullmatch(r"(.{10}[ T].{8})(\.\d{1,6})?(Z|[+-]\d\d:\d\d)?", data)
        fraction = (match.group(2) or ".0")[1:].ljust(6, "0")
        moment = datetime.datetime.fromisoformat(f"{match.group(1)}.{fraction}" + (match.group(3) or "").replace("Z", "+00:00"))
        return moment.astimezone(datetime.timezone.utc).replace(tzinfo=None) if moment.tzinfo else moment


class DecimalType(DataType):
    def __init__(self, precision=10, scale=0):
        self.precision, self.scale = precision, scale

    def simpleString(self):
        return f"decimal({self.precision},{self.scale})"

    def value(self, data):
        return None if data is None else decimal.Decimal(str(data)).quantize(decimal.Decimal(1).scaleb(-self.scale))


class ArrayType(DataType):
    def __init__(self, elementType, containsNull=True):
        self.elementType, self.containsNull = elementType, containsNull

    def simpleString(self):
        return f"array<{self.elementType.simpleString()}>"

    def jsonValue(self):
        return {"type": "array", "elementType": self.elementType.jsonValue(), "containsNull": self.containsNull}

    def value(self, data):
        return None if data is None else [self.elementType.value(item) for item in data]


class MapType(DataType):
    def __init__(self, keyType, valueType, valueContainsNull=True):
        self.keyType, self.valueType, self.valueContainsNull = keyType, valueType, valueContainsNull

    def simpleString(self):
        return f"map<{self.keyType.simpleString()},{self.valueType.simpleString()}>"

    def jsonValue(self):
        return {"type": "map", "keyType": self.keyType.jsonValue(), "valueType": self.valueType.jsonValue(),
                "valueContainsNull": self.valueContainsNull}

    def value(self, data):
        return None if data is None else {key: self.valueType.value(item) for key, item in data.pairs}


class StructField(DataType):
    def __init__(self, name, dataType, nullable=True, metadata=None):
        self.name, self.dataType, self.nullable, self.metadata = name, dataType, nullable, metadata or {}

    def simpleString(self):
        return f"{self.name}:{self.dataType.simpleString()}"

    def jsonValue(self):
        return {"name": self.name, "type": self.dataType.jsonValue(), "nullable": self.nullable, "metadata": self.metadata}


class StructType(DataType):
    def __init__(self, fields=None):
        self.fields = list(fields or [])

    def add(self, name, dataType, nullable=True):
        self.fields.append(StructField(name, type_of_name(dataType) if isinstance(dataType, str) else dataType, nullable))
        return self

    @property
    def names(self):
        return [field.name for field in self.fields]

    def simpleString(self):
        return f"struct<{','.join(field.simpleString() for field in self.fields)}>"

    def jsonValue(self):
        return {"type": "struct", "fields": [field.jsonValue() for field in self.fields]}

    def value(self, data):
        if data is None:
            return None
        return Row.of(self.names, [field.dataType.value(item) for field, (_, item) in zip(self.fields, data.pairs)])


ATOMIC = {kind.name: kind for kind in (NullType, BooleanType, ByteType, ShortType, IntegerType, LongType, FloatType, DoubleType, StringType, BinaryType,
                                       DateType, TimestampType)}
ATOMIC.update({"byte": ByteType, "short": ShortType, "integer": IntegerType, "long": LongType})


def type_of_name(name):
    if match := re.fullmatch(r"decimal\((\d+),(-?\d+)\)", name):
        return DecimalType(int(match.group(1)), int(match.group(2)))
    return ATOMIC[name]() if name in ATOMIC else atomic(name.title() + "Type", name)()


def type_of_json(value):
    """The type of Spark's JSON of a type."""
    if isinstance(value, str):
        return type_of_name(value)
    if value["type"] == "array":
        return ArrayType(type_of_json(value["elementType"]), value["containsNull"])
    if value["type"] == "map":
        return MapType(type_of_json(value["keyType"]), type_of_json(value["valueType"]), value["valueContainsNull"])
    return StructType([StructField(f["name"], type_of_json(f["type"]), f["nullable"], f["metadata"]) for f in value["fields"]])


def ddl_of(schema):
    """The DDL text of a schema that is one already, or a type."""
    if isinstance(schema, str):
        return schema
    if isinstance(schema, StructType):
        return ", ".join(f"`{field.name.replace('`', '``')}` {nested_ddl(field.dataType)}{'' if field.nullable else ' NOT NULL'}" for field in schema.fields)
    return nested_ddl(schema)


def nested_ddl(kind):
    if isinstance(kind, StructType):
        return "STRUCT<" + ", ".join(f"`{f.name.replace('`', '``')}`: {nested_ddl(f.dataType)}" for f in kind.fields) + ">"
    if isinstance(kind, ArrayType):
        return f"ARRAY<{nested_ddl(kind.elementType)}>"
    if isinstance(kind, MapType):
        return f"MAP<{nested_ddl(kind.keyType)}, {nested_ddl(kind.valueType)}>"
    return kind.simpleString().upper()


class JsonObject:
    """A JSON object with its members in their order, names twice too."""

    def __init__(self, pairs):
        self.pairs = pairs


class Row(tuple):
    @classmethod
    def of(cls, names, values):
        row = cls(values)
        row.__fields__ = list(names)
        return row

    def __new__(cls, *values, **named):
        if named:
            return cls.of(list(named), list(named.values()))
        return tuple.__new__(cls, *values)

    def __getitem__(self, item):
        return super().__getitem__(self.__fields__.index(item) if isinstance(item, str) else item)

    def __getattr__(self, name):
        if name.startswith("__") or name not in self.__dict__.get("__fields__", ()):
            raise AttributeError(name)
        return self[name]

    def asDict(self):
        return dict(zip(self.__fields__, self))

    def __repr__(self):
        return f"Row({', '.join(f'{name}={value!r}' for name, value in zip(self.__fields__, self))})"


def row_of(schema, row):
    """A row from what the runner answers: from its JSON, but for times, whose texts have microseconds."""
    values = list(schema.value(json.loads(row["json"], object_pairs_hook=JsonObject, parse_float=decimal.Decimal)))
    for at, (field, text) in enumerate(zip(schema.fields, row["texts"])):
        if isinstance(field.dataType, (TimestampType, DateType)):
            values[at] = field.dataType.value(text)
    return Row.of(schema.names, values)
