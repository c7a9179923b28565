"""Running weir-grade from a test: in folders of its own, at any isolation level that can be reached here, and looking for what it left behind.

    run = grade("submission", labs=..., checks=..., level=3, ordinary_user=True)
    run.code, run.stdout, run.stderr, run.result (the parsed result.json, or None), run.seconds"""
import json
import os
import shutil
import subprocess
import tempfile
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
BIN = os.path.abspath(os.environ.get("WEIR_BIN") or os.path.join(ROOT, "build", "bin"))
ORDINARY_UID = 61499  # nobody's; used by tests that run as root and want to see what a user sees
LIMIT_S = 120


class Run:
    def __init__(self, code, stdout, stderr, result, seconds, left_behind):
        self.code, self.stdout, self.stderr = code, stdout, stderr
        self.result, self.seconds, self.left_behind = result, seconds, left_behind

    def texts(self):
        """Everything that the result says about what went wrong, as one text."""
        found = []
        for lab in (self.result or {}).get("labs", []):
            found += [lab.get("message", "")] + [b["diagnostics"] for b in lab["builds"]]
            for check in lab["checks"]:
                found += [check.get(key, "") for key in ("message", "hint", "difference", "stdout", "stderr")] + check.get("steps", [])
        return "\n".join(found)


def users():
    """(name, ordinary_user) of who can grade here: root may also try as an ordinary user."""
    return [("root", False), ("a user", True)] if os.geteuid() == 0 else [("a user", False)]


def scratch(prefix="weir-test-"):
    """A folder that every uid of the test may pass."""
    path = tempfile.mkdtemp(prefix=prefix)
    os.chmod(path, 0o755)
    return path


def give(path):
    """Makes `path` writable for the ordinary user of a test that runs as root."""
    if os.geteuid() == 0:
        os.chmod(path, 0o777)


def grade(submission, *options, labs=None, checks=None, ordinary_user=False, environment=None, out=True, cwd=None,
          largest_file=None):
    home = scratch("weir-grading-")
    give(home)
    results = os.path.join(home, "results")
    env = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "TMPDIR": home, "LC_ALL": "C.UTF-8"}
    env.update({"WEIR_LABS": labs} if labs else {})
    env.update({"WEIR_CHECKS": checks} if checks else {})
    env.update({key: os.environ[key] for key in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS") if key in os.environ})
    env.update(environment or {})
    argv = [os.path.join(BIN, "weir-grade"), *([submission] if submission is not None else []), *options]
    argv += ["--out", results] if out else []
    if ordinary_user:
        argv = ["setpriv", f"--reuid={ORDINARY_UID}", f"--regid={ORDINARY_UID}", "--clear-groups", "--", *argv]
    if largest_file:
        argv = ["prlimit", f"--fsize={largest_file}", *argv]
    start = time.monotonic()
    try:
        done = subprocess.run(argv, env=env, cwd=cwd or home, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=LIMIT_S, check=False)
        seconds = time.monotonic() - start
        path = os.path.join(results, "result.json")
        result = None
        if os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                result = json.load(f)
        left = [name for name in os.listdir(home) if name not in ("results", "weir-results")]
        return Run(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"), result, seconds, left)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def processes_named(mark):
    """Pids of living processes whose name or command line has `mark` in it."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/comm", "rb") as f:
                text = f.read()
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                text += f.read()
            with open(f"/proc/{pid}/stat", "rb") as f:
                state = f.read().rsplit(b")", 1)[1].split()[0]
        except OSError:
            continue
        if mark.encode() in text and state != b"Z" and int(pid) != os.getpid():
            found.append(int(pid))
    return found
