#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The paper's experiment on this machine: a private stack, the paper's test bed, its two figures, the bill, and a check of
everything against an independent reference. Ends by itself and leaves nothing running.

  demo/demo.py --binaries .build/debug                       what `make demo` runs
  demo/demo.py --binaries .build/debug --trace mine.csv      any other trace (lines t,load; load in percent of 2 vCPUs)
  demo/demo.py --binaries .build/debug --kill 42             kill every service once at a random moment (seed 42)
  demo/demo.py --binaries .build/debug --second              start a second instance of every service while it runs
"""

import argparse
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from scenario import Scenario, figures
from stack import ROOT, SERVICES, Stack, StackError, clean_environment, end_remembered, wait_until
from verify import Mismatch

# Each poll stands for one sampling interval of the trace, so the run is short; windows count samples, not seconds.
SETTINGS = {
    "monitor.pollInterval": "100ms", "monitor.readingInterval": "1s", "scheduler.samplingInterval": "100ms",
    "scheduler.windowLength": "10", "scheduler.cooldownUp": "0s", "scheduler.cooldownDown": "0s",
    # The paper's own loop: samples that are not known hold nothing, and no host is relieved.
    "scheduler.unknownBound": "1000000", "scheduler.minimumImprovement": "1000000",
    "scheduler.retryAfterNoRoom": "1s", "membership.heartbeatInterval": "200ms", "membership.timeToLive": "1500ms",
    "bus.heartbeatInterval": "200ms", "logger.batchAge": "100ms", "log.level": "info",
    "billing.rateCard": str(ROOT / "compose" / "rate-card.yaml"),
}


class LocalStack(Stack):
    """The stack as the scenario sees it."""

    def fleet_uri(self, host):
        return f"fleet://127.0.0.1:{self.fleet_port}/{host}"

    def play(self, domain, trace):
        self.fleet("play", "--domain", domain, "--trace", str(trace))

    def truth(self, domain):
        import json
        return json.loads(self.fleet("truth", "--domain", domain))


class Killer:
    """Kills each service once, or starts a second instance of each, at seeded moments of the run."""

    def __init__(self, stack, seed, second, length):
        self.stack, self.second = stack, second
        generator = random.Random(seed)
        order = list(SERVICES)
        generator.shuffle(order)
        self.due = sorted((generator.randrange(1, max(2, length)), service) for service in order)
        self.done = []

    def __call__(self, t):
        # On a busy machine one look may pass several of their moments.
        while self.due and t >= self.due[0][0]:
            self.strike(*self.due.pop(0))

    def strike(self, at, service):
        if self.second:
            if service == "usergateway":
                return  # Any number, but behind one address each; the client knows one.
            self.stack.start_service(service, f"{service}-2")
        else:
            self.stack.kill(service)
            time.sleep(0.3)
            self.stack.start_service(service)
            if service == "usergateway":
                from stack import listening
                wait_until("the gateway's return", lambda: listening(self.stack.gateway_port), 30)
        self.done.append((at, service))


def show(stack, scenario, folder):
    for path in scenario.write_figures(folder):
        svg = path.with_suffix(".svg")
        print()
        subprocess.run(
            [str(stack.binaries / "ebb"), "plot", "--figure", str(path), "--svg", str(svg)], check=True,
            env=clean_environment())
    print("\nWhat was decided, and why")
    for figure in scenario.figures:
        for decision in scenario.decisions[figure.vm]:
            if decision["verdict"] == "nothing":
                continue
            print(f"\n  {figure.vm}: {decision['verdict']}, {decision.get('outcome') or 'recorded only'}")
            for line in explained(scenario.tenant, decision):
                print(f"    {line}")
    print("\nThe bill, term by term: C = sum of C_i * X_ij * f(U1, U2, P)\n")
    for line in scenario.bill["text"].splitlines():
        print(f"  {line}")


def explained(ask, decision):
    """`decision why` at the decision's own instant, as whoever asks may read it."""
    why = ask("decision", "why", decision["vm"], "--at", decision["at"])
    _, _, last = why["text"].partition("The last decision:\n")
    return (last or why["text"]).splitlines()


def run(options):
    stack = LocalStack(options.directory, options.binaries, SETTINGS)
    started = time.monotonic()

    def say(text):
        print(text, flush=True)

    def step(text):
        say(f"[{time.monotonic() - started:5.1f} s] {text}")

    scenario = Scenario(stack, figures(options.trace), say)
    stack.directory.mkdir(parents=True, exist_ok=True)
    try:
        step("a private PostgreSQL")
        stack.start_postgres()
        stack.migrate()
        step("the simulated fleet: 2 hosts with 4 cores and 2 GiB")
        stack.start_fleet()
        step("five services")
        stack.start_services()
        step("a tenant, its VMs and its policies, through the gateway")
        scenario.prepare()
        step("the loads of " + " and ".join(f.title.split(":")[0] for f in scenario.figures))
        killer = None
        if options.kill is not None or options.second:
            killer = Killer(stack, options.kill or 0, options.second, len(scenario.figures[0].trace))
        scenario.play(during=killer)
        if killer:
            for at, service in killer.done:
                say(f"  at t = {at}: {'a second ' + service if options.second else service + ' killed and restarted'}")
        stack.check_alive()
        step("checking against the reference and the true timeline")
        scenario.collect(exact=killer is None)
        show(stack, scenario, stack.directory)
        say("")
        for figure in scenario.figures:
            told = ", ".join(f"t = {t}: {direction} to {size} vCPUs" for t, direction, size in figure.actions)
            say(f"{figure.title.split(':')[0]}: {told or 'no action'}, as the reference says")
        for vm, lines, unproved in scenario.bill_report:
            say(f"Bill of {vm}: {lines} lines, each exactly what the true timeline gives"
                f" (the last {unproved / 1e9:.2f} s are not proved yet and not billed)")
        say(f"\nFigures, logs and everything else: {stack.directory}")
    finally:
        step("stopping")
        stack.down()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binaries", required=True)
    parser.add_argument("--directory", default=str(ROOT / ".build" / "demo"))
    parser.add_argument("--trace")
    parser.add_argument("--kill", type=int, metavar="SEED")
    parser.add_argument("--second", action="store_true")
    options = parser.parse_args()
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, lambda *_: sys.exit(130))
    try:
        end_remembered(options.directory)
        shutil.rmtree(options.directory, ignore_errors=True)
        run(options)
    except KeyboardInterrupt:
        sys.exit(130)
    except (StackError, Mismatch) as error:
        print(f"demo: {error}", file=sys.stderr)
        sys.exit(1)
    except subprocess.CalledProcessError as error:
        print(f"demo: {Path(error.cmd[0]).name} failed: {(error.stderr or 'it says above why').strip()}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
