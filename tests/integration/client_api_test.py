#!/usr/bin/env python3
"""The client API on our broker: compiles tests/support/client_*.c as a student's program is compiled, against the public headers and libweir.a
with an ordinary compiler, and runs its scenarios."""
import os
import pathlib
import subprocess
import sys
import tempfile

from weir_broker import Broker, binary

SOURCE = pathlib.Path(os.environ.get("WEIR_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
LIBRARY = pathlib.Path(binary()).parents[1] / "lib" / "libweir.a"
SOURCES = ["client_scenario.c", "client_scenarios.c", "client_consumer_scenarios.c"]
RUN_LIMIT_S = 240


def compile_scenarios(program):
    support = SOURCE / "tests" / "support"
    subprocess.run(["cc", "-std=c17", "-Wall", "-Wextra", "-Werror", "-O1", "-g", "-I", SOURCE / "runtime" / "include", "-I", support,
                    *(support / name for name in SOURCES), LIBRARY, f"@{LIBRARY.parent}/weir.libs", "-o", program], check=True)


def main():
    with tempfile.TemporaryDirectory(prefix="weir-client-") as folder:
        program = os.path.join(folder, "client_scenarios")
        compile_scenarios(program)
        with Broker({"num.partitions": 1}) as broker:
            result = subprocess.run([program, broker.bootstrap], timeout=RUN_LIMIT_S, check=False)
    return result.returncode


if __name__ == "__main__":
    sys.exit(main())
