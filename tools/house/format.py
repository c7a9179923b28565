#!/usr/bin/env python3
"""Every C file is as clang-format 14 would write it (.clang-format). Another version formats differently, so the version counts."""
import re
import subprocess

from sources import c_sources, finish, tool


def main():
    formatter = tool(2)
    run = subprocess.run([formatter, "--dry-run", *map(str, c_sources())], capture_output=True, text=True, check=True)
    faults = {}
    for line in run.stderr.splitlines():
        if match := re.match(r"^(.*?):(\d+):\d+: (warning|error):", line):
            faults.setdefault(match.group(1), match.group(2))
    finish("format", [f"{path}:{line}: not formatted from here on; run: clang-format-14 -i {path}" for path, line in faults.items()])


main()
