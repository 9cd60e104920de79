#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The demo's scenario on the containers of compose.yaml, which run already: through the gateway's published port, while
Monitor is scaled to two instances and back. Actions and bill are checked as in demo.py. compose/test.sh runs it."""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

from scenario import HOSTS, Scenario, figures
from stack import ROOT, Stack, StackError, listening, wait_until
from verify import Mismatch

PROJECT_FILE = ROOT / "compose" / "compose.yaml"


class ComposeStack(Stack):
    """The containers as the scenario sees them."""

    def __init__(self, binaries, project, port):
        super().__init__(ROOT / ".build" / "compose", binaries)
        self.project, self.gateway_port = project, port
        self.token = None

    def compose(self, *arguments, text=None):
        done = subprocess.run(
            ["docker-compose", "-p", self.project, "-f", str(PROJECT_FILE), *arguments], input=text,
            capture_output=True, text=True)
        if done.returncode != 0:
            raise StackError(f"docker-compose {' '.join(arguments[:4])}: {(done.stderr or done.stdout).strip()}")
        return done.stdout

    def admin_token(self):
        """From the volume that the migration job wrote it to."""
        if self.token is None:
            self.token = self.compose(
                "run", "--rm", "--no-deps", "-T", "migrate", "cat", "/run/token/admin.token").strip()
        return self.token

    def migrated(self):
        container = self.compose("ps", "-aq", "migrate").strip()
        state = subprocess.run(
            ["docker", "inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", container], capture_output=True,
            text=True, check=True).stdout
        return state.strip() == "exited 0"

    def fleet(self, *arguments):
        return self.compose("exec", "-T", "fleet", "ebb-fleet", *arguments)

    def fleet_uri(self, host):
        return f"fleet://fleet:7400/{host}"

    def play(self, domain, trace):
        inside = f"/var/lib/ebb-fleet/{Path(trace).name}"
        self.compose("exec", "-T", "fleet", "sh", "-c", f"cat >{inside}", text=Path(trace).read_text())
        self.fleet("play", "--domain", domain, "--trace", inside)

    def truth(self, domain):
        return json.loads(self.fleet("truth", "--domain", domain))

    def scale(self, service, count):
        self.compose("up", "-d", "--no-recreate", "--no-deps", "--scale", f"{service}={count}", service)

    def check_alive(self):
        """Nothing ended or was restarted behind our back."""
        for container in self.compose("ps", "-q").split():
            name, status, code, restarts = subprocess.run(
                ["docker", "inspect", "-f", "{{.Name}} {{.State.Status}} {{.State.ExitCode}} {{.RestartCount}}", container],
                capture_output=True, text=True, check=True).stdout.split()
            if "migrate" not in name and (status != "running" or restarts != "0"):
                raise StackError(f"the container {name} is {status} (exit code {code}, {restarts} restarts)")


class Scaling:
    """Monitor to two, and back to one once both are at work, while the traces go on."""

    def __init__(self, stack, scenario, step):
        self.stack, self.scenario, self.step = stack, scenario, step
        self.stages = [(5, self.grow), (10, self.both_work), (20, self.shrink)]

    def __call__(self, t):
        if self.stages and t >= self.stages[0][0] and self.stages[0][1](t):
            self.stages.pop(0)

    def grow(self, t):
        self.stack.scale("monitor", 2)
        self.step(f"at t = {t}: a second Monitor started")
        return True

    def both_work(self, t):
        shares = self.shares(2)
        if shares:
            self.step(f"at t = {t}: two Monitors are alive and own {shares[0]} and {shares[1]} hosts")
        return bool(shares)

    def shrink(self, t):
        self.stack.scale("monitor", 1)
        self.step(f"at t = {t}: back to one Monitor")
        return True

    def shares(self, count):
        """Hosts of each Monitor; `None` until there are that many and every host has its owner."""
        items = self.scenario.admin("service", "list")["items"]
        shares = [item["shards"] for item in items if item["service"] == "monitor"]
        return shares if len(shares) == count and sum(shares) == len(HOSTS) else None


def run(options):
    stack = ComposeStack(options.binaries, options.project, options.port)
    started = time.monotonic()

    def step(text):
        print(f"[{time.monotonic() - started:5.1f} s] {text}", flush=True)

    scenario = Scenario(stack, figures(), lambda text: print(text, flush=True))
    step("the migration job")
    wait_until("the migration", stack.migrated, 120)
    wait_until("the gateway's start", lambda: listening(stack.gateway_port), 60)
    wait_until("all five services' start", lambda: len(
        {item["service"] for item in scenario.admin("service", "list")["items"]}) == 5, 60)
    step("a tenant, its VMs and its policies, through the gateway's port")
    scenario.prepare()
    step("the loads of " + " and ".join(f.title.split(":")[0] for f in scenario.figures))
    scaling = Scaling(stack, scenario, step)
    scenario.play(during=scaling)
    if scaling.stages:
        raise StackError("the traces ended before Monitor was scaled to two and back")
    wait_until("the one Monitor's owning all hosts", lambda: scaling.shares(1), 60)
    stack.check_alive()
    step("checking against the reference and the true timeline")
    scenario.collect(exact=False)
    for figure in scenario.figures:
        told = ", ".join(f"t = {t}: {direction} to {size} vCPUs" for t, direction, size in figure.actions)
        print(f"{figure.title.split(':')[0]}: {told or 'no action'}, as the reference says")
    for vm, lines, unproved in scenario.bill_report:
        print(
            f"Bill of {vm}: {lines} lines, each exactly what the true timeline gives"
            f" (the last {unproved / 1e9:.2f} s are not proved yet and not billed)")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binaries", required=True, help="where the client ebb is")
    parser.add_argument("--project", required=True)
    parser.add_argument("--port", required=True, type=int)
    options = parser.parse_args()
    try:
        run(options)
    except KeyboardInterrupt:
        sys.exit(130)
    except (StackError, Mismatch) as error:
        print(f"compose: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
