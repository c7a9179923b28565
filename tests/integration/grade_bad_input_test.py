"""What weir-grade says to input that cannot be graded: one clear line with the way out, the right exit status, nothing left behind, and the results
of other labs kept. Every result.json that is written on the way must be valid by schemas/result.schema.json, every lab.yaml by its schema."""
import glob
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import grading  # noqa: E402

import jsonschema  # noqa: E402
import yaml  # noqa: E402

ATTACKS = os.path.join(grading.ROOT, "tests", "attacks")
LABS, CHECKS = os.path.join(ATTACKS, "labs"), os.path.join(grading.BIN, "..", "tests", "checks")
with open(os.path.join(grading.ROOT, "schemas", "result.schema.json"), encoding="utf-8") as schema_file:
    RESULT_SCHEMA = json.load(schema_file)
with open(os.path.join(ATTACKS, "honest.c"), encoding="utf-8") as honest_file:
    HONEST = honest_file.read()


class Failed(Exception):
    pass


def need(condition, text):
    if not condition:
        raise Failed(text)


class Tests:
    """Each method is one test; `self.base` is a folder of its own."""

    def __init__(self, base):
        self.base = base

    # --- helpers ---

    def file(self, path, content=HONEST):
        path = os.path.join(self.base, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(content)
        return path

    def path(self, *parts):
        return os.path.join(self.base, *parts)

    def submission(self):
        self.file("sub/90-attacks/program.c")
        return self.path("sub")

    def git(self, *arguments):
        env = {"PATH": os.environ["PATH"], "HOME": self.base, "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "a",
               "GIT_COMMITTER_EMAIL": "a@example.org", "GIT_CONFIG_NOSYSTEM": "1"}
        subprocess.run(["git", "-c", "protocol.file.allow=always", "-C", self.base, *arguments], env=env, check=True, capture_output=True)

    def grade(self, submission, *options, **more):
        more.setdefault("labs", LABS)
        run = grading.grade(submission, *options, checks=CHECKS, **more)
        need(not run.left_behind, f"left behind: {run.left_behind}")
        if run.result is not None:
            jsonschema.validate(run.result, RESULT_SCHEMA)
            need(run.result["exit_code"] == run.code, f"result.json says exit code {run.result['exit_code']}, the process {run.code}")
        return run

    def refused(self, code, words, submission, *options, **more):
        """One line on standard error with those words, that exit status. The same line is in result.json and the only failure in the TAP report;
        there is neither for a command line that makes no sense."""
        run = self.grade(submission, *options, **more)
        need(run.code == code, f"exit status {run.code}, not {code}: {run.stderr}{run.stdout}")
        lines = run.stderr.splitlines()
        need(len(lines) == 1 and lines[0].startswith("weir-grade: "), f"not one line: {run.stderr!r}")
        for word in words:
            need(word in lines[0], f"`{word}` is not in: {lines[0]}")
        if code == 4:
            need(run.stdout == "" and run.result is None, f"{run.stdout!r} {run.result!r}")
        else:
            need(lines[0] == "weir-grade: " + run.result["message"], f"result.json says {run.result['message']!r}")
            need(run.result["complete"] and run.result["points"] == 0, "complete, and no points")
            need("\n1..1\n" in run.stdout and "\nnot ok 1 - the submission can be graded\n" in run.stdout, f"standard output: {run.stdout!r}")
        return run

    def graded(self, code, words, submission, *options, **more):
        """Graded to the end with that exit status; every word is somewhere in the report."""
        run = self.grade(submission, *options, **more)
        need(run.code == code, f"exit status {run.code}, not {code}: {run.stderr}{run.stdout}")
        for word in words:
            need(word in run.stdout, f"`{word}` is not in the report:\n{run.stdout}")
        return run

    # --- the command line ---

    def test_help_is_on_standard_output(self):
        run = self.grade(None, "--help", out=False)
        need(run.code == 0 and run.stdout.startswith("Usage: ./weir grade SUBMISSION") and run.stderr == "", run.stdout + run.stderr)
        need(max(map(len, run.stdout.splitlines())) <= 120, "the help is wider than 120 columns")

    def test_no_submission(self):
        self.refused(4, ["no submission", "./weir grade solutions"], None)

    def test_two_submissions(self):
        self.refused(4, ["one submission at a time"], "a", "b")

    def test_unknown_option(self):
        self.refused(4, ["unknown option --colour", "--help"], "a", "--colour")

    def test_option_without_value(self):
        self.refused(4, ["--lab needs a value"], "a", "--lab", out=False)

    def test_seed_that_is_no_number(self):
        self.refused(4, ["--seed needs a whole number", "x7"], "a", "--seed", "x7")

    def test_unknown_lab(self):
        self.refused(4, ["no lab 77", "90-attacks"], self.submission(), "--lab", "77")

    def test_unknown_check(self):
        self.refused(4, ["90-attacks has no check nothing"], self.submission(), "--lab", "90", "--check", "nothing")

    def test_path_that_does_not_exist(self):
        self.refused(4, ["there is no folder, archive or repository", "nowhere"], self.path("nowhere"))

    def test_unwritable_out_folder(self):
        self.file("file", "")
        self.refused(4, ["--out needs a folder that can be written"], self.submission(), "--out", self.path("file", "x"), out=False)

    def test_unwritable_out_folder_of_a_user(self):
        for _, ordinary in grading.users():
            if ordinary:
                os.makedirs(self.path("mine"))
                self.refused(4, ["cannot write in the folder"], self.submission(), "--out", self.path("mine"), out=False, ordinary_user=True)

    def test_unwritable_temporary_folder(self):
        self.refused(3, ["cannot make a temporary folder", "TMPDIR"], self.submission(), environment={"TMPDIR": self.path("nowhere")})

    # --- folders ---

    def test_folder_without_labs(self):
        self.file("sub/README", "nothing")
        self.refused(2, ["holds no lab", "90-attacks"], self.path("sub"))

    def test_misnamed_folder_beside_a_lab_is_said(self):
        shutil.copytree(LABS, self.path("labs"))
        os.makedirs(self.path("labs", "91-other"))
        with open(self.path("labs", "90-attacks", "lab.yaml"), encoding="utf-8") as f:
            self.file("labs/91-other/lab.yaml", f.read().replace("90-attacks", "91-other"))
        self.submission()
        for name in ("91-Other", "lab91", "91_other"):
            self.file(f"sub/{name}/program.c")
            run = self.graded(0, [f"# note: the folder `{name}` was passed over", "91-other", "9 of 9 points"], self.path("sub"), labs=self.path("labs"))
            note = f"the folder `{name}` was passed over: a folder for this lab must be named 91-other"
            need(run.result["warnings"] == [note], run.result["warnings"])
            need(run.stderr == f"weir-grade: note: {note}\n", run.stderr)
            run = self.graded(0, [f"note: {note}"], self.path("sub"), "--text", labs=self.path("labs"))
            shutil.rmtree(self.path("sub", name))
        self.file("sub/labs/lab91/program.c")
        self.graded(0, ["the folder `labs/lab91` was passed over"], self.path("sub"), labs=self.path("labs"))

    def test_only_a_misnamed_folder_is_not_gradable(self):
        self.file("sub/90-Attacks/program.c")
        self.file("sub/notes.txt", "")
        self.refused(2, ["holds no lab", "`90-Attacks` must be named 90-attacks"], self.path("sub"))
        name = shutil.make_archive(self.path("archive"), "zip", self.path("sub"))
        self.refused(2, ["holds no lab", "`90-Attacks` must be named 90-attacks"], name)
        run = self.grade(self.path("sub"), "--lab", "90")
        need(run.code == 2 and "has no folder 90-attacks" in run.stdout and "`90-Attacks` was passed over" in run.stderr, run.stdout + run.stderr)

    def test_only_folder_of_any_name_is_the_lab_that_was_named(self):
        self.file("sub/lab90/program.c")
        self.refused(2, ["`lab90` must be named 90-attacks"], self.path("sub"))
        run = self.graded(0, ["9 of 9 points"], self.path("sub"), "--lab", "90")
        need(run.result["warnings"] == [] and run.stderr == "", run.stderr)

    def test_misnamed_folder_in_a_repository(self):
        self.file("repo/90_attacks/program.c")
        self.file("repo/labs/lab90/other.c")
        self.file("repo/README", "nothing")
        self.git("init", "-q", "-b", "main", "repo")
        self.git("-C", "repo", "add", ".")
        self.git("-C", "repo", "commit", "-q", "-m", "one")
        self.refused(2, ["`90_attacks` must be named 90-attacks", "`labs/lab90` must be named 90-attacks"], "file://" + self.path("repo"))

    def test_misnamed_file(self):
        for name in ("Program.c", "program.c.txt"):
            self.file(f"{name}/90-attacks/{name}")
            words = f"program.c is missing from 90-attacks; what is there as {name} must be renamed"
            self.graded(2, [words], self.path(name))
            self.graded(2, [words], shutil.make_archive(self.path("archive-" + name), "zip", self.path(name)))
        self.file("other/90-attacks/main.c")
        archive = shutil.make_archive(self.path("other"), "zip", self.path("other"))
        run = self.graded(2, ["program.c is missing from 90-attacks"], archive)
        need("renamed" not in run.stdout, run.stdout)

    def test_files_of_a_lab_without_its_folder(self):
        self.file("sub/program.c")
        self.refused(2, ["files of that lab", "--lab 90"], self.path("sub"))

    def test_missing_file(self):
        os.makedirs(self.path("sub", "90-attacks"))
        self.graded(2, ["program.c is missing from 90-attacks", "not ok 2", "0 of 9 points"], self.path("sub"))

    def test_missing_lab_that_was_named(self):
        self.file("sub/README", "nothing")
        self.graded(2, ["the submission has no folder 90-attacks"], self.path("sub"), "--lab", "90")

    def test_one_lab_at_the_top(self):
        self.file("sub/program.c")
        run = self.graded(0, ["9 of 9 points"], self.path("sub"), "--lab", "90")
        need(run.result["points"] == 9, "points")

    def test_labs_folder(self):
        self.file("sub/labs/90-attacks/program.c")
        self.graded(0, ["9 of 9 points"], self.path("sub"))

    def test_file_that_is_a_link(self):
        self.file("elsewhere.c")
        os.makedirs(self.path("sub", "90-attacks"))
        os.symlink(self.path("elsewhere.c"), self.path("sub", "90-attacks", "program.c"))
        self.graded(2, ["program.c in 90-attacks is a link or no regular file"], self.path("sub"))

    def test_folder_that_is_a_link(self):
        self.file("elsewhere/program.c")
        os.makedirs(self.path("sub"))
        os.symlink(self.path("elsewhere"), self.path("sub", "90-attacks"))
        self.graded(2, ["90-attacks is a link or no folder"], self.path("sub"))

    def test_file_that_is_a_pipe(self):
        os.makedirs(self.path("sub", "90-attacks"))
        os.mkfifo(self.path("sub", "90-attacks", "program.c"))
        self.graded(2, ["program.c in 90-attacks is a link or no regular file"], self.path("sub"))

    def test_file_that_is_too_large(self):
        self.file("sub/90-attacks/program.c", "/" * 2000000)
        self.graded(2, ["program.c in 90-attacks is larger than"], self.path("sub"))

    def test_program_that_does_not_compile(self):
        self.file("sub/90-attacks/program.c", "int main(void) { return nothing; }\n")
        run = self.graded(2, ["program does not compile", "nothing", "program.c:1:"], self.path("sub"))
        need(run.result["labs"][0]["status"] == "not_gradable", "status")
        need("/" not in run.result["labs"][0]["builds"][0]["diagnostics"].split(":")[0], "a path of the grader is shown")

    # --- archives ---

    def test_archives(self):
        self.submission()
        for kind in ("gztar", "xztar", "zip", "tar"):
            name = shutil.make_archive(self.path("archive-" + kind), kind, self.path("sub"))
            self.graded(0, ["9 of 9 points"], name)

    def test_archive_with_folders_around(self):
        for around in ("hand-in/rossi", "Bj\u00f8rn M\u00fcller"):
            with zipfile.ZipFile(self.path("around.zip"), "w") as z:
                z.writestr(f"{around}/90-attacks/program.c", HONEST)
                z.writestr(f"{around}/90-attacks/L\u00f6sung.txt", "notes")
                z.writestr(f"__MACOSX/{around}/90-attacks/._program.c", "\0\5\26\7")
                z.writestr(".DS_Store", "\0")
            for locale in ("C", "C.UTF-8"):
                run = self.graded(0, ["9 of 9 points"], self.path("around.zip"), environment={"LC_ALL": locale})
                need(run.stderr == "", run.stderr)

    def test_archive_with_a_folder_around(self):
        self.submission()
        name = shutil.make_archive(self.path("wrapped"), "gztar", self.base, "sub")
        self.graded(0, ["9 of 9 points"], name)

    def test_one_file_of_a_lab(self):
        self.refused(4, ["program.c is one file of 90-attacks", "--lab 90"], self.file("sub/program.c"))

    def test_file_that_is_no_archive(self):
        self.refused(2, ["no archive that can be read", "tar, zip or 7z"], self.file("thing.tar.gz", "not an archive\n" * 100))

    def test_archive_that_is_cut(self):
        self.submission()
        name = shutil.make_archive(self.path("cut"), "gztar", self.path("sub"))
        with open(name, "r+b") as f:
            f.truncate(os.path.getsize(name) // 2)
        self.refused(2, ["archive"], name)

    def tar_with(self, *entries):
        name = self.path("made.tar")
        with tarfile.open(name, "w") as tar:
            for entry, content in entries:
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
        return name

    def test_archive_with_links(self):
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
            entry = tarfile.TarInfo("90-attacks/program.c")
            entry.type, entry.linkname = kind, "/etc/passwd"
            self.graded(2, ["program.c in 90-attacks is a link"], self.tar_with((entry, b"")))

    def test_archive_that_climbs_out(self):
        for name in ("../90-attacks/program.c", "/tmp/90-attacks/program.c", "90-attacks/../../90-attacks/program.c"):
            self.refused(2, ["holds no lab"], self.tar_with((tarfile.TarInfo(name), HONEST.encode())))
        need(not os.path.exists("/tmp/90-attacks"), "/tmp/90-attacks")

    def test_archive_that_writes_through_its_own_link(self):
        link = tarfile.TarInfo("90-attacks")
        link.type, link.linkname = tarfile.SYMTYPE, self.path("target")
        os.makedirs(self.path("target"))
        grading.give(self.path("target"))
        self.refused(2, ["cannot unpack"], self.tar_with((link, b""), (tarfile.TarInfo("90-attacks/program.c"), HONEST.encode())))
        need(os.listdir(self.path("target")) == [], "written through the link")

    def test_archive_with_the_file_twice(self):
        self.refused(2, ["twice"], self.tar_with(*[(tarfile.TarInfo("90-attacks/program.c"), HONEST.encode())] * 2))

    def test_archive_that_unpacks_to_too_much(self):
        name = self.path("bomb.zip")
        with zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as z:
            z.writestr("90-attacks/program.c", b"/" * (64 << 20))
        self.refused(2, ["larger than"], name)

    # --- repositories ---

    def repository(self):
        self.file("repo/90-attacks/program.c")
        self.git("init", "-q", "-b", "main", "repo")
        self.git("-C", "repo", "add", ".")
        self.git("-C", "repo", "commit", "-q", "-m", "handed in")
        return self.path("repo")

    def test_repository_by_url(self):
        run = self.graded(0, ["9 of 9 points"], "file://" + self.repository())
        need(len(run.result["revision"]) == 40, "the commit is not named")

    def test_repository_with_ref(self):
        repo = self.repository()
        self.git("-C", "repo", "checkout", "-q", "-b", "broken")
        self.file("repo/90-attacks/program.c", "int main(void) { return 1; }\n")
        self.git("-C", "repo", "commit", "-q", "-a", "-m", "broken")
        self.git("-C", "repo", "tag", "handed-in")
        self.git("-C", "repo", "checkout", "-q", "main")
        self.graded(1, ["exit status 1"], repo + "#broken")
        self.graded(1, ["exit status 1"], "file://" + repo + "#handed-in")
        self.graded(0, ["9 of 9 points"], repo, "--ref", "main")

    def test_repository_of_somebody_else(self):
        repo = self.repository()
        for _, ordinary in grading.users():
            self.graded(0, ["9 of 9 points"], "file://" + repo, ordinary_user=ordinary)

    def test_branch_that_does_not_exist(self):
        self.refused(2, ["no branch, tag or commit `nowhere`"], "file://" + self.repository(), "--ref", "nowhere")

    def test_empty_repository(self):
        self.git("init", "-q", "-b", "main", "repo")
        self.refused(2, ["the repository is empty"], "file://" + self.path("repo"))

    def test_url_that_cannot_be_reached(self):
        self.refused(3, ["cannot clone file:///nowhere/at/all"], "file:///nowhere/at/all")
        self.refused(3, ["cannot clone http://127.0.0.1:1/x.git"], "http://127.0.0.1:1/x.git")

    def test_password_of_a_url_is_in_no_report(self):
        run = self.refused(3, ["cannot clone http://***@127.0.0.1:1/x.git"], "http://me:sesame@127.0.0.1:1/x.git")
        need(run.result["submission"] == "http://***@127.0.0.1:1/x.git", run.result["submission"])
        need("sesame" not in run.stdout + run.stderr + json.dumps(run.result), "the password is in a report")

    def test_repository_with_link_and_submodule(self):
        self.file("repo/other/program.c")
        os.makedirs(self.path("repo", "90-attacks"))
        os.symlink("../other/program.c", self.path("repo", "90-attacks", "program.c"))
        self.git("init", "-q", "-b", "main", "repo")
        self.git("-C", "repo", "add", ".")
        self.git("-C", "repo", "commit", "-q", "-m", "link")
        self.graded(2, ["program.c in 90-attacks is a link"], "file://" + self.path("repo"))
        self.git("init", "-q", "-b", "main", "outer")
        self.git("-C", "outer", "submodule", "--quiet", "add", self.path("repo"), "90-attacks")
        self.git("-C", "outer", "commit", "-q", "-m", "submodule")
        self.graded(2, ["90-attacks is a link or no folder"], "file://" + self.path("outer"))

    def test_repository_with_hooks_and_filters(self):
        repo = self.repository()
        self.file("repo/.gitattributes", "*.c filter=evil\n")
        self.file("repo/.git/hooks/post-checkout", f"#!/bin/sh\ntouch {self.path('hooked')}\n")
        os.chmod(self.path("repo", ".git", "hooks", "post-checkout"), 0o755)
        self.git("-C", "repo", "config", "filter.evil.smudge", f"touch {self.path('hooked')}")
        self.git("-C", "repo", "add", ".gitattributes")
        self.git("-C", "repo", "commit", "-q", "-m", "hooks")
        self.graded(0, ["9 of 9 points"], "file://" + repo)
        need(not os.path.exists(self.path("hooked")), "something of the repository was run")

    # --- what an earlier run has left ---

    def test_old_result_is_never_taken_for_the_new_one(self):
        os.makedirs(self.path("out"))
        for code, submission in ((2, self.file("damaged.zip", "PK no more\n")), (3, "file:///nowhere/at/all"), (4, self.path("nowhere"))):
            self.graded(0, ["9 of 9 points"], self.submission(), "--out", self.path("out"), out=False)
            run = self.grade(submission, "--out", self.path("out"), out=False)
            need(run.code == code, f"exit status {run.code}, not {code}")
            names = os.listdir(self.path("out"))
            need(names == ([] if code == 4 else ["result.json"]), f"in the folder: {names}")
            if code != 4:
                with open(self.path("out", "result.json"), encoding="utf-8") as f:
                    need(json.load(f)["points"] == 0, "the old points are still there")

    def test_report_that_cannot_be_written(self):
        for form in ("--text", "--tap"):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([os.path.join(grading.BIN, "weir-grade"), self.submission(), form, "--out", self.path("out")], stdout=full,
                                      stderr=subprocess.PIPE, env={"PATH": os.environ["PATH"], "WEIR_LABS": LABS, "WEIR_CHECKS": CHECKS}, check=False)
            need(done.returncode == 3 and b"cannot write the" in done.stderr, f"{form}: {done.returncode} {done.stderr}")

    # --- labs and checks ---

    def test_bad_manifest_costs_only_its_own_lab(self):
        shutil.copytree(LABS, self.path("labs"))
        text = self.file("labs/91-broken/lab.yaml", "schema_version: 1\nid: 91-broken\npionts: 3\n")
        need(os.path.exists(text), "setup")
        run = self.grade(self.submission(), labs=self.path("labs"))
        need(run.code == 3, f"exit status {run.code}")
        need("labs/91-broken/lab.yaml:3: unknown key `pionts`" in run.stderr and "known keys: schema_version, id" in run.stderr, run.stderr)
        need(run.result["points"] == 9, "the other lab was not graded")

    def test_manifests_are_valid_by_their_schema(self):
        with open(os.path.join(grading.ROOT, "schemas", "lab.schema.json"), encoding="utf-8") as f:
            schema = json.load(f)
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.Draft202012Validator.check_schema(RESULT_SCHEMA)
        paths = glob.glob(os.path.join(grading.ROOT, "labs", "*", "lab.yaml")) + glob.glob(os.path.join(LABS, "*", "lab.yaml"))
        for path in paths + [os.path.join(grading.ROOT, "schemas", "lab.example.yaml")]:
            with open(path, encoding="utf-8") as f:
                jsonschema.validate(yaml.safe_load(f), schema)

    def checks_program(self, script):
        path = self.file("checks/90-attacks", "#!/bin/sh\n" + script)
        os.chmod(path, 0o755)
        return self.path("checks")

    def test_checks_that_go_wrong_cost_no_points_but_are_our_fault(self):
        begin = "printf 'TAP version 13\\n1..3\\n' >&3\n"
        one = "printf 'ok 1 - runs\\n  ---\\n  duration_ms: 1\\n  ...\\n' >&3\n"
        for script, words in (
                ("exit 0\n", "ended after 0 of 3 verdicts"),
                ("kill -SEGV $$\n", "crashed: signal 11"),
                (begin + one, "ended after 1 of 3 verdicts"),
                (begin + "printf 'ok 2 - sum\\n' >&3\n", "where `runs` comes next"),
                (begin + "printf 'ok 1 - runs # SKIP no\\n' >&3\n", "skipped runs without need"),
                (begin + "printf 'Bail out! no broker\\n' >&3\n", "gave up: no broker"),
                ("printf 'TAP version 13\\n1..2\\n' >&3\n", "planned 2 verdicts"),
        ):
            run = grading.grade(self.submission(), labs=LABS, checks=self.checks_program(script))
            need(run.code == 3, f"exit status {run.code} for {script}")
            need(words in run.stdout, f"`{words}` is not in {run.stdout}")
            need(run.result["labs"][0]["status"] == "grader_error" and run.result["points"] == 0, "status")
            need(not run.left_behind, f"left behind: {run.left_behind}")

    def test_program_that_the_sandbox_cannot_start_is_our_fault(self):
        # The sandbox is tried with files of 1 MiB and the lab's programs may have 64: here nobody may have more than 32.
        solution = os.path.join(grading.ROOT, "solutions", "01-topics")
        run = grading.grade(solution, "--lab", "01", ordinary_user=os.geteuid() == 0, largest_file=32 << 20)
        need(run.code == 3, f"exit status {run.code}: {run.stdout}")
        need("a program of the submission could not be started: it failed at setting limits" in run.stdout, run.stdout)
        need(run.result["labs"][0]["status"] == "grader_error" and run.result["points"] == 0, "status")
        need(not run.left_behind, f"left behind: {run.left_behind}")

    def test_checks_program_that_is_missing(self):
        os.makedirs(self.path("none"))
        run = grading.grade(self.submission(), labs=LABS, checks=self.path("none"))
        need(run.code == 3 and "the checks cannot be started" in run.stdout, run.stdout)

    def test_graders_do_not_share_uids(self):
        """One that ends its programs by their uid would end the other's. The names that say who has which are those of a network of our own;
        what is left free is at the end, because graders of other tests, which run beside this one, have processes under the first."""
        if os.geteuid() != 0:
            return
        taking = ("import os, socket, sys\n"
                  "every = range(60578, 61183 - 32 + 2, 32)\n"
                  "for n in every[:len(every) - int(sys.argv[1])]:\n"
                  "    s = socket.socket(socket.AF_UNIX)\n"
                  "    s.bind('\\0weir-grade-uids-%d' % n)\n"
                  "    os.set_inheritable(s.detach(), True)\n"
                  "os.execv(sys.argv[2], sys.argv[2:])\n")
        for free, code in ((1, 0), (0, 3)):
            argv = ["unshare", "--net", sys.executable, "-c", taking, str(free), os.path.join(grading.BIN, "weir-grade"), self.submission(),
                    "--out", self.path(f"results-{free}")]
            done = subprocess.run(argv, env={**os.environ, "WEIR_LABS": LABS, "WEIR_CHECKS": CHECKS}, capture_output=True, text=True, timeout=120,
                                  check=False)
            need(done.returncode == code, f"{done.returncode}, not {code}: {done.stdout}{done.stderr}")
            need(code == 0 or "are other graders'" in done.stdout + done.stderr, done.stderr)

    # --- reports ---

    def test_only_one_check_and_what_it_needs(self):
        run = self.graded(1, ["not asked for"], self.submission(), "--lab", "90", "--check", "again")
        need([c["status"] for c in run.result["labs"][0]["checks"]] == ["skipped", "passed", "passed"], "statuses")

    def test_same_seed_same_data(self):
        self.file("sub/90-attacks/program.c", "int main(void) { return 0; }\n" + "/* prints what it gets */\n")
        self.file("sub/90-attacks/program.c", '#include <stdio.h>\nint main(void) { FILE *f = fopen("input.txt", "r"); int c; '
                  "while ((c = getc(f)) != EOF) putchar(c); return 0; }\n")
        seen = [self.grade(self.path("sub"), "--seed", seed).result["labs"][0]["checks"][1]["stdout"] for seed in ("7", "7", "8")]
        need(seen[0] == seen[1] and seen[0] != seen[2], "the data do not follow the seed")

    def test_failure_says_how_to_repeat_it(self):
        self.file("sub/90-attacks/program.c", '#include <stdio.h>\nint main(void) { FILE *f = fopen("answer.txt", "w"); fprintf(f, "12x\\n"); return 0; }\n')
        run = self.graded(1, [], self.path("sub"), "--text", "--seed", "7")
        for words in ("FAILED", "What was done:", "1. wrote 20 numbers", "Expected:", "Actual:", "line 1, column", "Hint:",
                      f"./weir grade {self.path('sub')} --lab 90 --seed 7", "isolation level", "0 of 9 points"):
            need(words in run.stdout, f"`{words}` is not in:\n{run.stdout}")
        need("\033" not in run.stdout, "colour without a terminal")

    def test_interrupted_run_cleans_up(self):
        self.file("sub/90-attacks/program.c", "#include <unistd.h>\nint main(void) { for (;;) { pause(); } }\n")
        home = self.path("home")
        os.makedirs(home)
        env = {"PATH": os.environ["PATH"], "TMPDIR": home, "WEIR_LABS": LABS, "WEIR_CHECKS": CHECKS}
        for signo in (signal.SIGINT, signal.SIGTERM):
            p = subprocess.Popen([os.path.join(grading.BIN, "weir-grade"), self.path("sub"), "--out", self.path("out")], env=env,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            limit = time.monotonic() + 30
            while not glob.glob(home + "/weir-grade-*/lab-*/checks/home-runs/input.txt") and p.poll() is None:
                need(time.monotonic() < limit, "the check did not begin")
                time.sleep(0.005)
            p.send_signal(signo)
            _, stderr = p.communicate(timeout=30)
            need(p.returncode == -signo, f"it ended with {p.returncode}, not by signal {signo}")
            need(b"interrupted" in stderr, stderr)
            need(os.listdir(home) == [], f"left behind: {os.listdir(home)}")
            need(not grading.processes_named(home), "a process was left behind")
            with open(self.path("out", "result.json"), encoding="utf-8") as f:
                result = json.load(f)
            jsonschema.validate(result, RESULT_SCHEMA)
            need(result["complete"] is False, "an interrupted run is not complete")

    def test_killed_run_leaves_no_process(self):
        self.file("sub/90-attacks/program.c", "#include <unistd.h>\nint main(void) { for (;;) { pause(); } }\n")
        for _, level in (("", "4"), ("", "2" if os.geteuid() == 0 else "1")):
            home = grading.scratch("weir-killed-")
            env = {"PATH": os.environ["PATH"], "TMPDIR": home, "WEIR_LABS": LABS, "WEIR_CHECKS": CHECKS}
            p = subprocess.Popen([os.path.join(grading.BIN, "weir-grade"), self.path("sub"), "--isolation", level, "--out", self.path("out")], env=env,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            limit = time.monotonic() + 30
            while not glob.glob(home + "/weir-grade-*/lab-*/checks/home-runs/input.txt") and p.poll() is None:
                need(time.monotonic() < limit, "the check did not begin")
                time.sleep(0.005)
            p.kill()
            p.wait()
            while grading.processes_named(home):
                need(time.monotonic() < limit, f"still there: {grading.processes_named(home)}")
                time.sleep(0.01)
            shutil.rmtree(home)


def main():
    wanted = sys.argv[1:]
    names = [n for n in dir(Tests) if n.startswith("test_") and (not wanted or n in wanted)]
    failed = 0
    for name in names:
        base = grading.scratch()
        try:
            getattr(Tests(base), name)()
            print(f"ok     {name}")
        except (Failed, jsonschema.ValidationError, subprocess.SubprocessError) as e:
            failed += 1
            print(f"NOT OK {name}: {e}")
        finally:
            shutil.rmtree(base, ignore_errors=True)
    print(f"{len(names) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
