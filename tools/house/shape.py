#!/usr/bin/env python3
"""The limits that no off-the-shelf tool states plainly: sizes, nesting, parameters, banned calls, leftovers.

They cut the tail: most functions are ten lines long, and what makes code unpleasant is the few that are three hundred.
"""
import json
import re
import subprocess

from sources import c_sources, finish, root, tool

FILE_MAX, HEADER_MAX, FUNCTION_MAX, PARAMETERS_MAX, NESTING_MAX = 600, 250, 70, 6, 4
BANNED = {
    "strcpy": "bytes_to_text or snprintf", "strcat": "a struct buffer", "sprintf": "snprintf", "gets": "fgets", "atoi": "bytes_parse_i64",
    "strtok": "bytes_cut", "alloca": "an arena", "strerror": "weir_fail_errno",
}
# A student's file is a student's first page of C: it may be simpler than the house, not larger.
STUDENTS = ("labs", "solutions")


def blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def without_comments(text):
    text = re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', blank, text, flags=re.S)
    return text


def nesting(lines, first, last):
    """The deepest control structure of a function (1: not nested), and its line."""
    stack, deepest, where = [], 0, first
    for number in range(first, last + 1):
        line = lines[number - 1]
        for position, char in enumerate(line):
            if char == "{":
                before = line[:position].rstrip()
                stack.append(bool(re.search(r"(\)|\belse|\bdo)$", before)) and not re.match(r"^\S.*\)$", before))
                if sum(stack) > deepest:
                    deepest, where = sum(stack), number
            elif char == "}" and stack:
                stack.pop()
    return deepest, where


def check_lines(where, text, code):
    lines = text.splitlines()
    limit = HEADER_MAX if where.endswith(".h") else FILE_MAX
    if len(lines) > limit:
        yield f"{where}: {len(lines)} lines, the limit is {limit}; would two nouns read better as two files?"
    if not text.startswith("/*\n * "):
        yield f"{where}:1: the file must open with a comment that says what it is and what it guarantees"
    for number, (line, original) in enumerate(zip(code.splitlines(), lines), 1):
        for name, instead in BANNED.items():
            if re.search(rf"(?<![.>])\b{name}\s*\(", line):
                yield f"{where}:{number}: {name}() is banned, use {instead}"
        if re.search(r"\btypedef\s+(struct|union|enum)\b(?!\s+\w+\s*(\(\*|\*\w+\())", line):
            yield f"{where}:{number}: no typedef of a struct, union or enum: the word tells the reader what it is"
        if re.search(r'#\s*include\s+"[^"]*\.c"', original):
            yield f"{where}:{number}: a source file is never included"
        if re.search(r"\b(FIXME|XXX|HACK)\b", original):
            yield f"{where}:{number}: a leftover mark"
    if where.endswith(".h") and "#pragma once" not in text:
        yield f"{where}:1: a header needs #pragma once"
    for match in re.finditer(r"^[ \t]*#[ \t]*define[ \t]+(\w+)\([^)]*\)((?:[^\n]*\\\n)*[^\n]*)", code, re.M):
        if re.search(r"\b(return|goto|break|continue)\b", match.group(2)):
            yield f"{where}:{code.count(chr(10), 0, match.start()) + 1}: {match.group(1)}() hides control flow in a macro"


def functions(ctags, paths):
    run = subprocess.run([ctags, "--output-format=json", "--fields=+neS", "--kinds-C=f", "--language-force=C", "-f", "-", "-L", "-"],
                         input="\n".join(map(str, paths)), capture_output=True, text=True, check=True)
    return [json.loads(line) for line in run.stdout.splitlines()]


def parameter_count(signature):
    depth, count = 0, 1
    for char in signature[1:-1]:
        depth += char in "([" and 1 or char in ")]" and -1 or 0
        count += char == "," and depth == 0
    return count


def main():
    ctags = tool(2)
    faults, codes = [], {}
    for path in c_sources():
        text = path.read_text()
        codes[str(path)] = code = without_comments(text)
        faults += check_lines(str(path.relative_to(root())), text, code)
    for tag in functions(ctags, codes):
        where, name, first = tag["path"].removeprefix(f"{root()}/"), tag["name"], tag["line"]
        last = tag.get("end", first)
        if last - first + 1 > FUNCTION_MAX:
            faults.append(f"{where}:{first}: {name}() is {last - first + 1} lines, the limit is {FUNCTION_MAX}")
        if where.split("/")[0] in STUDENTS:
            continue
        if (count := parameter_count(tag.get("signature", "()"))) > PARAMETERS_MAX:
            faults.append(f"{where}:{first}: {name}() takes {count} parameters, the limit is {PARAMETERS_MAX}; a struct says what belongs together")
        depth, line = nesting(codes[tag["path"]].splitlines(), first, last)
        if depth > NESTING_MAX:
            faults.append(f"{where}:{line}: {name}() nests {depth} deep, the limit is {NESTING_MAX}; give the inner part a name")
    finish("shape", faults)


main()
