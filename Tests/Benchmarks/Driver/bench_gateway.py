# SPDX-License-Identifier: Apache-2.0
"""What one tenant waits at the gateway: alone, and beside another tenant that floods it.

What `make bench-gateway` runs; by itself:  bench_gateway.py --binaries .build/release

Alone and flooded are measured in the same run, one after the other, and all limits are as they are by default: the flood
comes from so many addresses of the loopback network that none stops it. Flood and gateway share the machine's cores.
"""

import json
import multiprocessing
import os
import selectors
import signal
import socket
import time

from fleet_scale import FOLDER, FleetStack
from measure import bench
from stack import ROOT, StackError, wait_until

SETTINGS = {
    "monitor.pollInterval": "1s", "billing.rateCard": str(ROOT / "compose" / "rate-card.yaml"),
}
ROUNDS = 150
LIST = {"jsonrpc": "2.0", "id": 1, "method": "vm.list"}
BILL = {"jsonrpc": "2.0", "id": 1, "method": "bill.show"}
SET_RATES = {"jsonrpc": "2.0", "id": 1, "method": "rate.set", "params": {"card": {}}}
DISCOVER = {"jsonrpc": "2.0", "id": 1, "method": "rpc.discover"}


def line(request):
    return json.dumps(request).encode() + b"\n"


def login(token):
    return line({"jsonrpc": "2.0", "id": 0, "method": "session.login", "params": {"token": token}})


class Client:
    """One connection that asks and waits."""

    def __init__(self, port, token):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.lines = self.socket.makefile("rb")
        self.lines.readline()
        self.ask(login(token))

    def ask(self, request):
        self.socket.sendall(request)
        answer = json.loads(self.lines.readline())
        if "error" in answer:
            raise StackError(f"the tenant that is measured was refused: {answer['error']}")
        return answer["result"]

    def latencies(self, request):
        """Milliseconds, sorted; the pace is below what a principal may ask a second."""
        found = []
        for _ in range(ROUNDS):
            start = time.monotonic()
            self.ask(request)
            found.append(1000 * (time.monotonic() - start))
            time.sleep(max(0.0, 0.04 - (time.monotonic() - start)))
        return sorted(found)


def flood(port, tokens, request, connections, counters):
    """Connections each of which asks again as soon as it is answered; in a process of its own."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    selector = selectors.DefaultSelector()
    opened_so_far = [0]

    def open_one():
        # One address may log in ten times at once.
        place = (f"127.1.0.{1 + opened_so_far[0] // 10 % 250}", 0)
        opened_so_far[0] += 1
        opened = socket.create_connection(("127.0.0.1", port), timeout=60, source_address=place)
        opened.setblocking(False)
        # The greeting comes first; who has no token asks at once.
        first = login(tokens[opened_so_far[0] % len(tokens)]) if tokens else request
        selector.register(opened, selectors.EVENT_READ, {"rest": b"", "next": first})

    for _ in range(connections):
        open_one()
    while True:
        for key, _ in selector.select(1):
            try:
                data = key.fileobj.recv(1 << 16)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            if not data:
                selector.unregister(key.fileobj)
                key.fileobj.close()
                counters[2] += 1
                try:
                    open_one()
                except OSError:
                    time.sleep(0.05)
                continue
            state = key.data
            *answers, state["rest"] = (state["rest"] + data).split(b"\n")
            for answer in answers:
                counters[1 if b'"BUSY"' in answer[:4096] else 0] += 1
                try:
                    key.fileobj.sendall(state["next"])
                except OSError:
                    pass
                state["next"] = request


class Flood:
    def __init__(self, port, tokens, request, connections):
        self.counters = multiprocessing.Array("q", 3)
        self.process = multiprocessing.Process(
            target=flood, args=(port, tokens, request, connections, self.counters), daemon=True)
        self.connections = connections

    def __enter__(self):
        self.process.start()
        wait_until("the flood's start", lambda: sum(self.counters[:]) > 2 * self.connections, 120)
        self.began, self.before = time.monotonic(), self.counters[:]
        return self

    def rates(self):
        """Answers and refusals a second since the start."""
        passed = time.monotonic() - self.began
        return [(now - then) / passed for now, then in zip(self.counters[:], self.before)]

    def __exit__(self, *_):
        self.process.terminate()
        self.process.join(10)


def share(latencies, part):
    return latencies[min(len(latencies) - 1, int(part * len(latencies)))]


def furnish(stack, administrator):
    """Two tenants with half of the fleet's VMs each; entered directly, for creating them is not measured."""
    for tenant in ("loud", "quiet"):
        stack.client(administrator, "tenant", "create", tenant)
    stack.admin_sql(
        "UPDATE inventory.domain SET managed = true, tenant = CASE WHEN name ~ '[02468]$' THEN 'loud' ELSE 'quiet' END",
        "ebb")
    def token(name, tenant):
        return stack.client(administrator, "token", "create", name, "--role", "owner", "--tenant", tenant)["token"]
    # Each of a tenant's people has a quarter of all connections at most.
    return [token(f"loud-{number}", "loud") for number in range(3)], token("quiet-1", "quiet")


def run(figures, _):
    stack = FleetStack(FOLDER / "gateway", figures.binaries, SETTINGS)
    try:
        stack.start(2, 20, cores=64, memory_size="256GiB")
        stack.start_services()
        stack.wait_for(2, 40)
        loud, quiet = furnish(stack, stack.admin_token())
        time.sleep(5)
        client = Client(stack.gateway_port, quiet)
        client.latencies(line(LIST))
        alone = client.latencies(line(LIST))
        figures.add("alone: vm.list, p50", [share(alone, 0.5)], "ms")
        figures.add("alone: vm.list, p99", [share(alone, 0.99)], "ms")
        floods = [
            ("500 connections ask vm.list", loud, LIST, 500), ("50 connections ask bill.show", loud, BILL, 50),
            ("20 connections ask for what they may not", loud, SET_RATES, 20),
            ("100 strangers ask rpc.discover", None, DISCOVER, 100),
        ]
        for label, tokens, request, connections in floods:
            with Flood(stack.gateway_port, tokens, line(request), connections) as other:
                time.sleep(2)
                flooded = client.latencies(line(LIST))
                answers, refusals, closed = other.rates()
            stack.check_alive()
            figures.add(f"{label}: vm.list of another, p50", [share(flooded, 0.5)], "ms", [share(alone, 0.5)])
            figures.add(
                f"{label}: vm.list of another, p99", [share(flooded, 0.99)], "ms", [share(alone, 0.99)],
                ratio_at_most=2)
            figures.note(
                f"{label}: {answers:.0f} answers, {refusals:.0f} BUSY and {closed:.0f} closed connections a second")
            time.sleep(12)  # What the flood has used up is made up for.
    finally:
        stack.down()


if __name__ == "__main__":
    bench("gateway", __doc__, run)
