"""Values of every BSON type, deprecated ones too, and a writer of BSON that takes them: what the differential tests of queries are made of."""
import struct

import bson
from bson import Code, Decimal128, Int64, ObjectId, Timestamp


class Raw:
    """A value that Python has no type for: its type byte and payload."""

    def __init__(self, kind, payload, name=""):
        self.kind, self.payload, self.name = kind, payload, name

    def __repr__(self):
        return self.name or f"Raw({self.kind:#x}, {self.payload!r})"


class Date:
    """A date by its milliseconds: all 64 bits of them."""

    def __init__(self, ms):
        self.ms = ms

    def __repr__(self):
        return f"Date({self.ms})"


def text(value):
    data = value.encode() + b"\0"
    return struct.pack("<i", len(data)) + data


UNDEFINED = Raw(0x06, b"", "undefined")
MIN_KEY = Raw(0xFF, b"", "MinKey")
MAX_KEY = Raw(0x7F, b"", "MaxKey")


def regex(pattern, flags=""):
    return Raw(0x0B, pattern.encode() + b"\0" + flags.encode() + b"\0", f"/{pattern}/{flags}")


def code(source):
    return Raw(0x0D, text(source), f"Code({source!r})")


def symbol(name):
    return Raw(0x0E, text(name), f"Symbol({name!r})")


def code_with_scope(source, scope):
    inner = text(source) + document(scope)
    return Raw(0x0F, struct.pack("<i", len(inner) + 4) + inner, f"Code({source!r}, {scope!r})")


def db_pointer(name, oid):
    return Raw(0x0C, text(name) + oid, f"DBPointer({name!r})")


def binary(data, subtype=0):
    return Raw(0x05, struct.pack("<iB", len(data), subtype) + data, f"Binary({data!r}, {subtype})")


def element(name, value):
    """One field: type, name, payload."""
    if isinstance(value, Raw):
        kind, payload = value.kind, value.payload
    elif value is None:
        kind, payload = 0x0A, b""
    elif isinstance(value, bool):
        kind, payload = 0x08, bytes([value])
    elif isinstance(value, Int64):
        kind, payload = 0x12, struct.pack("<q", value)
    elif isinstance(value, int) and -(2**31) <= value < 2**31:
        kind, payload = 0x10, struct.pack("<i", value)
    elif isinstance(value, float):
        kind, payload = 0x01, struct.pack("<d", value)
    elif isinstance(value, str) and not isinstance(value, Code):
        kind, payload = 0x02, text(value)
    elif isinstance(value, Date):
        kind, payload = 0x09, struct.pack("<q", value.ms)
    elif isinstance(value, Timestamp):
        kind, payload = 0x11, struct.pack("<II", value.inc, value.time)
    elif isinstance(value, ObjectId):
        kind, payload = 0x07, value.binary
    elif isinstance(value, Decimal128):
        kind, payload = 0x13, value.bid
    elif isinstance(value, dict):
        kind, payload = 0x03, document(value)
    elif isinstance(value, list):
        kind, payload = 0x04, document({str(i): v for i, v in enumerate(value)})
    else:
        return bson.encode({name: value})[4:-1]  # types of bson's own
    return bytes([kind]) + name.encode() + b"\0" + payload


def document(fields):
    """The BSON of a dict, or of a list of pairs (names may come twice)."""
    pairs = fields.items() if isinstance(fields, dict) else fields
    body = b"".join(element(name, value) for name, value in pairs)
    return struct.pack("<i", len(body) + 5) + body + b"\0"


LARGE = 2**63 - 1
NUMBERS = {
    "int": [0, 1, -1, 2, 3, 5, 7, -5, 10, 16, 100, 2147483647, -2147483648],
    "long": [Int64(v) for v in (0, 1, -1, 2, 5, -7, 2**31, 2**40 + 1, 2**53 + 1, LARGE, -LARGE - 1, -LARGE)],
    "double": [0.0, -0.0, 1.0, -1.0, 1.5, -2.5, 2.0, 3.0, 0.1, 0.5, 1e10, 123456.789, 1e20, -1e300, 2.0**31, 2.0**53, 2.0**63,
               -(2.0**63), float("nan"), float("inf"), -float("inf"), 5e-324, 1e-7],
    "decimal": [Decimal128(v) for v in ("0", "0E+3", "-0", "1", "2", "10", "1.50", "-2.5", "0.1", "1E+10", "1E-6176", "3", "100",
                "9.999999999999999999999999999999999E+6144", "NaN", "Infinity", "-Infinity", "123456789.123456789",
                "9223372036854775807", "9223372036854775808", "0.5", "-0.25", "1E+40", "1234567890123456789012345678901234")],
}
VALUES = {
    **NUMBERS,
    "string": ["", "a", "abc", "A", "1", "1.5", "a.b", "b", "2020-01-01T00:00:00Z", "é日本😀", " x ", "a\0b", "UTC", "day"],
    "object": [{}, {"a": 1}, {"a": 1.0}, {"a": {"b": 2}}, {"a": None, "b": [1]}, {"b": 1, "a": 2}, {"k": "x", "v": 1},
               {"k": "x"}, {"k": 1, "v": 2}, {"a": UNDEFINED}, {"x": {"y": [1, {"z": 5}]}}],
    "array": [[], [1], [1, 2, 3], [3, 1, 2], [1.0, 2, Int64(3)], ["a", "b"], ["b", "a", "a"], [None, 1], [UNDEFINED], [[1, 2], [3]],
              [{"k": "a", "v": 1}, {"k": "b", "v": 2}], [["a", 1], ["b", 2]], [{"a": 1, "b": 3}, {"a": 2}, {"a": 1, "b": 1}, 5],
              [True, False], [0, 1.0, 1, Decimal128("1.0")], [[]], [1, "x", {"a": 1}, [1], Date(0)], [{"k": "a", "v": 1}, ["b", 2]],
              [{"k": "a", "v": 1, "z": 2}], [["a"]], [[1, 2]], [0.1] * 9, [5, 5, 5], [Decimal128("1.5"), 2, 0.1],
              [LARGE // 2**33, Int64(LARGE), Int64(LARGE)], [{"a": [1, 2]}, {"a": [{"b": 1}]}], [["a", 1], ["a", 2]], [1e300, 1e300, -1e300]],
    "binary": [binary(b""), binary(b"abc"), binary(b"\0" * 16, 4), binary(struct.pack("<i", 3) + b"abc", 2), binary(b"x", 128)],
    "undefined": [UNDEFINED],
    "objectId": [ObjectId("5f0000000000000000000001"), ObjectId("ffffffffffffffffffffffff")],
    "bool": [True, False],
    "date": [Date(0), Date(1577934245006), Date(-1), Date(LARGE), Date(-LARGE - 1), Date(253402300799999), Date(-62135596800000), Date(951782400000)],
    "null": [None],
    "regex": [regex("a"), regex("^x", "i"), regex("")],
    "dbPointer": [db_pointer("a.b", b"\1" * 12)],
    "javascript": [code("x"), code("")],
    "symbol": [symbol("a"), symbol("")],
    "codeWithScope": [code_with_scope("x", {"a": 1})],
    "timestamp": [Timestamp(0, 1), Timestamp(1, 2), Timestamp(4294967295, 4294967295)],
    "minKey": [MIN_KEY],
    "maxKey": [MAX_KEY],
}


def every_value():
    """(name of a field, value) for a document that has them all: i0, i1, ..."""
    for kind, values in VALUES.items():
        for i, value in enumerate(values):
            yield f"{kind}{i}", value
