#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Starts the demo's stack and leaves it running: PostgreSQL, a simulated fleet, five services, a tenant with four VMs.

  demo/up.py up --binaries .build/debug       what `make up` runs; another port: make up PORT=7421
  demo/up.py down                             what `make down` runs; ends everything, also what a crash left behind
"""

import argparse
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from demo import LocalStack
from scenario import CLUSTER, POLICY, TENANT, VMS, Scenario, figures
from stack import ROOT, StackError, end_remembered, ours, short_directory

# For people: everything can be watched. A window of 12 samples is 12 seconds.
SETTINGS = {
    "monitor.pollInterval": "1s", "monitor.readingInterval": "10s", "scheduler.samplingInterval": "1s",
    "scheduler.windowLength": "12", "scheduler.cooldownUp": "5s", "scheduler.cooldownDown": "15s",
    "scheduler.retryAfterNoRoom": "10s", "membership.heartbeatInterval": "1s", "membership.timeToLive": "5s",
    "log.level": "info", "billing.rateCard": str(ROOT / "compose" / "rate-card.yaml"),
}
# In parts per million of the 2 vCPUs that every VM begins with: web-1 has a rush every three minutes, mail-1 sleeps.
LOADS = {
    "web-1": {"periodic": {"low_ppm": 100_000, "high_ppm": 900_000, "period_ns": 180 * 10**9, "high_share_ppm": 500_000}},
    "mail-1": {"constant": {"ppm": 60_000}},
}


def up(options):
    state = remembered(options.directory)
    if state:
        return already_up(options, state)
    check_binaries(options.binaries)
    check_port(options.port)
    shutil.rmtree(options.directory, ignore_errors=True)
    stack = LocalStack(options.directory, options.binaries, SETTINGS)
    stack.gateway_port = options.port
    stack.directory.mkdir(parents=True)
    try:
        print("Starting PostgreSQL, the simulated fleet and five services …", flush=True)
        stack.start_postgres()
        stack.migrate()
        stack.start_fleet()
        stack.start_services()
        print("Making the tenant acme, its VMs and its policies …", flush=True)
        populate(stack)
        stack.check_alive()
        text = welcome(stack, options.binaries)
        stack.path("welcome.txt").write_text(text)
    except BaseException:
        stack.down()
        stack.path("stack.json").unlink(missing_ok=True)
        raise
    print("\n" + text, end="")
    return 0


def populate(stack):
    """The demo's test bed; besides, every VM has a policy, two have loads, and there are tokens for three roles."""
    scenario = Scenario(stack, figures(), say=lambda _: None)
    scenario.prepare()
    for vm, _ in VMS:
        if vm not in [figure.vm for figure in scenario.figures]:
            scenario.tenant("policy", "set", vm, *POLICY)
    for vm, source in LOADS.items():
        stack.fleet("administer", json.dumps({"load": {"domain": scenario.ids[vm], "source": source}}))
    operator = scenario.admin("token", "create", "olga", "--role", "operator")["token"]
    for name, token in [("acme", scenario.token), ("operator", operator)]:
        path = stack.path(f"{name}.token")
        path.touch(mode=0o600)
        path.write_text(token + "\n")
    stack.path("batch-1.id").write_text(scenario.ids["batch-1"] + "\n")


def welcome(stack, binaries):
    folder, programs = stack.directory, os.path.abspath(binaries)
    endpoint = f"tcp://127.0.0.1:{stack.gateway_port}"
    trace = ROOT / "Tests" / "Reference" / "figure6.csv"
    return f"""\
Ebb is up: the tenant {TENANT} has four VMs on the two simulated hosts of the cluster {CLUSTER}.
The load of web-1 rises and falls every three minutes, so it grows and shrinks while you watch.

Log in once as the tenant and once as the operator (kept in ~/.config/ebb/config.yaml):

  export PATH="{programs}:$PATH"
  ebb login --context operator --endpoint {endpoint} --token-file {folder}/operator.token
  ebb login --context acme     --endpoint {endpoint} --token-file {folder}/acme.token

or keep nothing and set the environment instead:

  export EBB_ENDPOINT={endpoint} EBB_TOKEN_FILE={folder}/acme.token

Look around:

  ebb vm list                          the VMs and their sizes
  ebb vm samples web-1                 its load, second by second
  ebb decision why web-1               what is decided about it now, and why
  ebb bill show                        the bill so far
  ebb help                             everything else
  ebb host list --token-file {folder}/operator.token
                                       what only an operator sees

Give batch-1 the falling load of the paper's Figure 6, one value a second:

  ebb-fleet play --endpoint tcp://127.0.0.1:{stack.fleet_port} \\
    --domain {stack.path("batch-1.id").read_text().strip()} --trace {trace}

Tokens  {folder}/acme.token, operator.token, admin.token
Logs    {folder}/log
Stop    make down   (the next `make up` begins anew)
"""


def already_up(options, state):
    ended = sorted(name for name, pid in state["pids"].items() if not ours(pid))
    welcome_file = options.directory / "welcome.txt"
    if ended or not welcome_file.exists():
        what = f"{', '.join(ended)} ended; the logs are in {options.directory / 'log'}" if ended else "its start was cut off"
        raise StackError(f"Ebb is up only in part ({what}): run make down, then make up")
    print("Ebb is up already.\n")
    print(welcome_file.read_text(), end="")
    return 0


def down(options):
    ended = end_remembered(options.directory)
    shutil.rmtree(short_directory(options.directory), ignore_errors=True)
    if ended:
        print(f"Ebb is down: {ended} processes ended. Its logs stay in {options.directory / 'log'}.")
    else:
        print("Ebb was not up.")
    return 0


def remembered(directory):
    """What is written down of a stack of which at least one process still runs."""
    try:
        state = json.loads((directory / "stack.json").read_text())
    except FileNotFoundError:
        return None
    return state if any(ours(pid) for pid in state["pids"].values()) else None


def check_binaries(folder):
    if not folder:
        raise StackError("say where the executables are: --binaries .build/debug")
    for name in ["ebb", "ebb-fleet", "ebb-migrate", "ebb-monitor"]:
        if not os.access(Path(folder) / name, os.X_OK):
            raise StackError(f"{Path(folder) / name} is missing: make release builds it")


def check_port(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise StackError(
                f"port {port} on 127.0.0.1 can't be used ({error.strerror}): choose another: make up PORT={port + 1}")


@contextmanager
def alone(directory):
    """Two at once would end each other's processes."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    with open(directory.with_suffix(".lock"), "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError("another make up or make down is at work: wait until it is done")
        yield


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["up", "down"])
    parser.add_argument("--binaries")
    parser.add_argument("--directory", type=Path, default=ROOT / ".build" / "up")
    parser.add_argument("--port", type=int, default=7420, help="the gateway's port (default: 7420, as the client's)")
    options = parser.parse_args()
    options.directory = options.directory.resolve()
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, lambda *_: sys.exit(130))
    try:
        with alone(options.directory):
            sys.exit({"up": up, "down": down}[options.what](options))
    except KeyboardInterrupt:
        sys.exit(130)
    except StackError as error:
        print(f"ebb: {error}", file=sys.stderr)
        sys.exit(1)
    except subprocess.CalledProcessError as error:
        print(f"ebb: {Path(error.cmd[0]).name} failed: {(error.stderr or '').strip()}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
