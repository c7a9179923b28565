#!/usr/bin/env python3
"""Every header compiles alone, in any order therefore; the public ones (weir/...) also as C++."""
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from sources import files, finish, root

FLAGS = ["-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-D_GNU_SOURCE"]


def main():
    compiler, build = sys.argv[2], sys.argv[3]
    folders = [root() / "runtime", root() / "runtime/include", root() / "grader", root() / "tests/support", f"{build}/generated"]
    includes = [f"-I{folder}" for folder in folders]

    def compile_alone(command):
        header = command[-1]
        text = f'#include "{header}"\n'
        run = subprocess.run([*command[:-1], *includes, "-"], input=text, capture_output=True, text=True)
        return [] if run.returncode == 0 else [f"{header}: does not compile alone:"] + run.stderr.splitlines()[:6]

    headers = files(".h", under=("runtime", "grader", "tests/support"))
    commands = [[compiler, *FLAGS, "-std=c17", "-xc", str(h)] for h in headers]
    if shutil.which("g++"):
        public = [h for h in headers if "runtime/include/weir" in str(h)]
        commands += [["g++", *FLAGS, "-std=c++11", "-xc++", str(h)] for h in public]
    with ThreadPoolExecutor(2) as pool:
        faults = [line for lines in pool.map(compile_alone, commands) for line in lines]
    finish("headers", faults)


main()
