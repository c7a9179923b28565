"""The generator of the protocol's messages: a fault in a schema is named with its file, line and what to do.

Each case is a schema with one fault; nothing is written for it. One good schema shows that the harness can pass.
"""
import os
import pathlib
import subprocess
import sys
import tempfile

GENERATOR = pathlib.Path(os.environ["WEIR_SOURCE"]) / "runtime/protocol/schema/generate.py"

HEAD = "api Thing  key 1  versions 0-5  flexible 3+\n\nrequest\n"
TAIL = "\nresponse\n    error_code  int16\n"

# what is wrong, the schema, the line, the words
CASES = [
    ("unknown type", HEAD + "    a  int31\n" + TAIL, 4, "unknown type 'int31'"),
    ("no type", HEAD + "    a\n" + TAIL, 4, "a field needs a name and a type"),
    ("tab", HEAD + "\ta  int32\n" + TAIL, 4, "indent by 4 blanks a level"),
    ("crooked indentation", HEAD + "  a  int32\n" + TAIL, 4, "indent by 4 blanks a level"),
    ("too deep", HEAD + "    a  int32\n        b  int32\n" + TAIL, 5, "indented too deep"),
    ("name", HEAD + "    Topic  int32\n" + TAIL, 4, "'Topic' cannot be a field's name in C"),
    ("keyword", HEAD + "    default  int32\n" + TAIL, 4, "'default' cannot be a field's name in C"),
    ("field twice", HEAD + "    a  int32\n    a  int8\n" + TAIL, 5, "there is a field 'a' already"),
    ("count of an array", HEAD + "    a  []int32\n    a_count  int8\n" + TAIL, 5, "there is a field 'a_count' already"),
    ("range", HEAD + "    a  int32  4-9\n" + TAIL, 4, "versions 4-9 are not within 0-5"),
    ("range backwards", HEAD + "    a  int32  4-3\n" + TAIL, 4, "versions 4-3 are not within 0-5"),
    ("null range", HEAD + "    a  string  2-3  null 1+\n" + TAIL, 4, "versions 1+ are not within 2-3"),
    ("null number", HEAD + "    a  int32  null\n" + TAIL, 4, "int32 cannot be null"),
    ("option", HEAD + "    a  int32  optional\n" + TAIL, 4, "unknown option 'optional'"),
    ("default", HEAD + "    a  int8  default 200\n" + TAIL, 4, "'200' is no int8"),
    ("default missing", HEAD + "    a  int8  default\n" + TAIL, 4, "'default' needs a value"),
    ("null default", HEAD + "    a  string  default null\n" + TAIL, 4, "the default is null, but the field cannot be null"),
    ("default of an array", HEAD + "    a  []int8  default 3\n" + TAIL, 4, "the only default of an array or a struct is null"),
    ("tag in old versions", HEAD + "    a  int8  tag 0\n" + TAIL, 4, "a tagged field needs flexible versions"),
    ("tag twice", HEAD + "    a  int8  3+  tag 0\n    b  int8  3+  tag 0\n" + TAIL, 5, "tag 0 is taken"),
    ("gap in tags", HEAD + "    a  int8  3+  tag 1\n" + TAIL, 4, "the tags of ThingRequest are not 0 to 0"),
    ("tagged records", HEAD + "    a  records  3+  tag 0\n" + TAIL, 4, "records are neither an array nor tagged"),
    ("struct in itself", HEAD + "    a  []b\n        c  []b\n" + TAIL, 5, "struct 'b' contains itself"),
    ("struct twice", HEAD + "    a  []b\n        c  int8\n    d  []b\n        e  int8\n" + TAIL, 7, "struct 'b' is defined already"),
    ("no fields", HEAD + TAIL, 3, "ThingRequest has no fields"),
    ("no response", HEAD + "    a  int8\n", 1, "Thing needs a request and a response"),
    ("second request", HEAD + "    a  int8\nrequest\n    a  int8\n" + TAIL, 5, "a request without an API, or its second"),
    ("head", "api Thing  key 1  versions 0-5\n", 1, "expected: api NAME key KEY versions VERSIONS flexible FLEXIBLE"),
    ("word", "struct Thing\n", 1, "expected api, message, request or response, not 'struct'"),
    ("orphan", "    a  int8\n", 1, "a field outside of any message"),
    ("depth", "message Deep  versions 0  flexible never\n"
     + "".join("    " * (i + 1) + f"f{i}  s{i}\n" for i in range(9)) + "    " * 10 + "x  int8\n", 10, "more than 8 structs in one another"),
]


def generate(folder, text):
    schema = pathlib.Path(folder) / "thing.txt"
    schema.write_text(text, encoding="utf-8")
    out = pathlib.Path(folder) / "out"
    done = subprocess.run([sys.executable, GENERATOR, out, schema], capture_output=True, text=True, timeout=60, check=False)
    return done, schema, out


def main():
    failed = 0
    print(f"1..{len(CASES) + 1}")
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, text, line, words) in enumerate(CASES, 1):
            done, schema, out = generate(folder, text)
            expected = f"{schema}:{line}: {words}"
            ok = done.returncode == 1 and done.stderr.startswith(expected) and done.stderr.count("\n") == 1 and not out.exists()
            print(f"{'ok' if ok else 'not ok'} {number} - {name}")
            if not ok:
                failed += 1
                print(f"# expected: {expected}\n# actual: exit {done.returncode}, {done.stderr!r}")
        done, _, out = generate(folder, HEAD + "    a  []b  null  default null\n        c  int64  default -9223372036854775808\n" + TAIL)
        header = (out / "messages.h").read_text(encoding="utf-8") if out.exists() else ""
        ok = done.returncode == 0 and "struct thing_request_b {\n    int64_t c;\n};" in header
        print(f"{'ok' if ok else 'not ok'} {len(CASES) + 1} - a good schema is written")
        failed += not ok
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
