#!/usr/bin/env python3
"""Labs and pages cite places in the code by name: `LESSON: high-watermark`, often with the file, "`LESSON: flush` in `runtime/client/producer.c`".
The anchor stands once in the code, in a comment of its own or as a line of a larger one; every citation finds it, in the file it names."""
import re

from sources import files, finish, root

ANCHOR = re.compile(r"(?:/\*|^\s*\*)\s*LESSON:\s*([a-z0-9][a-z0-9-]*)()")
CITATION = re.compile(r"\bLESSON:\s*([a-z0-9][a-z0-9-]*)(?:`?\s+in\s+`([\w./-]+)`)?")


def occurrences(pattern, paths):
    for path in paths:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            for name, file in pattern.findall(line):
                yield name, file, str(path.relative_to(root())), number


def main():
    faults, anchors = [], {}
    for name, _, file, number in occurrences(ANCHOR, files(".c", ".h", under=("runtime", "grader"))):
        if name in anchors:
            faults.append(f"{file}:{number}: the lesson {name} is in {anchors[name]} already; an anchor is unique")
        anchors.setdefault(name, file)
    pages = files(".md", ".yaml", ".c", ".h", ".sh", under=("labs", "solutions")) + sorted(root().glob("*.md"))
    for name, named, file, number in occurrences(CITATION, pages):
        if name not in anchors:
            faults.append(f"{file}:{number}: cites the lesson {name}, but no source has /* LESSON: {name} */")
        elif named and named != anchors[name]:
            faults.append(f"{file}:{number}: cites the lesson {name} in {named}, but it is in {anchors[name]}")
    finish("lessons", faults)


main()
