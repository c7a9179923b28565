"""What the benchmark of brokers measures: a list of measures, each of which asks one running broker and gives figures."""
import json
import os
import re
import resource
import socket
import subprocess
import time

from bench_brokers import APACHE
from bench_report import BenchError, Figure, Measure
from weir_broker import _die_with_the_test

LOAD_LIMIT_S = 600
REST_S = 5.0


def load_program():
    build = os.path.dirname(os.path.abspath(os.environ["WEIR_BIN"]))
    return os.path.join(build, "tests", "broker_load")


def run_program(argv, limit_s=LOAD_LIMIT_S):
    """Its standard output; it ends with us."""
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=_die_with_the_test)
    try:
        output, errors = process.communicate(timeout=limit_s)
    except BaseException:
        process.kill()
        process.wait()
        raise
    if process.returncode != 0:
        raise BenchError(f"{os.path.basename(argv[0])} {argv[1]} failed: {errors.strip() or output.strip()}")
    return output


def load(mode, broker, topic, **options):
    options = {"bootstrap": broker.bootstrap, "pid": broker.pid, "topic": topic, **options}
    return json.loads(run_program([load_program(), mode] + [f"{key}={value}" for key, value in options.items()]))


def resident_mb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(re.search(r"^VmRSS:\s+(\d+) kB", file.read(), re.MULTILINE).group(1)) / 1024


def cpu_seconds(pid):
    """Of the whole process, by the scheduler's own count (clock_getcpuclockid(3))."""
    return time.clock_gettime(~pid << 3 | 2)


# --- what costs nothing ---


def cold_start(starts):
    def run(broker, _topic):
        times = []
        for _ in range(starts):
            argv, port = broker.cold_command()
            times.append(json.loads(run_program([load_program(), "first", f"port={port}", "--", *argv]))["first_ms"])
        times.sort()
        return {"first_ms": times[len(times) // 2]}

    return run


def at_rest(broker):
    rss, before, begin = resident_mb(broker.pid), cpu_seconds(broker.pid), time.monotonic()
    time.sleep(REST_S)
    used = cpu_seconds(broker.pid) - before
    return {"rss_mb": rss, "cpu_percent": 100 * used / (time.monotonic() - begin)}


def idle(broker, topic):
    """After one record was written and read, and some seconds more for whatever a start leaves to be done."""
    load("flow", broker, topic, megabytes=0, warm_megabytes=0)
    time.sleep(REST_S)
    return at_rest(broker)


def loaded(broker, _topic):
    """After all the load before it, with its topics, 1,000 partitions twice among them."""
    time.sleep(REST_S)
    return at_rest(broker)


def connections(count):
    """What connections cost that asked one thing and then are silent."""
    api_versions = bytes.fromhex("0000000e" "0012" "0000" "00000001" "0004") + b"idle"

    def run(broker, _topic):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        held, before = [], resident_mb(broker.pid)
        try:
            for _ in range(min(count, hard - 200)):
                held.append(socket.create_connection(("127.0.0.1", broker.port), 30))
                held[-1].sendall(api_versions)
                if not held[-1].recv(65536):
                    raise BenchError(f"{broker.name} closed connection {len(held)}")
            return {"growth_mb": max(0.0, resident_mb(broker.pid) - before)}
        finally:
            for connection in held:
                connection.close()

    return run


# --- load ---


def warmed(broker, megabytes):
    """A load before the first figure that counts processor time: after less of it the JVM's compiler is still at work, and the first flow of a start
    cost more than twice what a later one did."""
    if not broker.is_warm:
        for codec, share in ("none", 1), ("lz4", 0.25):
            load("flow", broker, f"warm-up.{codec}", codec=codec, linger=5, clients=2, megabytes=share * megabytes, warm_megabytes=0)
        broker.is_warm = True


def flow(warm_up, **options):
    def run(broker, topic):
        warmed(broker, warm_up)
        return load("flow", broker, topic, **options)

    return run


def floor(**options):
    """No broker takes part; its file lies where the broker's do."""
    def run(broker, _topic):
        argv = [f"{key}={value}" for key, value in {"folder": broker.home, **options}.items()]
        return json.loads(run_program([load_program(), "floor", *argv]))

    return run


def pace(**options):
    return lambda broker, topic: load("pace", broker, topic, **options)


# --- the same by another client: Apache's own tools ---


def java_producer(records):
    def run(broker, topic):
        before = cpu_seconds(broker.pid)
        output = run_program([APACHE, "kafka-producer-perf-test.sh", "--topic", topic, "--num-records", str(records), "--record-size", "1024",
                              "--throughput", "-1", "--producer-props", f"bootstrap.servers={broker.bootstrap}", "acks=all"])
        used = cpu_seconds(broker.pid) - before
        found = re.findall(r"\(([\d.]+) MB/sec\)", output)
        if not found:
            raise BenchError(f"kafka-producer-perf-test.sh said nothing of MB/sec:\n{output}")
        return {"mb_s": float(found[-1]) * 1.048576, "cpu_s_gb": used / (records * 1024 / 1e9)}

    return run


def java_consumer(records):
    def run(broker, topic):
        run_program([APACHE, "kafka-producer-perf-test.sh", "--topic", topic, "--num-records", str(records), "--record-size", "1024",
                     "--throughput", "-1", "--producer-props", f"bootstrap.servers={broker.bootstrap}", "acks=all"])
        before = cpu_seconds(broker.pid)
        output = run_program([APACHE, "kafka-consumer-perf-test.sh", "--topic", topic, "--bootstrap-server", broker.bootstrap,
                              "--num-records", str(records), "--timeout", "60000"])
        used = cpu_seconds(broker.pid) - before
        rows = [line.split(", ") for line in output.splitlines() if re.match(r"\d{4}-", line)]
        if not rows:
            raise BenchError(f"kafka-consumer-perf-test.sh printed no figures:\n{output}")
        # start.time, end.time, data.consumed.in.MB, MB.sec, nMsg, nMsg.sec, rebalance.time.ms, fetch.time.ms, fetch.MB.sec, ...
        return {"mb_s": float(rows[-1][8]) * 1.048576, "cpu_s_gb": used / (records * 1024 / 1e9)}

    return run


def java_latency(records):
    def run(broker, topic):
        output = run_program([APACHE, "kafka-e2e-latency.sh", "--bootstrap-server", broker.bootstrap, "--topic", topic,
                              "--num-records", str(records), "--producer-acks", "all", "--record-size", "1024"])
        found = re.search(r"Percentiles: 50th = (\d+), 99th = (\d+), 99.9th = (\d+)", output)
        average = re.search(r"Avg latency: ([\d.]+) ms", output)
        if not found or not average:
            raise BenchError(f"kafka-e2e-latency.sh printed no percentiles:\n{output}")
        return {"average_ms": float(average.group(1)), "p99_ms": float(found.group(2))}

    return run


# --- the list ---


def _flow_figures(cpu_share=0.25):
    return (("produce_mb_s", Figure("written", "MB/s")),
            ("consume_mb_s", Figure("read", "MB/s")),
            ("cpu_s_gb", Figure("broker CPU, in and out", "s/GB", share=cpu_share)),
            ("slowest_over_fastest", Figure("slowest over fastest producer", "")))


def _pace_figures(share=0.2):
    return (("p50_ms", Figure("p50", "ms")), ("p99_ms", Figure("p99", "ms", share=share)), ("p999_ms", Figure("p99.9", "ms")),
            ("cpu_percent", Figure("broker CPU", "%")))


def measures(quick, with_java):
    """In the order in which they run; the first ones find the broker as it started."""
    size = 64 if quick else 512
    many = 32 if quick else 128
    warm_up = 64 if quick else 1500
    clock = {"seconds": 3, "warm_seconds": 2} if quick else {"seconds": 10, "warm_seconds": 5}
    big = {"megabytes": size, "warm_megabytes": 16 if quick else 64}
    spread = {"megabytes": many, "warm_megabytes": many / 4, "partitions": 1000}

    def plain(**more):
        return flow(warm_up, linger=5, **{**big, **more})

    listed = [
        Measure("idle", idle, (("rss_mb", Figure("memory", "MB", below=10)), ("cpu_percent", Figure("CPU", "%", below=0.05)))),
        Measure("start", cold_start(1 if quick else 5), (("first_ms", Figure("exec to first acknowledged record", "ms", below=20)),)),
        Measure("connections", connections(1000 if quick else 10000),
                (("growth_mb", Figure(f"memory of {1000 if quick else 10000:,} idle ones", "MB", below=10 if quick else 100)),)),
        Measure("floor", floor(clients=2, **big),
                (("produce_cpu_s_gb", Figure("kernel's CPU, in", "s/GB")), ("consume_cpu_s_gb", Figure("kernel's CPU, out", "s/GB")),
                 ("cpu_s_gb", Figure("kernel's CPU, in and out", "s/GB")))),
        Measure("flow.1", plain(), _flow_figures()),
        Measure("flow.1.no-linger", flow(warm_up, linger=0, **big), _flow_figures()),
        Measure("flow.1.lz4", plain(codec="lz4"), _flow_figures()),
        Measure("flow.1.no-linger.lz4", flow(warm_up, linger=0, codec="lz4", **big), _flow_figures()),
        Measure("flow.2", plain(clients=2), _flow_figures()),
        Measure("flow.100", plain(clients=100), _flow_figures()),
        Measure("flow.1.1000-partitions", flow(warm_up, linger=5, **spread), _flow_figures()),
        Measure("flow.100.1000-partitions", flow(warm_up, linger=5, clients=100, **spread), _flow_figures()),
        Measure("loaded", loaded, (("rss_mb", Figure("memory at rest, after this load", "MB")), ("cpu_percent", Figure("CPU at rest", "%", below=0.05)))),
        Measure("pace.1.no-linger", pace(linger=0, **clock), _pace_figures()),
        Measure("pace.1", pace(linger=5, **clock), _pace_figures(None)),
        Measure("pace.1.lz4", pace(linger=5, codec="lz4", **clock), _pace_figures(None)),
        Measure("pace.2.no-linger", pace(linger=0, clients=2, **clock), _pace_figures(None)),
        Measure("pace.100", pace(linger=5, clients=100, partitions=100, **clock), _pace_figures(None)),
        Measure("pace.1.1000-partitions", pace(linger=5, partitions=1000, **clock), _pace_figures(None)),
    ]
    if with_java:
        records = 100000 if quick else 500000
        listed += [
            Measure("java.producer", java_producer(records),
                    (("mb_s", Figure("written", "MB/s")), ("cpu_s_gb", Figure("broker CPU, in", "s/GB", share=0.25)))),
            Measure("java.consumer", java_consumer(records),
                    (("mb_s", Figure("read", "MB/s")), ("cpu_s_gb", Figure("broker CPU, out", "s/GB", share=0.25)))),
            Measure("java.latency", java_latency(2000 if quick else 10000),
                    (("average_ms", Figure("average, one at a time", "ms")), ("p99_ms", Figure("p99, one at a time", "ms")))),
        ]
    return listed
