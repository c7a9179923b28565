"""Every program of tests/attacks/programs against the grader, at every isolation level that can be reached here: it gains no points, learns no
secret, forges no result, leaves no process and no file behind, and the report says in plain words what became of it.

A program's head comment says which words the report must hold (Expected:, Printed:) and at which level the attack is known to work (Not at level:),
or without what (Needs:).
Numbers of attacks as arguments run only those. @RESULTS@, @SECRET@ and @MARK@ stand for the folder of result.json, a file that nobody may read, and a name to look for among the processes."""
import json
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import grading  # noqa: E402
import weir_broker  # noqa: E402

ATTACKS = os.path.join(grading.ROOT, "tests", "attacks")
CHECKS = os.path.join(grading.BIN, "..", "tests", "checks")
SECRET_WORD = "the-hidden-answer-is-42"
TAP_LINE = re.compile(r"TAP version 13$|1\.\.\d+$|(not )?ok \d+ - |#( |$)|  ")


def header(source, key):
    found = re.search(rf"^ \* {key}: (.*)$", source, re.M)
    return found.group(1) if found else None


def levels(folder):
    """(level, ordinary_user) pairs that work here, found by asking for each."""
    found = {}
    shutil.copy(os.path.join(ATTACKS, "honest.c"), os.path.join(folder, "90-attacks", "program.c"))
    for name, ordinary in grading.users():
        for level in range(4, -1, -1):
            if not ordinary and os.geteuid() == 0 and level < 2:
                continue
            run = grading.grade(folder, "--isolation", str(level), labs=os.path.join(ATTACKS, "labs"), checks=CHECKS, ordinary_user=ordinary)
            if run.code != 0:
                raise SystemExit(f"the honest program fails as {name} at level {level}: exit {run.code}\n{run.stdout}{run.stderr}")
            found[(run.result["isolation"]["level"], ordinary)] = run.result["isolation"]["description"]
    return found


class Case:
    def __init__(self, base, name, level, ordinary, description):
        self.base, self.name, self.level, self.ordinary, self.description = base, name, level, ordinary, description
        self.title = f"{name} at level {level}{' as a user' if ordinary else ''}"

    def skip_reason(self, source):
        unless = header(source, "Not at level")
        if unless and str(self.level) in unless.split():
            return "this level leaves it open, and the report says so"
        if ("@SECRET@" in source or header(source, "Needs") == "Landlock") and self.level in (1, 2) and "Landlock" not in self.description:
            return "without Landlock this level leaves it open, and the report says so"
        if header(source, "Needs") == "open files" and "removed files" in self.description:
            return "this machine does not let root see a program's open files, and the report says so"
        if header(source, "Needs") == "the broker's memory" and weir_broker.sanitized():
            return "a sanitized broker's memory is not its own, and not looked at"
        return None

    def run(self):
        with open(os.path.join(ATTACKS, "programs", self.name + ".c"), encoding="utf-8") as f:
            source = f.read()
        if self.skip_reason(source):
            return None, self.skip_reason(source)
        home = os.path.join(self.base, re.sub(r"\W", "-", self.title))
        results = os.path.join(home, "results")
        os.makedirs(os.path.join(home, "submission", "90-attacks"))
        os.makedirs(results)
        grading.give(results)
        mark = f"atk{os.getpid() % 10000}-{self.level}{int(self.ordinary)}-{self.name[:2]}"
        text = source.replace("@RESULTS@", results).replace("@SECRET@", os.path.join(self.base, "secret")).replace("@MARK@", mark)
        with open(os.path.join(home, "submission", "90-attacks", "program.c"), "w", encoding="utf-8") as f:
            f.write(text)
        run = grading.grade(os.path.join(home, "submission"), "--isolation", str(self.level), "--out", results, labs=os.path.join(ATTACKS, "labs"),
                            checks=CHECKS, ordinary_user=self.ordinary, environment={"WEIR_TEST_SECRET": SECRET_WORD}, out=False)
        return run, self.judge(run, source, results, mark)

    @staticmethod
    def judge(run, source, results, mark):
        wrong = []
        try:
            with open(os.path.join(results, "result.json"), encoding="utf-8") as f:
                run.result = json.load(f)
        except (OSError, ValueError) as e:
            return [f"result.json cannot be read: {e}"]
        everything = run.stdout + run.stderr + json.dumps(run.result)
        checks = [
            (run.code in (1, 2), f"exit status {run.code}, not 1 or 2"),
            (run.result.get("points") == 0, f"it has {run.result.get('points')} points"),
            (run.result.get("complete") is True, "the result is not complete"),
            ("forged" not in run.result, "the result is forged"),
            (all(c["status"] != "error" for lab in run.result.get("labs", []) for c in lab["checks"]), "it made a check a grader error"),
            (SECRET_WORD not in everything.replace("printf", ""), "it learned the secret"),
            (re.search(header(source, "Expected"), run.texts()), f"the report does not say: {header(source, 'Expected')}"),
            (not header(source, "Printed") or header(source, "Printed") in run.texts(), f"it did not print: {header(source, 'Printed')}"),
            (all(TAP_LINE.match(line) for line in run.stdout.splitlines()), "a line of the TAP report is the program's own"),
            (not any(ord(c) < 32 and c not in "\n\t" for c in run.stdout), "a control character reached the report"),
            (not grading.processes_named(mark), "a process was left behind"),
            (not run.left_behind, f"left behind: {run.left_behind}"),
            (run.seconds < 30, f"it took {run.seconds:.0f} s"),
        ]
        wrong += [text for good, text in checks if not good]
        return wrong + ([run.texts()[:2000], run.stderr[:500]] if wrong else [])


def main():
    base = grading.scratch()
    failed = skipped = 0
    try:
        with open(os.path.join(base, "secret"), "w", encoding="utf-8") as f:
            f.write(SECRET_WORD + "\n")
        os.makedirs(os.path.join(base, "honest", "90-attacks"))
        places = levels(os.path.join(base, "honest"))
        names = sorted(n[:-2] for n in os.listdir(os.path.join(ATTACKS, "programs")) if n.endswith(".c"))
        wanted = [n for n in names if not sys.argv[1:] or n[:2] in sys.argv[1:]]
        cases = [Case(base, name, level, ordinary, text) for (level, ordinary), text in places.items() for name in wanted]
        for case in cases:
            run, wrong = case.run()
            if run is None:
                skipped += 1
                print(f"skipped  {case.title}: {wrong}", flush=True)
                continue
            print(f"{'ok' if not wrong else 'NOT OK':8} {case.title} ({run.seconds:.1f} s)", flush=True)
            for line in wrong:
                print("         " + line.replace("\n", "\n         "))
            failed += bool(wrong)
        print(f"{len(cases) - failed - skipped} attacks contained, {failed} not, {skipped} skipped; levels: {sorted(places)}")
    finally:
        shutil.rmtree(base, ignore_errors=True)
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
