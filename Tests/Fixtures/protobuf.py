# SPDX-License-Identifier: Apache-2.0
"""Reads and writes Protocol Buffers by the .proto files of Shared/Messages alone: a second reading of the wire, which
shares no code with the generated one."""

import re
import struct
from pathlib import Path

PROTO = Path(__file__).resolve().parent.parent.parent / "Shared" / "Messages" / "Proto"
FIELD = re.compile(r"^(?:(optional|repeated)\s+)?(\w+)\s+(\w+)\s*=\s*(\d+);$")
VARINTS = {"uint32", "uint64", "int32", "int64", "bool"}
FIXED = {"fixed64": "<Q", "sfixed64": "<q"}


class Field:
    """One line of a message."""

    def __init__(self, label, kind, name, number, oneof):
        self.label, self.kind, self.name, self.number, self.oneof = label, kind, name, number, oneof


def messages():
    """Every message by its name: its fields in the order of their numbers."""
    found = {}
    for path in sorted(PROTO.glob("*.proto")):
        name = oneof = None
        for line in path.read_text().splitlines():
            line = line.split("//")[0].strip()
            if line.startswith("message "):
                name = line.split()[1]
                found[name] = []
                if line.endswith("}"):
                    name = None
            elif line.startswith("oneof "):
                oneof = line.split()[1]
            elif line == "}":
                name, oneof = (name, None) if oneof else (None, None)
            elif name and (match := FIELD.match(line)):
                label, kind, field, number = match.groups()
                found[name].append(Field(label, kind, field, int(number), oneof))
            elif name and line:
                raise ValueError(f"{path.name}: '{line}' is not understood")
    return {name: sorted(fields, key=lambda field: field.number) for name, fields in found.items()}


# Writing -------------------------------------------------------------------------------------------------------------

def varint(value):
    out = bytearray()
    value &= (1 << 64) - 1
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def delimited(number, payload):
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def example(field, known, depth):
    """The bytes of one field with a value that no other field of its message has, and that is never the default."""
    number, kind = field.number, field.kind
    if kind in FIXED or kind in VARINTS:
        values = [number * 1_000_003 + index for index in range(2 if field.label == "repeated" else 1)]
        if kind == "sfixed64":
            values = [-value for value in values]
        if kind == "bool":
            values = [1]
        if kind == "uint32":
            values = [value & 0xFFFF_FFFF for value in values]
        plain = [struct.pack(FIXED[kind], v) if kind in FIXED else varint(v) for v in values]
        if field.label == "repeated":
            return delimited(number, b"".join(plain))
        return varint(number << 3 | (1 if kind in FIXED else 0)) + plain[0]
    if kind == "string":
        payloads = [f"{field.name}-{index}" for index in range(2)]
        payloads = [text.encode() for text in payloads]
    elif kind == "bytes":
        payloads = [bytes((number + index) % 256 for index in range(16)), bytes([number % 256, 0, 255])]
    elif depth > 4:
        raise ValueError(f"{kind} holds itself")
    else:
        payloads = [filled(kind, known, depth=depth + 1)[0][1]] * 2
    return b"".join(delimited(number, p) for p in payloads[:2 if field.label == "repeated" else 1])


def filled(name, known=None, depth=0):
    """[(which member of a oneof or None, bytes)]: all fields set, once for each member of its oneof."""
    known = known or messages()
    members = [field.name for field in known[name] if field.oneof] or [None]
    return [
        (member, b"".join(
            example(field, known, depth) for field in known[name] if not field.oneof or field.name == member))
        for member in members]


# Reading -------------------------------------------------------------------------------------------------------------

def read_varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not data[at - 1] & 0x80:
            return value, at


def raw_fields(data):
    """[(number, wire type, value)]"""
    at, found = 0, []
    while at < len(data):
        tag, at = read_varint(data, at)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            value, at = read_varint(data, at)
        elif wire == 1:
            value, at = data[at:at + 8], at + 8
        elif wire == 2:
            length, at = read_varint(data, at)
            value, at = data[at:at + length], at + length
        else:
            raise ValueError(f"wire type {wire} is not used here")
        found.append((number, wire, value))
    return found


def read(name, data, known=None):
    """A message as people read it; bytes in hexadecimal."""
    known = known or messages()
    fields = {field.number: field for field in known[name]}
    out = {}
    for number, wire, value in raw_fields(data):
        field = fields[number]
        if field.kind in FIXED:
            chunks = [value[i:i + 8] for i in range(0, len(value), 8)]
            read_values = [struct.unpack(FIXED[field.kind], chunk)[0] for chunk in chunks]
        elif field.kind in VARINTS:
            read_values = [value if value < 1 << 63 else value - (1 << 64)]
        elif field.kind == "string":
            read_values = [value.decode()]
        elif field.kind == "bytes":
            read_values = [value.hex()]
        else:
            read_values = [read(field.kind, value, known)]
        if field.label == "repeated":
            out.setdefault(field.name, []).extend(read_values)
        else:
            out[field.name] = read_values[0]
    return out
