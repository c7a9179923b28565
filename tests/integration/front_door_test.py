"""./weir itself, with stand-ins for the programs that would change the machine: what it installs, builds and runs, and what it says when
it cannot. Each case has a folder of its own with a copy of ./weir, and a PATH that holds stand-ins and a few real tools only."""
import os
import shutil
import signal
import subprocess
import tempfile
import unittest

SOURCE = os.environ["WEIR_SOURCE"]
REAL = "bash cat dirname env flock grep mkdir mktemp nproc readlink rm sed sleep sort tail touch chmod tr wc".split()


class FrontDoor(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="weir-front-door-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.home = os.path.join(self.folder, "home")
        self.tools = os.path.join(self.folder, "bin")
        os.makedirs(os.path.join(self.home, "cmake"))
        os.mkdir(self.tools)
        shutil.copy(os.path.join(SOURCE, "weir"), self.home)
        shutil.copy(os.path.join(SOURCE, "cmake/packages.txt"), os.path.join(self.home, "cmake"))
        for name in REAL:
            os.symlink(shutil.which(name), os.path.join(self.tools, name))
        with open(os.path.join(SOURCE, "cmake/packages.txt")) as lines:
            rows = [l.split() for l in lines if l.strip() and not l.startswith("#")]
        self.packages = [row[1] for row in rows if row[0] == "build"]
        self.machine()

    def stand_in(self, name, script):
        """A program that notes how it was called, then does `script`."""
        path = os.path.join(self.tools, name)
        with open(path, "w") as out:
            out.write(f'#!/bin/bash\necho "{name} $*" >>{self.folder}/calls\n{script}\n')
        os.chmod(path, 0o755)

    def machine(self, uid=0, missing=()):
        installed = "\\n".join(f"installed {p}" for p in self.packages if p not in missing)
        self.stand_in("dpkg-query", f"printf '{installed}\\n'")
        self.stand_in("id", f"echo {uid}")
        self.stand_in("apt-get", "echo reading lists")
        self.stand_in("dpkg", "")
        # The build makes one program, which prints its arguments and fails with a status of its own.
        self.stand_in("cmake", f"""
            case $1 in
            --preset) mkdir -p build/bin && touch build/build.ninja ;;
            --build) printf '#!/bin/bash\\necho "graded $*"\\nexit 42\\n' >{self.home}/build/bin/weir-grade
                     chmod +x {self.home}/build/bin/weir-grade; echo '[1/1] Linking C executable bin/weir-grade' ;;
            esac""")

    def calls(self, name):
        with open(os.path.join(self.folder, "calls")) as lines:
            return [l.rstrip("\n").split(" ", 1)[1] for l in lines if l.startswith(name + " ")]

    def weir(self, *arguments):
        return subprocess.run([os.path.join(self.home, "weir"), *arguments], env={"PATH": self.tools, "TMPDIR": self.folder},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)

    def test_grade_builds_and_hands_everything_over(self):
        run = self.weir("grade", "my submission", "--lab", "01")
        self.assertEqual((run.stdout, run.returncode), ("graded my submission --lab 01\n", 42), run.stderr)
        self.assertEqual(self.calls("apt-get"), [])
        self.assertEqual(len(self.calls("cmake")), 2)

    def test_a_second_time_it_does_not_configure_again(self):
        self.weir("build")
        run = self.weir("build")
        self.assertEqual((run.stdout, run.stderr, run.returncode), ("", "", 0))
        self.assertEqual([c.split()[0] for c in self.calls("cmake")], ["--preset", "--build", "--build"])

    def test_root_gets_exactly_what_is_missing_installed(self):
        self.machine(missing=("cmake", "librdkafka-dev"))
        run = self.weir("grade", "x")
        self.assertEqual((run.stdout, run.returncode), ("graded x\n", 42), run.stderr)
        self.assertIn("installing 2 Debian packages: cmake librdkafka-dev", run.stderr)
        self.assertTrue(self.calls("apt-get")[-1].endswith("install -y --no-install-recommends cmake librdkafka-dev"))

    def test_a_user_installs_through_sudo(self):
        self.machine(uid=1000, missing=("cmake",))
        self.stand_in("sudo", 'case $1 in -*) exit 0 ;; esac; "$@"')
        run = self.weir("build")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertTrue(any("apt-get" in c and c.endswith("install -y --no-install-recommends cmake") for c in self.calls("sudo")))

    def test_a_user_without_sudo_is_told_what_an_administrator_should_run(self):
        self.machine(uid=1000, missing=("cmake",))
        run = self.weir("grade", "x")
        self.assertEqual((run.stdout, run.returncode), ("", 3))
        self.assertEqual(run.stderr.count("\n"), 1)
        self.assertIn("apt-get install --no-install-recommends cmake", run.stderr)

    def test_sudo_that_wants_a_password_nobody_can_type_is_not_waited_for(self):
        self.machine(uid=1000, missing=("cmake",))
        self.stand_in("sudo", "exit 1")
        run = self.weir("build")
        self.assertEqual(run.returncode, 3)
        self.assertIn("sudo sh -c", run.stderr)

    def test_failed_installation_shows_why(self):
        self.machine(missing=("cmake",))
        self.stand_in("apt-get", "echo 'E: Unable to fetch'; exit 100")
        run = self.weir("build")
        self.assertEqual(run.returncode, 3)
        self.assertIn("E: Unable to fetch", run.stderr)
        self.assertEqual(self.calls("cmake"), [])

    def test_failed_build_shows_the_error_and_not_the_steps(self):
        self.stand_in("cmake", "mkdir -p build; [ $1 = --preset ] || { echo '[1/2] Building C object a.o'; echo 'a.c:1: error: no'; exit 1; }")
        run = self.weir("grade", "x")
        self.assertEqual((run.stdout, run.returncode), ("", 3))
        self.assertIn("a.c:1: error: no", run.stderr)
        self.assertNotIn("Building C object", run.stderr)

    def test_wrong_command_lines_say_what_there_is(self):
        for arguments in (["frobnicate"], ["build", "x"], ["test", "--frob"], ["test", "--soak"], ["test", "--soak", "many"], ["kafka-frob.sh"]):
            with self.subTest(arguments):
                run = self.weir(*arguments)
                self.assertEqual((run.stdout, run.returncode), ("", 4), run.stderr)
                self.assertEqual(run.stderr.replace("weir: building into build (the first time takes a minute)\n", "").count("\n"), 1, run.stderr)

    def test_help_needs_nothing(self):
        self.stand_in("dpkg-query", "exit 1")
        run = self.weir("help")
        self.assertEqual((run.stderr, run.returncode), ("", 0))
        self.assertIn("./weir grade SUBMISSION", run.stdout)

    def test_interrupted_it_leaves_nothing_behind(self):
        self.stand_in("cmake", f"echo started >{self.folder}/started; sleep 60")
        os.mkfifo(os.path.join(self.folder, "started"))
        run = subprocess.Popen([os.path.join(self.home, "weir"), "build"], env={"PATH": self.tools, "TMPDIR": self.folder},
                               stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True)
        self.addCleanup(run.wait)
        self.addCleanup(run.stderr.close)
        with open(os.path.join(self.folder, "started")) as started:
            started.readline()
        os.killpg(run.pid, signal.SIGINT) # what Ctrl-C does
        self.assertEqual(run.wait(timeout=30), 130)
        self.assertIn("interrupted", run.stderr.read())
        self.assertEqual([n for n in os.listdir(self.folder) if n.startswith("tmp.")], [])


if __name__ == "__main__":
    unittest.main()
