# ctest: timeout 900
"""Every mutant, a plausible wrong solution, fails exactly the check that should catch it, with the words that should explain it.

A mutant is a file tests/mutants/<lab>/<name>.yaml: what is wrong (about), whether it is an honest mistake, a careless or a cheating one
(kind), and the changes that make it from the lab's solution. `from` names whole lines of `file` that follow each other, found without regard
to their indentation and exactly once; `to` takes their place. Then what the grader has to say:

    fails: all-sent            this check fails; those that need it are skipped; all others pass
    unbuilt: producer          or: this program does not build; the checks that use it are skipped; all others pass
    words: 'regex'             found in the message, difference, hint and texts of that check (of the build)

    mutants_test.py [--seed N] [LAB/NAME...]      with another seed, only these
"""
import argparse
import concurrent.futures
import os
import re
import shutil
import sys
import textwrap

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import grading  # noqa: E402

import yaml  # noqa: E402

MUTANTS = os.path.join(grading.ROOT, "tests", "mutants")
KEYS = {"about", "kind", "file", "changes", "fails", "unbuilt", "words"}


class Wrong(Exception):
    """What the grader did is not what the mutant's file says."""


def need(condition, text):
    if not condition:
        raise Wrong(text)


def load(path):
    with open(path, encoding="utf-8") as f:
        return yaml.safe_load(f)


def changed(text, change, where):
    """`text` with one change made."""
    lines, old = text.split("\n"), [line.strip() for line in change["from"].strip("\n").split("\n")]
    found = [i for i in range(len(lines)) if [line.strip() for line in lines[i:i + len(old)]] == old]
    need(len(found) == 1, f"{where}: found {len(found)} times, not once: {change['from']!r}")
    at = found[0]
    indent = lines[at][:len(lines[at]) - len(lines[at].lstrip())]
    new = textwrap.indent(change["to"].strip("\n"), indent).split("\n") if change["to"] else []
    return "\n".join(lines[:at] + new + lines[at + len(old):])


def make(lab, mutant, home):
    """The mutant as a submission in `home`."""
    folder = os.path.join(home, lab)
    shutil.copytree(os.path.join(grading.ROOT, "solutions", lab), folder)
    path = os.path.join(folder, mutant["file"])
    with open(path, encoding="utf-8") as f:
        text = f.read()
    for change in mutant["changes"]:
        text = changed(text, change, mutant["file"])
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def skipped_with(manifest, mutant):
    """Ids of the checks that cannot run: they need the failed one, or use the program that was not built."""
    out = set()
    for check in manifest["checks"]:
        if mutant.get("unbuilt") in check.get("uses", []) or out.union({mutant.get("fails")}).intersection(check.get("needs", [])):
            out.add(check["id"])
    return out


def words_of(result):
    """Everything that one check or build tells the student."""
    keys = ("explanation", "diagnostics", "message", "expected", "actual", "difference", "hint", "stdout", "stderr")
    return "\n".join([result.get(key) or "" for key in keys] + result.get("steps", []))


def judge(manifest, mutant, run):
    need(run.result is not None, f"no result.json: {run.stderr}")
    lab = run.result["labs"][0]
    skipped = skipped_with(manifest, mutant)
    expected, actual = {}, {}
    for check in manifest["checks"]:
        one = check["id"]
        expected[one] = "failed" if one == mutant.get("fails") else "skipped" if one in skipped else "passed"
    for check in lab["checks"]:
        actual[check["id"]] = check["status"]
    unlike = [f"{i}: {actual[i]}, not {expected[i]}" for i in expected if actual[i] != expected[i]]
    need(not unlike, "; ".join(unlike) + "\n" + "\n".join(words_of(c) for c in lab["checks"] if c["status"] == "failed"))
    need(lab["points"] == sum(c["points"] for c in manifest["checks"] if expected[c["id"]] == "passed"), f"{lab['points']} points")
    need(run.code == (2 if mutant.get("unbuilt") else 1), f"exit status {run.code}")
    need(run.left_behind == [], f"left behind: {run.left_behind}")
    if mutant.get("unbuilt"):
        said = [words_of(b) for b in lab["builds"] if b["program"] == mutant["unbuilt"]]
    else:
        said = [words_of(c) for c in lab["checks"] if c["id"] == mutant["fails"]]
    need(len(said) == 1 and re.search(mutant["words"], said[0]), f"none of these words match {mutant['words']!r}:\n{''.join(said)}")


def try_one(name, seed):
    """None when the mutant was caught as it should be, or what was wrong."""
    lab = name.split("/")[0]
    home = grading.scratch()
    try:
        mutant = load(os.path.join(MUTANTS, name + ".yaml"))
        manifest = load(os.path.join(grading.ROOT, "labs", lab, "lab.yaml"))
        need(set(mutant) <= KEYS, f"unknown keys {set(mutant) - KEYS}")
        need(("fails" in mutant) != ("unbuilt" in mutant), "either `fails` or `unbuilt`")
        make(lab, mutant, home)
        judge(manifest, mutant, grading.grade(home, "--seed", seed))
        return None
    except Wrong as wrong:
        return str(wrong)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def names():
    for lab in sorted(os.listdir(MUTANTS)):
        for file in sorted(os.listdir(os.path.join(MUTANTS, lab))):
            yield f"{lab}/{file.removesuffix('.yaml')}"


def uncaught():
    """The checks that no mutant fails: nothing shows that they can fail at all."""
    for lab in sorted(os.listdir(MUTANTS)):
        manifest = load(os.path.join(grading.ROOT, "labs", lab, "lab.yaml"))
        caught = {load(os.path.join(MUTANTS, name + ".yaml")).get("fails") for name in names() if name.startswith(lab + "/")}
        yield from (f"{lab}/{check['id']}" for check in manifest["checks"] if check["id"] not in caught)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", default="7")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    chosen = options.names or list(names())
    wrong = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, fault in zip(chosen, pool.map(try_one, chosen, [options.seed] * len(chosen))):
            print(f"{'not caught as it should be' if fault else 'caught'}: {name}", flush=True)
            if fault:
                wrong += 1
                print(textwrap.indent(fault, "    "), flush=True)
    idle = [] if options.names else list(uncaught())
    for check in idle:
        print(f"no mutant fails the check {check}")
    print(f"{len(chosen) - wrong} mutants caught, {wrong} not")
    return 1 if wrong or idle or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
