#!/usr/bin/env python3
"""Turns the schema files (README.md has the notation) into C: messages.h and message_tables.c.

    generate.py OUTPUT_FOLDER SCHEMA.txt ...

Run by CMake at build time. A fault in a schema ends it with "file:line: what is wrong" and exit code 1. Files whose
content would not change are left alone, so that nothing is compiled again for nothing.
"""
import os
import re
import sys
from dataclasses import dataclass, field

DEPTH_MAX = 8  # MESSAGE_DEPTH_MAX in message_type.h; the generated code asserts that the two agree
INDENT = 4

# type -> (C type, enum field_kind)
SCALARS = {
    "bool": ("bool", "FIELD_BOOL"),
    "int8": ("int8_t", "FIELD_INT8"),
    "int16": ("int16_t", "FIELD_INT16"),
    "uint16": ("uint16_t", "FIELD_UINT16"),
    "int32": ("int32_t", "FIELD_INT32"),
    "int64": ("int64_t", "FIELD_INT64"),
    "float64": ("double", "FIELD_FLOAT64"),
    "uuid": ("struct uuid", "FIELD_UUID"),
    "string": ("struct bytes", "FIELD_STRING"),
    "bytes": ("struct bytes", "FIELD_BYTES"),
    "records": ("struct records_field", "FIELD_RECORDS"),
}
INTEGER_BITS = {"int8": 8, "int16": 16, "int32": 32, "int64": 64}
C_KEYWORDS = set("""auto break case char const continue default do double else enum extern float for goto if inline
int long register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while
bool true false""".split())


class SchemaError(Exception):
    pass


@dataclass
class Line:
    file: str
    number: int
    depth: int  # in steps of INDENT
    words: list
    comment: str

    def fail(self, why):
        raise SchemaError(f"{self.file}:{self.number}: {why}")


@dataclass
class Field:
    line: Line
    name: str
    type: str  # of an element, for an array
    array: bool
    versions: tuple
    nulls: tuple = None
    tag: int = None
    default: str = None
    flags: set = field(default_factory=set)  # ignorable, inflexible, secret
    struct: "Struct" = None

    @property
    def pointer(self):
        """A nullable struct is a pointer, so that NULL can say so."""
        return self.struct is not None and not self.array and self.nulls is not None


@dataclass
class Struct:
    c_name: str
    title: str  # what error messages and the printer call it
    versions: tuple
    flexible: int  # None: never
    fields: list = field(default_factory=list)


@dataclass
class Message:
    top: Struct
    structs: list  # inner ones first, the message itself last


@dataclass
class Api:
    name: str
    key: int
    versions: tuple
    flexible: int
    line: Line
    request: Message = None
    response: Message = None


def snake(name):
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name).lower()


# --- reading ---


def read_lines(path):
    lines = []
    with open(path, encoding="utf-8") as file:
        for number, text in enumerate(file, 1):
            code, _, comment = text.rstrip("\n").partition("#")
            if not code.strip():
                continue
            blanks = len(code) - len(code.lstrip(" "))
            line = Line(path, number, blanks // INDENT, code.split(), comment.strip())
            if blanks % INDENT or "\t" in code:
                line.fail(f"indent by {INDENT} blanks a level")
            lines.append(line)
    return lines


def parse_range(line, text, within):
    """"3", "3-5" or "3+" as (first, last), which must lie in `within` (None: anything)."""
    match = re.fullmatch(r"(\d+)(?:-(\d+)|(\+))?", text)
    if not match:
        line.fail(f"'{text}' is no version range: write 3, 3-5 or 3+")
    first = int(match[1])
    if match[3]:
        if within is None:
            line.fail(f"'{text}' has no end")
        last = within[1]
    else:
        last = int(match[2] or first)
    if first > last or (within and (first < within[0] or last > within[1])):
        line.fail(f"versions {text} are not within {within[0]}-{within[1]}" if within
                  else f"versions {text} run backwards")
    return first, last


def is_range(word):
    return bool(re.fullmatch(r"\d+(-\d+|\+)?", word))


def parse_head(line, pattern):
    """The words of `pattern` in upper case are values, the others must stand there as they are."""
    values = {}
    if len(line.words) != len(pattern.split()):
        line.fail(f"expected: {pattern}")
    for expected, word in zip(pattern.split(), line.words):
        if expected.isupper():
            values[expected] = word
        elif expected != word:
            line.fail(f"expected '{expected}' in place of '{word}': {pattern}")
    return values


def parse_versions(line, values):
    versions = parse_range(line, values["VERSIONS"], None)
    if values["FLEXIBLE"] == "never":
        return versions, None
    if not re.fullmatch(r"\d+\+", values["FLEXIBLE"]):
        line.fail(f"'{values['FLEXIBLE']}': write flexible 3+ or flexible never")
    return versions, int(values["FLEXIBLE"][:-1])


def parse_field(line, around):
    """One field line; `around` are the versions of the message that the field belongs to."""
    if len(line.words) < 2:
        line.fail("a field needs a name and a type")
    name, type_name, *rest = line.words
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name in C_KEYWORDS:
        line.fail(f"'{name}' cannot be a field's name in C")
    array = type_name.startswith("[]")
    result = Field(line, name, type_name[2:] if array else type_name, array, around)
    if rest and is_range(rest[0]):
        result.versions = parse_range(line, rest.pop(0), around)
    while rest:
        option = rest.pop(0)
        if option == "null":
            result.nulls = result.versions
            if rest and is_range(rest[0]):
                result.nulls = parse_range(line, rest.pop(0), result.versions)
        elif option in ("tag", "default") and not rest:
            line.fail(f"'{option}' needs a value")
        elif option == "tag":
            if not rest[0].isdigit():
                line.fail(f"'{rest[0]}' is no tag")
            result.tag = int(rest.pop(0))
        elif option == "default":
            result.default = rest.pop(0)
        elif option in ("ignorable", "inflexible", "secret"):
            result.flags.add(option)
        else:
            line.fail(f"unknown option '{option}'")
    check_field(result)
    return result


def check_field(f):
    composite = f.array or f.type not in SCALARS
    if not re.fullmatch(r"[a-z][a-z0-9_]*", f.type):
        f.line.fail(f"unknown type '{f.type}'")
    if f.type == "records" and (f.array or f.tag is not None):
        f.line.fail("records are neither an array nor tagged: the encoder leaves them to the sender")
    if f.nulls and not composite and f.type not in ("string", "bytes", "records"):
        f.line.fail(f"{f.type} cannot be null")
    if f.nulls and f.tag is not None and not f.array and f.type not in SCALARS:
        f.line.fail("a tagged struct cannot be null")
    if f.nulls and not f.array and f.type not in SCALARS and f.default != "null":
        f.line.fail("a struct that may be null needs the default null")
    if f.default is None:
        return
    if f.default == "null":
        if not f.nulls:
            f.line.fail("the default is null, but the field cannot be null")
    elif composite:
        f.line.fail("the only default of an array or a struct is null")
    elif f.type in INTEGER_BITS:
        bits = INTEGER_BITS[f.type]
        if not re.fullmatch(r"-?\d+", f.default) or not -(1 << bits - 1) <= int(f.default) < 1 << bits - 1:
            f.line.fail(f"'{f.default}' is no {f.type}")
    elif f.type == "bool":
        if f.default not in ("true", "false"):
            f.line.fail(f"'{f.default}' is no bool")
    elif f.type != "string" or not re.fullmatch(r'"[A-Za-z0-9_.-]*"', f.default):
        f.line.fail(f"{f.type} cannot have the default {f.default}")


class Body:
    """Parses the fields of one message, with the structs in them."""

    def __init__(self, lines, title, versions, flexible):
        self.lines = lines
        self.prefix = snake(title)
        self.named = {}
        self.done = []
        self.versions = versions
        self.flexible = flexible
        top = Struct(self.prefix, title, versions, flexible)
        at = self.parse_struct(top, 0, 1)
        if at != len(lines):
            lines[at].fail("indented too deep")
        self.message = Message(top, self.done)

    def parse_struct(self, struct, at, depth):
        if depth > DEPTH_MAX:
            self.lines[at].fail(f"more than {DEPTH_MAX} structs in one another")
        names = set()
        tags = set()
        while at < len(self.lines) and self.lines[at].depth == depth:
            f = parse_field(self.lines[at], self.versions)
            if f.name in names or (f.array and f.name + "_count" in names):
                f.line.fail(f"there is a field '{f.name}' already")
            names.update([f.name, f.name + "_count"] if f.array else [f.name])
            if f.tag is not None:
                if self.flexible is None or f.versions[0] < self.flexible:
                    f.line.fail("a tagged field needs flexible versions")
                if f.tag in tags:
                    f.line.fail(f"tag {f.tag} is taken")
                tags.add(f.tag)
            at += 1
            if f.type not in SCALARS:
                at = self.parse_inner(f, at, depth)
            struct.fields.append(f)
        if not struct.fields:
            raise SchemaError(f"{struct.title}: a struct without fields")
        if tags != set(range(len(tags))):
            struct.fields[0].line.fail(f"the tags of {struct.title} are not 0 to {len(tags) - 1}")
        self.done.append(struct)
        return at

    def parse_inner(self, f, at, depth):
        has_body = at < len(self.lines) and self.lines[at].depth > depth
        if f.type in self.named:
            f.struct = self.named[f.type]
            if f.struct is None:
                f.line.fail(f"struct '{f.type}' contains itself")
            if has_body:
                self.lines[at].fail(f"struct '{f.type}' is defined already")
            return at
        if not has_body:
            f.line.fail(f"unknown type '{f.type}': neither a basic type nor a struct defined here or above")
        f.struct = Struct(f"{self.prefix}_{f.type}", f"{self.prefix}_{f.type}", self.versions, self.flexible)
        self.named[f.type] = None  # until its fields are known
        at = self.parse_struct(f.struct, at, depth + 1)
        self.named[f.type] = f.struct
        return at


def parse_file(path, apis, messages):
    lines = read_lines(path)
    at = 0

    def body(title, versions, flexible):
        nonlocal at
        first = at
        while at < len(lines) and lines[at].depth > 0:
            at += 1
        if first == at:
            lines[first - 1].fail(f"{title} has no fields")
        return Body(lines[first:at], title, versions, flexible).message

    while at < len(lines):
        line = lines[at]
        at += 1
        if line.depth != 0:
            line.fail("a field outside of any message")
        if line.words[0] == "message":
            values = parse_head(line, "message NAME versions VERSIONS flexible FLEXIBLE")
            versions, flexible = parse_versions(line, values)
            messages.append(body(values["NAME"], versions, flexible))
        elif line.words[0] == "api":
            values = parse_head(line, "api NAME key KEY versions VERSIONS flexible FLEXIBLE")
            versions, flexible = parse_versions(line, values)
            if not values["KEY"].isdigit():
                line.fail(f"'{values['KEY']}' is no API key")
            apis.append(Api(values["NAME"], int(values["KEY"]), versions, flexible, line))
        elif line.words in (["request"], ["response"]):
            if not apis or apis[-1].line.file != path or getattr(apis[-1], line.words[0]):
                line.fail(f"a {line.words[0]} without an API, or its second")
            api = apis[-1]
            setattr(api, line.words[0], body(api.name + line.words[0].title(), api.versions, api.flexible))
        else:
            line.fail(f"expected api, message, request or response, not '{line.words[0]}'")


def check_whole(apis, messages):
    keys = {}
    for api in apis:
        if not api.request or not api.response:
            api.line.fail(f"{api.name} needs a request and a response")
        if api.key in keys:
            api.line.fail(f"key {api.key} belongs to {keys[api.key]} already")
        keys[api.key] = api.name
    names = set()
    for message in messages:
        for struct in message.structs:
            if struct.c_name in names:
                struct.fields[0].line.fail(f"there is a struct {struct.c_name} already")
            names.add(struct.c_name)


# --- writing ---


def describe_versions(versions, around):
    if versions == around:
        return ""
    first, last = versions
    if first == last:
        return f"version {first}"
    if last == around[1]:
        return f"since version {first}"
    return f"up to version {last}" if first <= around[0] else f"versions {first} to {last}"


def element_type(f):
    return f"struct {f.struct.c_name}" if f.struct else SCALARS[f.type][0]


def member_lines(struct, f):
    notes = [describe_versions(f.versions, struct.versions)]
    if f.nulls:
        notes.append("may be null")
    notes.append(f.line.comment)
    comment = "; ".join(note for note in notes if note)
    comment = f" /* {comment} */" if comment else ""
    star = "*" if f.array or f.pointer else ""
    result = [f"    {element_type(f)} {star}{f.name};{comment}"]
    if f.array:
        result.append(f"    int32_t {f.name}_count;")
    return result


def header_text(apis, messages):
    out = ["/*", " * The messages of Kafka's protocol as C structs. Generated from runtime/protocol/schema; see README.md there.",
           " */", "#pragma once", "", '#include "protocol/message_type.h"', "", "enum api_key {"]
    out += [f"    API_{snake(api.name).upper()} = {api.key}," for api in apis]
    out += ["};", ""]
    for message in messages:
        top = message.top
        for struct in message.structs:
            if struct is top:
                first, last = top.versions
                out.append(f"/* {top.title}, version{'s' if first != last else ''} {first}"
                           + (f" to {last}" if first != last else "") + ". */")
            out.append(f"struct {struct.c_name} {{")
            for f in struct.fields:
                out += member_lines(struct, f)
            out += ["};", ""]
        for struct in message.structs:
            out.append(f"extern const struct message_type {struct.c_name}_type;")
        out.append("")
    return "\n".join(out)


def default_value(f):
    """The C initialiser of one field's default, or None where zero bytes are it."""
    if f.array:
        return None  # NULL; its count is what says null
    if f.struct:
        inner = default_members(f.struct) if not f.pointer else []
        return "{ " + ", ".join(inner) + " }" if inner else None
    if f.type in ("string", "bytes"):
        if f.default == "null":
            return None
        text = f.default.strip('"') if f.default else ""
        return f'{{ (const uint8_t *)"{text}", {len(text)} }}'
    if f.default in (None, "null", "false") or f.default == "0":
        return None
    if f.type in INTEGER_BITS and int(f.default) == -(1 << INTEGER_BITS[f.type] - 1):
        return f.type.upper() + "_MIN"  # C has no literal for it
    return f"INT64_C({f.default})" if f.type == "int64" else f.default


def default_members(struct):
    members = []
    for f in struct.fields:
        value = default_value(f)
        if value:
            members.append(f".{f.name} = {value}")
        if f.array and f.default == "null":
            members.append(f".{f.name}_count = -1")
    return members


def c_range(versions):
    return f"{{ {versions[0]}, {versions[1]} }}" if versions else "NO_VERSIONS"


def field_row(struct, f):
    kind = "FIELD_STRUCT" if f.struct else SCALARS[f.type][1]
    cells = [f'.name = "{f.name}"', f".kind = {kind}",
             f".offset = offsetof(struct {struct.c_name}, {f.name})",
             f".versions = {c_range(f.versions)}", f".null_versions = {c_range(f.nulls)}",
             f".tag = {f.tag if f.tag is not None else 'NO_TAG'}"]
    if f.array:
        cells += [".array = true", f".count_offset = offsetof(struct {struct.c_name}, {f.name}_count)"]
    if f.struct:
        cells.append(f".type = &{f.struct.c_name}_type")
    if f.pointer:
        cells.append(".pointer = true")
    cells += [f".{flag} = true" for flag in sorted(f.flags)]
    return "    { " + ", ".join(cells) + " },"


def type_tables(struct):
    name = struct.c_name
    flexible = struct.flexible if struct.flexible is not None else "VERSION_NEVER"
    members = default_members(struct)
    value = f" = {{ {', '.join(members)} }}" if members else ""  # static storage is zero by itself
    return [f"static const struct {name} {name}_defaults{value};",
            f"static const struct message_field {name}_fields[] = {{",
            *[field_row(struct, f) for f in struct.fields],
            "};",
            f"const struct message_type {name}_type = {{",
            f'    .name = "{struct.title}", .size = sizeof(struct {name}), .defaults = &{name}_defaults,',
            f"    .fields = {name}_fields, .field_count = {len(struct.fields)},",
            f"    .versions = {c_range(struct.versions)}, .flexible_from = {flexible},",
            "};", ""]


def table_text(apis, messages):
    out = ["/*", " * The tables behind messages.h. Generated from runtime/protocol/schema; see README.md there.", " */",
           "#include <assert.h>", "#include <stddef.h>", "",
           '#include "protocol/messages.h"', "",
           f'static_assert(MESSAGE_DEPTH_MAX == {DEPTH_MAX}, "the generator and the codec agree");', ""]
    for message in messages:
        for struct in message.structs:
            out += type_tables(struct)
    out.append("const struct api_type api_types[] = {")
    for api in apis:
        flexible = api.flexible if api.flexible is not None else "VERSION_NEVER"
        request, response = api.request.top.c_name, api.response.top.c_name
        out.append(f'    {{ .key = {api.key}, .name = "{api.name}", .version_min = {api.versions[0]}, '
                   f".version_max = {api.versions[1]}, .flexible_from = {flexible}, "
                   f".request = &{request}_type, .response = &{response}_type }},")
    out += ["};", "const int32_t api_type_count = sizeof(api_types) / sizeof(api_types[0]);", "",
            "const struct message_type *const message_types[] = {"]
    out += [f"    &{message.top.c_name}_type," for message in messages]
    out += ["};", "const int32_t message_type_count = sizeof(message_types) / sizeof(message_types[0]);", ""]
    return "\n".join(out)


def write_if_changed(path, text):
    try:
        with open(path, encoding="utf-8") as file:
            if file.read() == text:
                return
    except FileNotFoundError:
        pass
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def main(arguments):
    if len(arguments) < 2:
        print("usage: generate.py OUTPUT_FOLDER SCHEMA.txt ...", file=sys.stderr)
        return 4
    apis, messages = [], []
    try:
        for path in sorted(arguments[1:]):
            parse_file(path, apis, messages)
        apis.sort(key=lambda api: api.key)
        messages += [message for api in apis for message in (api.request, api.response) if message]
        check_whole(apis, messages)
    except SchemaError as error:
        print(error, file=sys.stderr)
        return 1
    os.makedirs(arguments[0], exist_ok=True)
    write_if_changed(os.path.join(arguments[0], "messages.h"), header_text(apis, messages))
    write_if_changed(os.path.join(arguments[0], "message_tables.c"), table_text(apis, messages))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
