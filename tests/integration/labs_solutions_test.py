# ctest: timeout 600
"""A lab's solution gets all points, whatever the seed; the files that students start from get none, and are told why."""
import os
import shutil
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import grading  # noqa: E402

import yaml  # noqa: E402

SEEDS = range(1, 21)


def manifests():
    """The lab.yaml of every lab that has checks."""
    folder = os.path.join(grading.ROOT, "labs")
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name, "lab.yaml")
        if os.path.exists(path) and os.path.isdir(os.path.join(grading.ROOT, "grader", "checks", name)):
            with open(path, encoding="utf-8") as f:
                yield yaml.safe_load(f)


def not_passed(run):
    return [f"{lab['id']}: {c['id']} {c['status']}: {c.get('message')} {c.get('difference')}"
            for lab in run.result["labs"] for c in lab["checks"] if c["status"] != "passed"]


class LabsSolutions(unittest.TestCase):
    maxDiff = None

    def test_the_solutions_get_all_points_with_every_seed(self):
        wanted = {m["id"]: m["points"] for m in manifests()}
        self.assertTrue(wanted, "no lab has checks")
        for seed in SEEDS:
            run = grading.grade(os.path.join(grading.ROOT, "solutions"), "--seed", str(seed))
            self.assertIsNotNone(run.result, f"seed {seed}: {run.stderr}")
            self.assertEqual((run.code, not_passed(run)), (0, []), f"seed {seed}")
            self.assertEqual({lab["id"]: lab["points"] for lab in run.result["labs"]}, wanted)
            self.assertEqual(run.left_behind, [], f"seed {seed}")

    def test_the_starters_get_no_points_and_are_told_why(self):
        home = grading.scratch()
        self.addCleanup(shutil.rmtree, home, True)
        for manifest in manifests():
            folder = os.path.join(home, manifest["id"])
            os.mkdir(folder)
            for file in manifest["files"]:
                shutil.copy(os.path.join(grading.ROOT, "labs", manifest["id"], file["path"]), folder)
        run = grading.grade(home, "--seed", "1")
        self.assertIsNotNone(run.result, run.stderr)
        self.assertEqual((run.code, run.result["points"]), (1, 0))
        for lab, manifest in zip(run.result["labs"], manifests()):
            self.assertEqual([b["built"] for b in lab["builds"]], [True] * len(lab["builds"]), "it compiles as it is")
            self.assertEqual([c["id"] for c in lab["checks"]], [c["id"] for c in manifest["checks"]])
            for check, wanted in zip(lab["checks"], manifest["checks"]):
                self.explains_itself(check, wanted.get("needs", []))

    def explains_itself(self, check, needs):
        where = check["id"]
        if check["status"] == "skipped":
            self.assertTrue(any(f"needs {need}," in check["message"] for need in needs), where)
            return
        self.assertEqual(check["status"], "failed", where)
        self.assertGreater(len(check["steps"]), 0, where)
        self.assertTrue(check["message"] and check["hint"], where)
        # What the student's own program said is shown with it.
        self.assertRegex(check.get("stdout", "") + check.get("stderr", ""), "is not written yet|0 records confirmed", where)


if __name__ == "__main__":
    unittest.main(verbosity=2)
