#!/usr/bin/env python3
"""Labs and pages cite places in the code by name: `/* LESSON: high-watermark */` stands once in the code, and every citation finds it."""
import re

from sources import files, finish, root

ANCHOR = re.compile(r"/\*\s*LESSON:\s*([a-z0-9][a-z0-9-]*)")
CITATION = re.compile(r"\bLESSON:\s*([a-z0-9][a-z0-9-]*)")


def occurrences(pattern, paths):
    for path in paths:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            for name in pattern.findall(line):
                yield name, f"{path.relative_to(root())}:{number}"


def main():
    faults, anchors = [], {}
    code = files(".c", ".h", ".txt", ".py", under=("runtime", "grader"))
    for name, where in occurrences(ANCHOR, code):
        if name in anchors:
            faults.append(f"{where}: the lesson {name} is already at {anchors[name]}; an anchor is unique")
        anchors.setdefault(name, where)
    for name, where in occurrences(CITATION, files(".md", ".yaml", ".c", ".h", ".sh", under=("labs", "solutions")) + sorted(root().glob("*.md"))):
        if name not in anchors:
            faults.append(f"{where}: cites the lesson {name}, but no source has /* LESSON: {name} */")
    finish("lessons", faults)


main()
