"""Kafka's protocol for tests: requests and responses as dictionaries, over one plain socket.

    with Connection(broker.host, broker.port) as c:
        answer = c.call("Metadata", 8, {"topics": None})     # fields that are not given have their defaults
        c.send_frame(b"...")                                 # anything else

It reads the same schema files as the C codec, but walks them by itself: a second reader of the notation, which a fault of the first does not fool. Bytes
are bytes, uuids are 32 hex digits, nullable structs are None or dictionaries; text that is not UTF-8 is bytes."""
import glob
import os
import socket
import struct
import sys

SOURCE = os.environ.get("WEIR_SOURCE") or os.path.join(os.path.dirname(__file__), "..", "..")
_schema = os.path.join(SOURCE, "runtime", "protocol", "schema")
sys.path.insert(0, _schema)
import generate  # noqa: E402  the generator's reader of schema files

LIMIT_S = 30
NUMBERS = {"bool": "?", "int8": "b", "int16": "h", "uint16": "H", "int32": "i", "int64": "q", "float64": "d"}


def _load():
    apis, messages = [], []
    for path in sorted(glob.glob(os.path.join(_schema, "*.txt"))):
        generate.parse_file(path, apis, messages)
    return {api.name: api for api in apis}


APIS = _load()
API_BY_KEY = {api.key: api for api in APIS.values()}


class WireError(Exception):
    pass


def _within(versions, version):
    return versions is not None and versions[0] <= version <= versions[1]


def _is_flexible(of, version):
    return of.flexible is not None and version >= of.flexible


# --- writing ---


def uvarint(n):
    out = b""
    while n > 0x7F:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def _length(n, flexible, kind):
    """n: None for null."""
    if flexible:
        return uvarint(0 if n is None else n + 1)
    return struct.pack(">h" if kind == "string" else ">i", -1 if n is None else n)


def _default(field, version):
    if field.default is not None:
        if field.default == "null":
            return None
        if field.type == "string":
            return field.default.strip('"')
        return field.default == "true" if field.type == "bool" else float(field.default) if field.type == "float64" else int(field.default, 0)
    if field.array:
        return []
    if field.struct is not None:
        return None if _within(field.nulls, version) else {}
    return {"bool": False, "string": "", "bytes": b"", "records": None, "uuid": "0" * 32, "float64": 0.0}.get(field.type, 0)


def _encode_one(field, value, version, flexible):
    if field.struct is not None:
        return encode(field.struct, version, value)
    if field.type in NUMBERS:
        return struct.pack(">" + NUMBERS[field.type], value)
    if field.type == "uuid":
        return bytes.fromhex(value)
    raw = value.encode() if isinstance(value, str) else value
    return _length(None if raw is None else len(raw), flexible and "inflexible" not in field.flags, field.type) + (raw or b"")


def _encode_field(field, value, version, flexible):
    if field.array:
        head = _length(None if value is None else len(value), flexible, "array")
        return head + b"".join(_encode_one(field, item, version, flexible) for item in value or [])
    if field.struct is not None and _within(field.nulls, version):
        return b"\xff" if value is None else b"\x01" + encode(field.struct, version, value)
    return _encode_one(field, value, version, flexible)


def encode(of, version, values):
    unknown = set(values) - {f.name for f in of.fields}
    assert not unknown, f"{of.title} has no {unknown}"
    out, tagged, flexible = b"", [], _is_flexible(of, version)
    for field in of.fields:
        if not _within(field.versions, version):
            continue
        value = values.get(field.name, _default(field, version))
        if field.tag is None:
            out += _encode_field(field, value, version, flexible)
        elif value != _default(field, version):
            data = _encode_field(field, value, version, flexible)
            tagged.append((field.tag, uvarint(field.tag) + uvarint(len(data)) + data))
    if flexible:
        out += uvarint(len(tagged)) + b"".join(data for _, data in sorted(tagged))
    return out


# --- reading ---


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        if n < 0 or self.at + n > len(self.data):
            raise WireError(f"{n} bytes wanted at {self.at} of {len(self.data)}")
        self.at += n
        return self.data[self.at - n : self.at]

    def number(self, code):
        return struct.unpack(">" + code, self.take(struct.calcsize(">" + code)))[0]

    def uvarint(self):
        n = shift = 0
        while True:
            byte = self.take(1)[0]
            n |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return n

    def length(self, flexible, kind):
        n = self.uvarint() - 1 if flexible else self.number("h" if kind == "string" else "i")
        return None if n < 0 else n


def _decode_one(field, r, version, flexible):
    if field.struct is not None:
        return decode(field.struct, version, r)
    if field.type in NUMBERS:
        return r.number(NUMBERS[field.type])
    if field.type == "uuid":
        return r.take(16).hex()
    n = r.length(flexible and "inflexible" not in field.flags, field.type)
    raw = None if n is None else r.take(n)
    if field.type == "string" and raw is not None:
        try:
            return raw.decode()
        except UnicodeDecodeError:
            return raw
    return raw


def _decode_field(field, r, version, flexible):
    if field.array:
        n = r.length(flexible, "array")
        return None if n is None else [_decode_one(field, r, version, flexible) for _ in range(n)]
    if field.struct is not None and _within(field.nulls, version) and r.number("b") < 0:
        return None
    return _decode_one(field, r, version, flexible)


def decode(of, version, r):
    out, flexible = {}, _is_flexible(of, version)
    for field in of.fields:
        if _within(field.versions, version):
            out[field.name] = _default(field, version) if field.tag is not None else _decode_field(field, r, version, flexible)
    if flexible:
        by_tag = {f.tag: f for f in of.fields if f.tag is not None and _within(f.versions, version)}
        for _ in range(r.uvarint()):
            tag, size = r.uvarint(), r.uvarint()
            data = Reader(r.take(size))
            if tag in by_tag:
                out[by_tag[tag].name] = _decode_field(by_tag[tag], data, version, flexible)
    return out


# --- frames ---


def request_frame(name, version, body, correlation_id=1, client_id="test"):
    api = APIS[name]
    client = client_id.encode() if client_id is not None else None
    header = struct.pack(">hhi", api.key, version, correlation_id) + _length(None if client is None else len(client), False, "string") + (client or b"")
    if _is_flexible(api, version):
        header += b"\0"
    return header + encode(api.request.top, version, body)


def read_request(frame):
    """(api, version, correlation id, client id, body)"""
    r = Reader(frame)
    api, version, correlation_id = API_BY_KEY[r.number("h")], r.number("h"), r.number("i")
    n = r.length(False, "string")
    client_id = None if n is None else r.take(n).decode()
    if _is_flexible(api, version):
        for _ in range(r.uvarint()):
            r.uvarint()
            r.take(r.uvarint())
    return api, version, correlation_id, client_id, decode(api.request.top, version, r)


def read_response(name, version, frame):
    """(correlation id, body). Everything must be used up."""
    api, r = APIS[name], Reader(frame)
    correlation_id = r.number("i")
    if _is_flexible(api, version) and name != "ApiVersions":
        for _ in range(r.uvarint()):
            r.uvarint()
            r.take(r.uvarint())
    body = decode(api.response.top, version, r)
    if r.at != len(frame):
        raise WireError(f"{len(frame) - r.at} bytes behind the response")
    return correlation_id, body


class Closed(Exception):
    """The other side closed the connection."""


class Connection:
    def __init__(self, host, port, limit_s=LIMIT_S):
        self.socket = socket.create_connection((host, port), limit_s)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.correlation_id = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send_frame(self, frame):
        self.socket.sendall(struct.pack(">i", len(frame)) + frame)

    def _receive(self, n):
        out = bytearray()
        while len(out) < n:
            try:
                more = self.socket.recv(n - len(out))
            except ConnectionResetError:
                more = b""
            if not more:
                raise Closed
            out += more
        return bytes(out)

    def receive_frame(self):
        return self._receive(struct.unpack(">i", self._receive(4))[0])

    def send(self, name, version, body, client_id="test"):
        self.correlation_id += 1
        self.send_frame(request_frame(name, version, body, self.correlation_id, client_id))
        return self.correlation_id

    def receive(self, name, version):
        return read_response(name, version, self.receive_frame())

    def call(self, name, version, body, client_id="test"):
        sent = self.send(name, version, body, client_id)
        correlation_id, answer = self.receive(name, version)
        assert correlation_id == sent, (correlation_id, sent)
        return answer
