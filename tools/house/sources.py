"""What every check of the house shares: finding the sources, and reporting.

A check prints one line a fault, `path:line: what is wrong and what to do`, and exits 1; it prints nothing else but `NAME: ok`.
A check whose tool is not installed exits 77 (skipped) and names the tool.
"""
import os
import sys
from pathlib import Path

SKIPPED = 77
NOT_OURS = {".git", "build", "golden", "corpus", "__pycache__"}


def root() -> Path:
    return Path(sys.argv[1]).resolve()


def files(*suffixes: str, under: tuple[str, ...] = ("",)) -> list[Path]:
    """Every file of the repository whose name ends so; captured data and build folders are left out."""
    found = []
    for top in under:
        for folder, names, entries in os.walk(root() / top):
            names[:] = [n for n in names if n not in NOT_OURS]
            found += [Path(folder) / e for e in entries if not suffixes or e.endswith(suffixes)]
    return sorted(set(found))


def c_sources() -> list[Path]:
    return files(".c", ".h", under=("runtime", "grader", "labs", "solutions", "tests", "tools"))


def tool(argument: int) -> str:
    """The path of an outside tool, as CMake found it."""
    path = sys.argv[argument]
    if path.endswith("NOTFOUND"):
        print(f"skipped: {path.removesuffix('-NOTFOUND').lower()} is not installed; ./weir test installs it")
        sys.exit(SKIPPED)
    return path


def finish(name: str, faults: list[str]) -> None:
    for fault in faults:
        print(fault.replace(f"{root()}/", ""))
    if not faults:
        print(f"{name}: ok")
    sys.exit(bool(faults))
