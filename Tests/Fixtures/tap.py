# SPDX-License-Identifier: Apache-2.0
"""Listens on the wire: stands between the services of a private stack, passes every byte on, and keeps one message of
each kind, as it was sent. For each port of 127.0.0.1 it listens on the same port of 127.0.0.2."""

import asyncio
import json
import threading

import protobuf

BEHIND, BEFORE = "127.0.0.1", "127.0.0.2"
# What travels: the body of what is published or asked, and of the answer. Everything else is a JSON document both ways.
BODIES = {
    "metrics.host.v1": ("HostReport", None), "event.domain.v1": ("DomainEvent", None),
    "decision.recorded.v1": ("DecisionRecorded", None), "bus.heartbeat.v1": ("Heartbeat", None),
    "bus.replay.v1": ("ReplayRequest", "ReplayReply"), "bus.ping.v1": (None, None),
    "command.execute.v1": ("ExecuteCommand", "CommandOutcome"), "permit.request.v1": ("PermitRequest", "PermitReply"),
    "policy.set.v1": ("SetPolicy", "SetPolicyReply"), "decision.why.v1": ("WhyRequest", "JSONDocument"),
    "bill.show.v1": ("BillRequest", "JSONDocument"), "usage.show.v1": ("BillRequest", "JSONDocument"),
    "fleet.call.v1": ("FleetCall", "FleetAnswer"),
}
DOCUMENT = ("JSONDocument", "JSONDocument")


class Frames:
    """ZMTP 3 as one side of a connection sends it: a greeting, then frames; several make a message."""

    def __init__(self, deliver):
        self.deliver, self.data, self.is_greeted, self.parts = deliver, b"", False, []

    def take(self, data):
        self.data += data
        if not self.is_greeted:
            if len(self.data) < 64:
                return
            self.data, self.is_greeted = self.data[64:], True
        while len(self.data) >= 2:
            flags = self.data[0]
            header = 9 if flags & 2 else 2
            if len(self.data) < header:
                return
            end = header + int.from_bytes(self.data[1:header], "big")
            if len(self.data) < end:
                return
            frame, self.data = self.data[header:end], self.data[end:]
            if flags & 4:
                continue
            self.parts.append(frame)
            if not flags & 1:
                parts, self.parts = self.parts, []
                self.deliver(parts)


class Tap:
    """The relay and what it has kept: {(type, direction, variant): message}."""

    def __init__(self):
        self.kept, self.known, self.replies = {}, protobuf.messages(), {}
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def listen(self, *ports):
        for port in ports:
            asyncio.run_coroutine_threadsafe(
                asyncio.start_server(lambda r, w, p=port: self.relay(r, w, p), BEFORE, port), self.loop).result(10)

    async def relay(self, reader, writer, port):
        try:
            behind = await asyncio.open_connection(BEHIND, port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(
            self.pump(reader, behind[1], Frames(lambda parts: self.take(parts, "request"))),
            self.pump(behind[0], writer, Frames(lambda parts: self.take(parts, "reply"))))

    async def pump(self, reader, writer, frames):
        try:
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
                frames.take(data)
        except OSError:
            pass
        finally:
            writer.close()

    # What is kept ------------------------------------------------------------------------------------------------

    def take(self, parts, direction):
        if len(parts) != 3:
            return  # A subscription.
        first, envelope, body = parts
        read = protobuf.read("Envelope", envelope, self.known)
        if first:
            direction = "published"
        if read.get("failure"):
            direction, name = "failure", None
        else:
            name = BODIES.get(read["type"], DOCUMENT)[1 if direction == "reply" else 0]
        message = {"topic": first.decode(), "envelope": envelope, "body": body, "reads": None}
        if name:
            message["reads"] = self.unfold(protobuf.read(name, body, self.known))
        variant = self.variant(read, direction, message["reads"])
        key = (read["type"], direction, variant)
        message["score"] = (len(set(paths(message["reads"]))) + len(set(paths(read))), -len(body))
        if key not in self.kept or self.kept[key]["score"] < message["score"]:
            self.kept[key] = message

    def unfold(self, reads):
        """JSON within a message as JSON."""
        return {
            name: json.loads(bytes.fromhex(value)) if name.endswith("json") and value else value
            for name, value in reads.items()}

    def variant(self, envelope, direction, reads):
        """What of one type is worth a file of its own."""
        kind = envelope["type"]
        if direction == "failure":
            return envelope["failure"]["code"]
        if kind == "fleet.call.v1":
            if direction == "reply":
                return self.replies.pop(envelope.get("correlation_id"), "")
            operation = next((f.name for f in self.known["FleetCall"] if f.oneof and f.name in reads), "")
            if operation == "administer":
                operation += "-" + "-".join(reads["administer"]["json"] and json.loads(
                    bytes.fromhex(reads["administer"]["json"])))
            self.replies[envelope["message_id"]] = operation
            return operation
        if kind == "event.domain.v1":
            return reads.get("kind", "")
        if kind == "decision.recorded.v1":
            return reads.get("verdict", "")
        if kind == "command.execute.v1" and direction == "reply":
            return "-".join(filter(None, [reads.get("state"), reads.get("code")]))
        if kind in ("decision.verify.v1", "rate.set.v1") and direction == "request":
            return "-".join(sorted(reads["json"]))
        if kind == "policy.set.v1" and direction == "request":
            return "change" if "change_json" in reads else "clear"
        return ""

    def files(self):
        """Name and content of one file for each message kept."""
        for (kind, direction, variant), message in sorted(self.kept.items()):
            name = ".".join(filter(None, [kind, direction, variant])) + ".json"
            document = {
                "type": kind, "direction": direction, "topic": message["topic"] or None,
                "envelope": message["envelope"].hex(), "body": message["body"].hex(), "reads": message["reads"]}
            yield name, {key: value for key, value in document.items() if value is not None}


def paths(value, at=""):
    """Every path of keys within a document; the items of a list are one."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield f"{at}/{key}"
            yield from paths(inner, f"{at}/{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from paths(inner, at + "[]")
