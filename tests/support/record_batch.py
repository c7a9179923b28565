"""Record batches for requests that a test writes by hand."""
import struct

_CRC32C = []
for n in range(256):
    for _ in range(8):
        n = n >> 1 ^ (0x82F63B78 if n & 1 else 0)
    _CRC32C.append(n)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _CRC32C[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def _varint(n):
    """Of a number that is not negative."""
    n, out = 2 * n, b""
    while n > 0x7F:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def batch(value, producer_id=-1):
    """One record without a key. With a producer id: the first batch of its first epoch."""
    record = b"\0\0\0\1" + _varint(len(value)) + value + b"\0"
    epoch, sequence = (-1, -1) if producer_id < 0 else (0, 0)
    tail = struct.pack(">hiqqqhii", 0, 0, 0, 0, producer_id, epoch, sequence, 1) + _varint(len(record)) + record
    rest = struct.pack(">ibI", -1, 2, crc32c(tail)) + tail
    return struct.pack(">qi", 0, len(rest)) + rest
