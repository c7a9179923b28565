#!/usr/bin/env python3
"""Who may include whom.

runtime/LAYERS has a line per module, `module: modules it may include [| pure]`, and is a DAG. A pure module (state machines, codecs)
includes no header that reaches the world: sockets, files, threads, clocks. Outside runtime/:

  labs, solutions      what a student may see: <weir/...> and their own folder
  runtime/include      itself
  grader               itself and the modules named below: a student's program is run as a process, never linked
  tests                anything; nothing includes tests

Headers in quotes and in angle brackets are checked alike.
"""
import re

from sources import c_sources, files, finish, root

GRADER_MAY = {"base", "protocol", "client", "net"}
WORLD = re.compile(r"^(sys/(socket|epoll|stat|mman|select|uio|time)|netinet/.*|arpa/.*|netdb|unistd|fcntl|pthread|threads|poll|time|signal)\.h$")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def read_layers():
    allowed, pure = {}, set()
    for line in (root() / "runtime/LAYERS").read_text().splitlines():
        if line := line.split("#")[0].strip():
            name, rest = line.split(":", 1)
            modules, _, mark = rest.partition("|")
            allowed[name.strip()] = set(modules.split())
            if mark.strip() == "pure":
                pure.add(name.strip())
    return allowed, pure


def cycles(allowed):
    def reaches(start):
        seen, todo = set(), list(allowed[start])
        while todo:
            if (module := todo.pop()) not in seen:
                seen.add(module)
                todo += allowed.get(module, ())
        return seen
    return [f"runtime/LAYERS: {m} reaches itself" for m in allowed if m in reaches(m)]


def fault_of(where, quote, header, allowed, pure):
    """Why this include is not allowed, or None."""
    top, module = where.parts[0], where.parts[1]
    first = header.split("/")[0] if "/" in header else None
    beside = quote == '"' and (root() / where.parent / header).exists()
    if top == "tests":
        return None
    if "tests" in header.split("/") or (quote == '"' and (root() / "tests/support" / header).exists()):
        return "nothing includes tests"
    if top in ("labs", "solutions"):
        ours = first in allowed or quote == '"'
        return "a lab sees <weir/...> and its own folder only" if ours and not beside and first != "weir" else None
    if top == "grader":
        return f"the grader may include {' '.join(sorted(GRADER_MAY))} and itself" if first in allowed.keys() - GRADER_MAY else None
    if module == "include":
        return "a public header includes public headers only" if first in allowed or (quote == '"' and not beside and first != "weir") else None
    if module not in allowed:
        return "its module is not in runtime/LAYERS; add a line that says what it may include"
    if first in allowed and first != module and first not in allowed[module]:
        return f"{module} may not include {first} (runtime/LAYERS)"
    if module in pure and WORLD.match(header):
        return f"{module} is pure: no sockets, files, threads or clocks"
    return None


def main():
    allowed, pure = read_layers()
    faults = cycles(allowed)
    for source in c_sources():
        text = source.read_text()
        where = source.relative_to(root())
        if len(where.parts) < 2 or where.parts[0] == "tools":
            continue
        for match in INCLUDE.finditer(text):
            if why := fault_of(where, match.group(1), match.group(2), allowed, pure):
                faults.append(f"{where}:{text.count(chr(10), 0, match.start(2)) + 1}: includes {match.group(2)}: {why}")
    if not files(".c", under=("runtime",)):
        faults.append("runtime: no sources found")
    finish("layers", faults)


main()
