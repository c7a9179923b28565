"""The clients of others, installed once in fixed versions under ${XDG_CACHE_HOME:-~/.cache}/weir-peers.

Each function returns the command that starts one of our agents (tests/peers/) with its client. What the machine lacks (node, java, a registry)
ends the test as skipped, with a word on what is missing; an installation that was cut off is made anew. Tests that run at once wait for each other."""
import contextlib
import fcntl
import os
import pathlib
import shutil
import subprocess
import sys

AGENTS = pathlib.Path(__file__).resolve().parent.parent / "peers"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "weir-peers"
SKIPPED = 77
PYTHON = "/usr/bin/python3"


def skip(why):
    print(f"skipped: {why}", file=sys.stderr)
    sys.exit(SKIPPED)


def need(program, package):
    if shutil.which(program) is None:
        skip(f"this client needs {program} (package {package})")


def _run(argv, home, what):
    with open(home / "install.log", "ab") as log:
        if subprocess.run(argv, cwd=home, stdin=subprocess.DEVNULL, stdout=log, stderr=log).returncode != 0:
            skip(f"{what} could not be fetched ({home}/install.log says why)")


@contextlib.contextmanager
def _installing(name, *parts):
    """Gives (folder, is it installed already, with these parts); what the caller installs counts when the block ends well."""
    home = CACHE / name
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f"{name}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        mark, wanted = home / "ready", "\n".join(parts)
        ready = mark.exists() and mark.read_text(encoding="utf-8") == wanted
        if not ready:
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir()
        yield home, ready
        mark.write_text(wanted, encoding="utf-8")


def _environment(name, agent, requirements, *options):
    with _installing(name, *requirements) as (home, ready):
        if not ready:
            _run([PYTHON, "-m", "venv", *options, str(home / "venv")], home, "a Python virtual environment (package python3-venv)")
            _run([str(home / "venv/bin/pip"), "install", "--quiet", *requirements], home, " ".join(requirements))
    return [str(home / "venv/bin/python"), str(AGENTS / agent)]


def debian_python(agent, *requirements):
    """Debian's own kafka-python, which is 2.0.2, and `requirements` beside it."""
    if subprocess.run([PYTHON, "-c", "import kafka"], capture_output=True).returncode != 0:
        skip("this client needs kafka-python (package python3-kafka)")
    return _environment("debian-kafka-python", agent, requirements, "--system-site-packages")


def python(agent, *requirements):
    """A virtual environment with `requirements` (each "name==version"), the first of which names it."""
    return _environment(requirements[0].replace("==", "-"), agent, requirements)


def node(agent, *packages):
    """Node with `packages` (each "name@version"), the first of which names the folder."""
    need("node", "nodejs")
    need("npm", "npm")
    with _installing(packages[0].replace("@", "-"), *packages) as (home, ready):
        if not ready:
            _run(["npm", "install", "--no-audit", "--no-fund", "--prefix", str(home), *packages], home, " ".join(packages))
    return ["env", f"NODE_PATH={home}/node_modules", "node", str(AGENTS / agent)]


POM = """<project>
  <modelVersion>4.0.0</modelVersion><groupId>weir</groupId><artifactId>peers</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-clients</artifactId><version>{}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
"""


def java(agent, version):
    """Java with Apache's kafka-clients; the agent is compiled against each version that runs it."""
    need("java", "openjdk-17-jre-headless")
    need("javac", "openjdk-17-jdk-headless")
    need("mvn", "maven")
    with _installing(f"kafka-clients-{version}") as (home, ready):
        if not ready:
            (home / "pom.xml").write_text(POM.format(version), encoding="utf-8")
            _run(["mvn", "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={home}/jars"], home, f"kafka-clients {version}")
    return ["java", "-Xmx256M", "-XX:TieredStopAtLevel=1", "-cp", f"{home}/jars/*", str(AGENTS / agent)]


SPARK = "4.1.3"
SPARK_JARS = (("org.apache.spark", "spark-sql-kafka-0-10_2.13", SPARK), ("org.apache.spark", "spark-token-provider-kafka-0-10_2.13", "4.0.0"),
              ("org.apache.kafka", "kafka-clients", "3.9.1"), ("org.apache.commons", "commons-pool2", "2.12.0"))


def spark():
    """PySpark with its connector for Kafka: (its Python, the folder of the connector's jars). Some 450 MB, fetched once. The jars are named one by
    one, because not every version that the connector's own description asks for can be had."""
    need("java", "openjdk-17-jre-headless")
    need("mvn", "maven")
    interpreter = _environment(f"pyspark-{SPARK}", "", [f"pyspark=={SPARK}"])[0]
    jars = "".join(f"""    <dependency><groupId>{group}</groupId><artifactId>{name}</artifactId><version>{version}</version>
      <exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions></dependency>
""" for group, name, version in SPARK_JARS)
    pom = f"""<project>
  <modelVersion>4.0.0</modelVersion><groupId>weir</groupId><artifactId>peers</artifactId><version>1</version>
  <dependencies>
{jars}  </dependencies>
</project>
"""
    with _installing(f"spark-kafka-{SPARK}", pom) as (home, ready):
        if not ready:
            (home / "pom.xml").write_text(pom, encoding="utf-8")
            _run(["mvn", "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={home}/jars"], home, "Spark's connector for Kafka")
    return interpreter, home / "jars"
