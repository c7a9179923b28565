"""kill -9 under an idempotent librdkafka producer, several times: every record is there, once, in order; and the broker says what it cut.

kcat keeps producing all along; the broker is killed when the log has reached certain lengths, a long poll tells when. kcat gets its records in
portions, one more just before each kill: it cannot be done before the last one, however fast it is. This is the quick one, with one producer;
tests/soak kills at random moments under all kinds of clients, for as long as one likes."""
import shutil
import socket
import struct
import subprocess
import sys
import threading

from weir_broker import Broker

RECORDS = 60000
KILLS = 5
TOPIC = b"crash"


def call(port, request):
    with socket.create_connection(("127.0.0.1", port), timeout=30) as s:
        s.sendall(struct.pack(">i", len(request)) + request)
        data = b""
        while len(data) < 4 or len(data) < 4 + struct.unpack(">i", data[:4])[0]:
            more = s.recv(1 << 20)
            if not more:
                raise ConnectionError("closed")
            data += more
        return data[4:]


def string(text):
    return struct.pack(">h", len(text)) + text


def high_watermark(port, offset):
    """A Fetch 4 at `offset` that waits until the log is longer; the high watermark, or -1 when the topic is not there yet."""
    body = struct.pack(">iiiib", -1, 5000, 1, 1, 0) + struct.pack(">i", 1) + string(TOPIC) + struct.pack(">iiqi", 1, 0, offset, 1)
    answer = call(port, struct.pack(">hhi", 1, 4, 1) + string(b"t") + body)
    at = 4 + 4 + 4 + 2 + len(TOPIC) + 4 + 4
    error, mark = struct.unpack(">hq", answer[at:at + 10])
    return mark if error == 0 else -1


def wait_for_length(port, wanted, producer):
    mark = 0
    while mark < wanted:
        mark = max(mark, high_watermark(port, mark))
        if producer.poll() is not None:
            raise RuntimeError(f"the producer ended early, with {producer.returncode}")
    return mark


def feed(pipe, portions):
    """KILLS + 1 portions, each when `portions` allows it."""
    try:
        for i in range(RECORDS):
            if i % (RECORDS // (KILLS + 1)) == 0:
                pipe.flush()
                portions.acquire()
            pipe.write(b"value %d\n" % i)
        pipe.close()
    except BrokenPipeError:
        pass


def kcat(port, *more, **popen):
    argv = ["kcat", "-q", "-b", f"127.0.0.1:{port}", "-t", TOPIC.decode(), "-p", "0", *more]
    return subprocess.Popen(argv, **popen)


def make_topic(port):
    """Metadata 1 creates what it is asked for."""
    call(port, struct.pack(">hhi", 3, 1, 1) + string(b"t") + struct.pack(">i", 1) + string(TOPIC))


def run(broker):
    make_topic(broker.port)
    broker.config["listeners"] = f"PLAINTEXT://127.0.0.1:{broker.port}"  # the producer must find it again
    producer = kcat(broker.port, "-P", "-E", "-X", "enable.idempotence=true", "-X", "linger.ms=1", "-X", "reconnect.backoff.max.ms=100",
                    "-X", "batch.num.messages=50", "-X", "retry.backoff.ms=10", stdin=subprocess.PIPE)
    portions = threading.Semaphore(1)
    writer = threading.Thread(target=feed, args=(producer.stdin, portions))
    writer.start()
    try:
        for n in range(1, KILLS + 1):
            reached = wait_for_length(broker.port, n * RECORDS // (KILLS + 2), producer)
            portions.release()
            broker.kill()
            print(f"# killed at offset {reached} or later")
            broker.start()
        writer.join()
        code = producer.wait(timeout=120)
        if code != 0:
            return f"the producer ended with {code}"
    finally:
        producer.kill()
        producer.wait()
        for _ in range(KILLS):
            portions.release()
        writer.join()
    consumer = kcat(broker.port, "-C", "-o", "beginning", "-e", "-f", "%o %s\n", stdout=subprocess.PIPE)
    lines = consumer.communicate(timeout=120)[0].decode().splitlines()
    for i, line in enumerate(lines):
        if line != f"{i} value {i}":
            return f"record {i} is '{line}'"
    return None if len(lines) == RECORDS else f"{len(lines)} records instead of {RECORDS}"


def main():
    if not shutil.which("kcat"):
        print("1..0 # SKIP kcat is not installed")
        return 77
    with Broker({"num.partitions": 1}) as broker:
        problem = run(broker)
        print(f"1..1\n{'not ok' if problem else 'ok'} 1 - {RECORDS} records survive {KILLS} kills, once each and in order")
        if problem:
            print(f"# {problem}\n# broker: {broker.output[-2000:]}")
    return 1 if problem else 0


sys.exit(main())
