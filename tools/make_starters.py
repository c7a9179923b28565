#!/usr/bin/env python3
"""Makes the files that students start from, labs/NN-name/*, out of the reference solutions, solutions/NN-name/*.

A solution marks what the student writes, and says what stands there at first:

    C:      /* LAB-BEGIN 2 */                      shell:  # LAB-BEGIN 2
            message.key = weir_text(user);                 create --topic "$TOPIC"
            /* LAB-ELSE                                    # LAB-ELSE
             * TODO(2): give the record its key.           # TODO(2): about 1 line.
             * > return WEIR_OK;                           # > not_written create
             * LAB-END */                                  # LAB-END

Between LAB-ELSE and LAB-END, lines that begin with "> " become code and the others a comment. The number is that of the
lab's part. Everything outside the marks is the same in both files.

    tools/make_starters.py            writes labs/
    tools/make_starters.py --check    writes nothing; fails when labs/ is not what would be written
"""
import argparse
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


class MarkError(Exception):
    """A mark that does not fit; the text says where."""


class Style:
    """How a language writes the marks and a comment."""

    def __init__(self, begin, otherwise, end, line_prefix):
        self.begin = re.compile(rf"^(\s*){begin}$")
        self.otherwise = re.compile(rf"^\s*{otherwise}$")
        self.end = re.compile(rf"^\s*{end}$")
        self.line_prefix = re.compile(rf"^\s*{line_prefix} ?")

    def comment(self, lines, indent):
        raise NotImplementedError


class CStyle(Style):
    def __init__(self):
        super().__init__(r"/\* LAB-BEGIN (\d+) \*/", r"/\* LAB-ELSE", r"\* LAB-END \*/", r"\*")

    def comment(self, lines, indent):
        if len(lines) == 1:
            return [f"{indent}/* {lines[0]} */"]
        return [f"{indent}{'/*' if i == 0 else ' *'} {line}{' */' if i == len(lines) - 1 else ''}"
                for i, line in enumerate(lines)]


class ShellStyle(Style):
    def __init__(self):
        super().__init__(r"# LAB-BEGIN (\d+)", r"# LAB-ELSE", r"# LAB-END", "#")

    def comment(self, lines, indent):
        return [f"{indent}# {line}" for line in lines]


STYLES = {".c": CStyle(), ".h": CStyle(), ".sh": ShellStyle()}


def replacement(style, lines, indent, where):
    """What stands in the starter for the lines between LAB-ELSE and LAB-END."""
    result, words = [], []
    for number, line in lines:
        if not style.line_prefix.match(line):
            raise MarkError(f"{where}:{number}: a line between LAB-ELSE and LAB-END that is no comment")
        text = style.line_prefix.sub("", line, count=1)
        if text == ">" or text.startswith("> "):
            if words:
                result += style.comment(words, indent)
                words = []
            result.append((indent + text[2:]).rstrip())
        else:
            words.append(text)
    if words:
        result += style.comment(words, indent)
    return result


def starter(text, style, where):
    """The starter for the solution `text`."""
    result = []
    state, indent, begun, instead = "outside", "", 0, []
    for number, line in enumerate(text.splitlines(), 1):
        begin = style.begin.match(line)
        if begin and state == "outside":
            state, indent, begun, instead = "solution", begin.group(1), number, []
        elif style.otherwise.match(line) and state == "solution":
            state = "instead"
        elif style.end.match(line) and state == "instead":
            result += replacement(style, instead, indent, where)
            state = "outside"
        elif "LAB-" in line:
            raise MarkError(f"{where}:{number}: this mark cannot stand here (LAB-BEGIN n, LAB-ELSE, LAB-END)")
        elif state == "outside":
            result.append(line)
        elif state == "instead":
            instead.append((number, line))
    if state != "outside":
        raise MarkError(f"{where}:{begun}: LAB-BEGIN without LAB-ELSE and LAB-END")
    return "\n".join(result) + "\n"


def starters(root):
    """(path of the starter, its text) for every file of every solution."""
    for source in sorted((root / "solutions").glob("[0-9][0-9]-*/*")):
        name = source.relative_to(root).as_posix()
        text = source.read_text(encoding="utf-8")
        style = STYLES.get(source.suffix)
        if style:
            text = starter(text, style, name)
        yield root / "labs" / source.parent.name / source.name, text, source.stat().st_mode & 0o777


def main():
    parser = argparse.ArgumentParser(description="Makes labs/ from the marks in solutions/.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when labs/ differs")
    parser.add_argument("--root", type=pathlib.Path, default=ROOT, help=argparse.SUPPRESS)
    options = parser.parse_args()
    stale = []
    try:
        for path, text, mode in starters(options.root):
            if path.is_file() and path.read_text(encoding="utf-8") == text:
                continue
            stale.append(path.relative_to(options.root).as_posix())
            if not options.check:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
                path.chmod(mode)
    except MarkError as error:
        print(f"make_starters: {error}", file=sys.stderr)
        return 1
    if options.check and stale:
        print(f"make_starters: not what the solutions make of them: {', '.join(stale)}; "
              "run tools/make_starters.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
