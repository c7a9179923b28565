#!/usr/bin/env python3
"""Reads what ctest wrote (test_summary.py FILE.xml) and says in a few lines how the tests went: what was skipped and why, what failed,
what took longest. The last line is always `N passed, N failed, N skipped`. Exits 1 when something failed or nothing ran."""
import sys
import xml.etree.ElementTree as ET

SLOW_SECONDS = 5.0


def reason(case):
    """The last line that a skipped test printed: it says why."""
    lines = [l.strip() for l in (case.findtext("system-out") or "").splitlines() if l.strip()]
    return lines[-1] if lines else "no reason given"


def main():
    try:
        cases = ET.parse(sys.argv[1]).getroot().findall("testcase")
    except (OSError, ET.ParseError) as error:
        print(f"no test results: {error}\n0 passed, 1 failed, 0 skipped")
        return 1
    failed = [c for c in cases if c.get("status") == "fail"]
    skipped = [c for c in cases if c.get("status") in ("notrun", "disabled")]
    passed = len(cases) - len(failed) - len(skipped)
    slow = sorted((c for c in cases if float(c.get("time", 0)) >= SLOW_SECONDS), key=lambda c: -float(c.get("time")))
    print()
    for case in slow[:8]:
        print(f"slow     {case.get('name')}: {float(case.get('time')):.1f} s")
    for case in skipped:
        print(f"skipped  {case.get('name')}: {reason(case)}")
    for case in failed:
        print(f"failed   {case.get('name')}")
    print(f"{passed} passed, {len(failed)} failed, {len(skipped)} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
