"""The sources rate, rate-micro-batch and socket, without the rest of the engine. What Spark gives is in tests/golden/streaming (source_rate, source_socket,
recovery_listing_rate)."""
import json
import pathlib
import socket
import tempfile
import time
import unittest

from source_driver import Driver

LIMIT_S = 30


class WithDriver(unittest.TestCase):
    def setUp(self):
        self.driver = Driver()
        self.addCleanup(self.driver.close)
        folder = tempfile.TemporaryDirectory(prefix="weir-sources-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def until(self, wanted, start=""):
        """The latest offset, as soon as it is so far."""
        limit = time.monotonic() + LIMIT_S
        while True:
            latest = self.driver.latest(start)
            if int(latest["end"]) >= wanted:
                return latest["end"]
            self.assertLess(time.monotonic(), limit)
            time.sleep(0.01)


class RateMicroBatch(WithDriver):
    def test_the_same_rows_in_each_batch(self):
        d = self.driver
        self.assertEqual(d.open("rate-micro-batch", rowsPerBatch=4, numPartitions=2, startTimestamp=1000, advanceMillisPerBatch=500),
                         "struct<timestamp:timestamp,value:bigint>")
        self.assertEqual(d.describe(), "RatePerMicroBatchStream[rowsPerBatch=4, numPartitions=2, startTimestamp=1000, advanceMsPerBatch=500]")
        self.assertEqual(d.initial(), "")
        start, offsets = "", []
        for batch in range(3):
            latest = d.latest(start)
            self.assertEqual(latest["newest"], "")
            us, first = 1000000 + 500000 * batch, 4 * batch
            self.assertEqual(d.read(start, latest["end"]), [[[us, first], [us, first + 2]], [[us, first + 1], [us, first + 3]]])
            offsets.append(latest["end"])
            start = latest["end"]
        self.assertEqual(offsets, ['{"offset":4,"timestamp":1500}', '{"offset":8,"timestamp":2000}', '{"offset":12,"timestamp":2500}'])
        self.assertEqual(d.read(offsets[0], offsets[1], columns=[1]), [[[4], [6]], [[5], [7]]])
        self.assertEqual(d.read(offsets[0], offsets[2], columns=[]), [[[]] * 4, [[]] * 4])

    def test_available_now_is_one_batch(self):
        d = self.driver
        d.open("rate-micro-batch", rowsPerBatch=20000)
        self.assertIs(d.ask("freeze"), True)
        end = d.latest()["end"]
        self.assertEqual(d.latest(end)["end"], end)
        self.assertEqual(sum(d.read("", end, rows=False)), 20000)

    def test_options(self):
        wanted = [
            ({}, "Invalid value '0'. The option 'rowsPerBatch' must be positive"),
            ({"rowsPerBatch": -1}, "Invalid value '-1'. The option 'rowsPerBatch' must be positive"),
            ({"rowsPerBatch": 1, "numPartitions": 0}, "Invalid value '0'. The option 'numPartitions' must be positive"),
            ({"rowsPerBatch": 1, "startTimestamp": -1}, "Invalid value '-1'. The option 'startTimestamp' must be non-negative"),
            ({"rowsPerBatch": 1, "advanceMillisPerBatch": -1}, "Invalid value '-1'. The option 'advanceMillisPerBatch' must be non-negative"),
            ({"rowsPerBatch": "x"}, 'For input string: "x"'),
        ]
        for options, text in wanted:
            refused = self.driver.refusal("open", "rate-micro-batch", **options)
            self.assertEqual((refused.when, refused.text), ("load", text))
        self.driver.open("rate-micro-batch", rowsPerBatch=1)
        self.assertEqual(self.driver.describe(),
                         "RatePerMicroBatchStream[rowsPerBatch=1, numPartitions=default, startTimestamp=0, advanceMsPerBatch=1000]")
        for offset in ("12", "{}", '{"offset":1}', '{"offset":-1,"timestamp":0}', '{"offset":1,"timestamp":"x"}', "[1]"):
            self.assertIn("Invalid offset", self.driver.refusal("latest", offset).text)


class Rate(WithDriver):
    def test_rows_of_each_second(self):
        d = self.driver
        d.open("rate", checkpoint=self.folder / "0", rowsPerSecond=7, numPartitions=3)
        self.assertEqual(d.describe(), "RateStreamV2[rowsPerSecond=7, rampUpTimeSeconds=0, numPartitions=3")
        self.assertEqual(d.initial(), "")
        first = d.latest()["end"]
        self.assertEqual(first, "0")
        self.assertEqual(d.read("", first), [])
        self.until(1)
        log = (self.folder / "0" / "0").read_text()
        created = int(log.removeprefix("v1\n"))
        self.assertEqual(log, f"v1\n{created}")
        self.assertLess(abs(created / 1000 - time.time()), 60)
        rows = d.read("0", "1")
        self.assertEqual([[r[1] for r in part] for part in rows], [[0, 3, 6], [1, 4], [2, 5]])
        self.assertEqual([r[0] for r in rows[0]], [created * 1000, (created + 429) * 1000, (created + 857) * 1000])
        self.assertEqual(d.read("1", "2", columns=[1])[0][0], [7])

    def test_a_restart_goes_on_with_the_same_clock(self):
        (self.folder / "0").mkdir()
        began = int(time.time() * 1000) - 100000
        (self.folder / "0" / "0").write_text(f"v1\n{began}")
        d = self.driver
        d.open("rate", checkpoint=self.folder / "0", rowsPerSecond=100, rampUpTime="5s")
        d.initial()
        self.assertIn(int(d.latest("3")["end"]), range(99, 130))
        self.assertEqual(d.describe(), "RateStreamV2[rowsPerSecond=100, rampUpTimeSeconds=5, numPartitions=default")
        batches = [[r[1] for r in d.rows(str(i), str(i + 1))] for i in range(5)]
        self.assertEqual([(b[0], b[-1]) for b in batches], [(0, 15), (16, 47), (48, 95), (96, 159), (160, 239)])
        # what was given already was given in some time to come: the clock waits
        later = str(int((time.time() * 1000 - began) / 1000) + 50)
        d.rows("0", later)
        self.assertEqual(d.latest(later)["end"], later)

    def test_a_damaged_log_is_refused(self):
        for number, text in enumerate(("", "v1", "v2\n12", "v1\nnoon")):
            folder = self.folder / str(number)
            folder.mkdir()
            (folder / "0").write_text(text)
            self.driver.open("rate", checkpoint=folder)
            self.assertIn("malformed", self.driver.refusal("initial").text)

    def test_options(self):
        d = self.driver
        self.assertEqual(d.refusal("open", "rate", rowsPerSecond=0).text, "Invalid value '0'. The option 'rowsPerSecond' must be positive")
        self.assertEqual(d.refusal("open", "rate", numPartitions=-3).text, "Invalid value '-3'. The option 'numPartitions' must be positive")
        self.assertEqual(d.refusal("open", "rate", rowsPerSecond=9000000000000000000, rampUpTime="10s").text,
                         "[INCORRECT_RAMP_UP_RATE] Max offset with 9000000000000000000 rowsPerSecond is 1, but 'rampUpTimeSeconds' is 10. SQLSTATE: 22003")
        d.open("rate", rowsPerSecond=9000000000000000000)
        self.assertIn("[INCORRECT_END_OFFSET] Max offset with 9000000000000000000 rowsPerSecond is 1, but it's 2 now.", d.refusal("read", "0", "2").text)
        self.assertIn("startSeconds(2) > endSeconds(1)", d.refusal("read", "2", "1").text)
        self.assertIn("Invalid offset", d.refusal("read", "0", "noon").text)


class Socket(WithDriver):
    def setUp(self):
        super().setUp()
        self.server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(self.server.close)
        self.port = self.server.getsockname()[1]

    def connect(self, **options):
        schema = self.driver.open("socket", host="127.0.0.1", port=self.port, **options)
        self.assertEqual(self.driver.latest(), {"end": "-1", "newest": "-1"})
        self.assertEqual(self.driver.read("", "-1"), [])  # the first batch connects
        peer, _ = self.server.accept()
        self.addCleanup(peer.close)
        return schema, peer

    def test_lines_as_they_come(self):
        d = self.driver
        schema, peer = self.connect(parallelism=2)
        self.assertEqual(schema, "struct<value:string>")
        self.assertEqual(d.describe(), f"TextSocketV2[host: 127.0.0.1, port: {self.port}]")
        peer.sendall(b"hello\nworld\nhal")
        end = self.until(1)
        self.assertEqual(end, "1")
        self.assertEqual(d.read("-1", end), [[["hello"]], [["world"]]])
        d.ask("commit", end=end)
        peer.sendall("f\r\n\nüber\nlast without newline".encode())
        self.assertEqual(self.until(4, end), "4")
        peer.close()
        self.assertEqual(self.until(5, end), "5")
        self.assertEqual(d.rows(end, "5"), [["half"], ["über"], [""], ["last without newline"]])
        self.assertEqual(d.rows("3", "5"), [["über"], ["last without newline"]])
        d.ask("commit", end="5")
        self.assertEqual(d.read("5", "5"), [])
        self.assertEqual(d.latest("5")["end"], "5")

    def test_times(self):
        schema, peer = self.connect(includeTimestamp="true")
        self.assertEqual(schema, "struct<value:string,timestamp:timestamp>")
        peer.sendall(b"one\n")
        (us, text), = self.driver.rows("", self.until(0), columns=[1, 0])
        self.assertEqual(text, "one")
        self.assertLess(abs(us / 1e6 - time.time()), 60)

    def test_what_was_read_before_is_gone_after_a_restart(self):
        _, peer = self.connect()
        self.assertEqual(self.driver.latest("7")["end"], "-1")
        self.assertEqual(self.driver.read("7", "-1"), [])
        peer.sendall(b"new\n")
        self.assertEqual(self.driver.rows("-1", self.until(0)), [["new"]])

    def test_many_lines(self):
        _, peer = self.connect(parallelism=3)
        peer.sendall(b"".join(b"line %d\n" % i for i in range(30000)))
        end = self.until(29999)
        self.assertEqual(sorted(r[0] for r in self.driver.rows("", end)), sorted(f"line {i}" for i in range(30000)))

    def test_refusals(self):
        d = self.driver
        wanted = [
            ({"port": 1}, 'Set a host to read from with option("host", ...).'),
            ({"host": "h"}, 'Set a port to read from with option("port", ...).'),
            ({"host": "h", "port": 1, "includeTimestamp": "maybe"}, 'IncludeTimestamp must be set to either "true" or "false".'),
            ({"host": "h", "port": "x"}, 'For input string: "x"'),
        ]
        for options, text in wanted:
            refused = d.refusal("open", "socket", **options)
            self.assertEqual((refused.when, refused.text), ("load", text), json.dumps(options))
        self.server.close()
        d.open("socket", host="127.0.0.1", port=self.port)
        refused = d.refusal("read", "", "-1")
        self.assertEqual((refused.java, refused.text), ("ConnectException", "Connection refused"))
        d.open("socket", host="no.such.host.invalid", port=1)
        self.assertEqual(d.refusal("read", "", "-1").java, "UnknownHostException")


if __name__ == "__main__":
    unittest.main()
