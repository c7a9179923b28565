#!/usr/bin/env python3
"""What a module's archive exports is meant, and nothing in it is a mutable variable at file scope.

An exported name is meant when a header of the module declares it (a header of runtime/include/weir counts for whoever implements it, a
generated one too); anything else should have been static. State hangs from an object that is passed around, so an archive
holds no writable data; tables of constants that need relocation (.data.rel.ro) and thread-locals are not writable data.
"""
import re
import subprocess
import sys
from pathlib import Path

from sources import finish, root

SYMBOL = re.compile(r"^[0-9a-f]+ (.{7}) (\S+)\t[0-9a-f]+\s+(?:\.(?:hidden|internal|protected)\s+)?(\S+)$")
MEMBER = re.compile(r"^(\S+?)(?:\.o)?:\s+file format")
WRITABLE = re.compile(r"^(\*COM\*|\.bss|\.data)(?!\.rel\.ro)")


def words_of_headers(module, build):
    folders = [root() / "runtime/include/weir", build / "generated" / module]
    folders.append(root() / "runtime" / module if (root() / "runtime" / module).is_dir() else root() / "grader")
    headers = [p for folder in folders if folder.is_dir() for p in folder.rglob("*.h")]
    return {word for header in headers for word in re.findall(r"\w+", header.read_text())}


def check(module, table, declared):
    member = module
    for line in table.splitlines():
        if match := MEMBER.match(line):
            member = match.group(1)
        if not (match := SYMBOL.match(line)):
            continue
        flags, section, name = match.groups()
        if section == "*UND*" or "d" in flags or "f" in flags:
            continue
        if WRITABLE.match(section):
            yield f"{module}: {member}: {name} is a mutable variable at file scope; let it hang from an object"
        if flags[0] in "gu!" and name not in declared:
            yield f"{module}: {member}: {name} is exported but no header of the module declares it; make it static"


def main():
    objdump, build = sys.argv[2], Path(sys.argv[3])
    archives = sorted([*build.glob("libweir_*.a"), *build.glob("grader/libweir_*.a")])
    faults = [] if archives else [f"{build}: no archives found; build first"]
    for archive in archives:
        module = archive.stem.removeprefix("libweir_")
        table = subprocess.run([objdump, "--syms", str(archive)], capture_output=True, text=True, check=True).stdout
        faults += check(module, table, words_of_headers(module, build))
    finish("symbols", faults)


main()
