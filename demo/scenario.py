# SPDX-License-Identifier: Apache-2.0
"""The paper's experiment as a scenario: the test bed, the loads of Figures 5 and 6, and what is to be shown of them.

It speaks to Ebb only as a user does, through the client, and to the simulated fleet as to the world outside. `env` needs
`client(token, …)`, `fleet(…)`, `admin_token()` and `fleet_uri(host)`."""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

from stack import ROOT, StackError, wait_until
from verify import Mismatch, check_actions, check_bill

sys.path.insert(0, str(ROOT / "Tests" / "Reference"))
import m_of_n  # noqa: E402

CLUSTER = "paper"
TENANT = "acme"
# The paper's test bed: two hosts, two VMs each with 2 vCPUs and 512 MB, 20 GB of disk; U1 = 15 %, U2 = 80 %, M/N = 7/10.
HOSTS = ["host-1", "host-2"]
VMS = [("web-1", "host-1"), ("db-1", "host-1"), ("batch-1", "host-2"), ("mail-1", "host-2")]
POLICY = ["--lower", "15%", "--upper", "80%", "--ratio", "7/10", "--min-vcpus", "1", "--max-vcpus", "4"]


class Figure:
    """One VM, one trace, one picture."""

    def __init__(self, name, title, vm, trace_file):
        self.name, self.title, self.vm = name, title, vm
        self.trace_file = Path(trace_file)
        self.trace = [(t, load) for t, load in m_of_n.read(self.trace_file) if load is not None]
        if not self.trace or [t for t, _ in self.trace] != list(range(1, len(self.trace) + 1)):
            raise StackError(f"{trace_file} is no trace: it needs lines 't,load' with t from 1 and every load in percent")
        self.actions = []
        self.truth = None

    def padded(self, count):
        """The trace as a file, with its last value held for `count` more samples: what follows from it is seen too."""
        values = self.trace + [(len(self.trace) + 1 + i, self.trace[-1][1]) for i in range(count)]
        return "t,load\n" + "".join(f"{t},{load // 10_000}.{load % 10_000:04}\n" for t, load in values)


def figures(trace=None):
    reference = ROOT / "Tests" / "Reference"
    if trace:
        return [Figure("trace", f"Trace {Path(trace).name}", "web-1", trace)]
    return [
        Figure("figure5", "Figure 5: load rises, the VM grows in place", "web-1", reference / "figure5.csv"),
        Figure("figure6", "Figure 6: load falls, a vCPU is taken back", "batch-1", reference / "figure6.csv"),
    ]


class Scenario:
    def __init__(self, env, chosen, say=print):
        self.env, self.figures, self.say = env, chosen, say
        self.ids, self.token = {}, None

    def admin(self, *arguments):
        return self.env.client(self.env.admin_token(), *arguments)

    def tenant(self, *arguments):
        return self.env.client(self.token, *arguments)

    # Setting up ----------------------------------------------------------------------------------------------------

    def prepare(self):
        for host in HOSTS:
            self.admin("host", "add", self.env.fleet_uri(host), "--name", host, "--cluster", CLUSTER)
            self.admin("host", "enable", host)
        wait_until("every host's first reading", lambda: all(
            host["state"] == "up" and host["cpuUtilizationPpm"] is not None
            for host in self.admin("host", "list")["items"]), 60)
        self.admin("tenant", "create", TENANT)
        self.token = self.admin(
            "token", "create", "ada", "--role", "owner", "--tenant", TENANT)["token"]
        for vm, host in VMS:
            made = self.admin(
                "vm", "create", vm, "--tenant", TENANT, "--host", host, "--vcpus", "2", "--max-vcpus", "4", "--memory",
                "512MiB", "--disk", "20GiB")
            self.ids[vm] = made["id"]
        self.say(f"  4 VMs on {len(HOSTS)} hosts, as the tenant sees them:")
        for vm in self.tenant("vm", "list")["items"]:
            self.say(f"    {vm['name']:<8} {vm['state']:<8} {vm['vcpus']} vCPUs of {vm['maxVcpus']} on {vm['host']}")
        for figure in self.figures:
            policy = self.tenant("policy", "set", figure.vm, *POLICY)
            self.say(
                f"  {figure.vm}: U1 = 15 %, U2 = 80 %, {policy['breachesNeeded']} of {policy['windowLength']}"
                f" (version {policy['version']})")

    # Running -------------------------------------------------------------------------------------------------------

    def play(self, during=None, settle=12, seconds=180):
        """Plays all traces at once, by samples served, until `settle` samples after each one's end and until nothing is
        under way. `during(t)` is called as they advance."""
        for figure in self.figures:
            with tempfile.NamedTemporaryFile("w", suffix=".csv") as padded:
                padded.write(figure.padded(settle))
                padded.flush()
                os.chmod(padded.name, 0o644)
                self.env.play(self.ids[figure.vm], padded.name)
        deadline = time.monotonic() + seconds
        shown = -1
        while True:
            served = {figure.vm: self.served(figure.vm) for figure in self.figures}
            slowest = min(len(samples) for samples in served.values())
            if during:
                during(slowest)
            if slowest // 5 != shown // 5 or sys.stdout.isatty():
                shown = slowest
                self.progress(served)
            if all(len(served[f.vm]) >= len(f.trace) + settle for f in self.figures):
                break
            if time.monotonic() > deadline:
                raise StackError(f"the traces did not end within {seconds} s: only {slowest} samples were served")
            time.sleep(0.2)
        if sys.stdout.isatty():
            print()
        self.quiesce()

    def progress(self, served):
        parts = []
        for figure in self.figures:
            samples = served[figure.vm]
            if samples:
                last = samples[-1]
                bar = "#" * (last["utilization_ppm"] // 100_000)
                parts.append(
                    f"{figure.vm} t = {min(last['t'], len(figure.trace)):>3}/{len(figure.trace)}"
                    f" {last['utilization_ppm'] // 10_000:>3} % of {last['vcpus']} vCPUs |{bar:<10}|")
        text = "  " + "   ".join(parts)
        if sys.stdout.isatty():
            print("\r\033[K" + text, end="", flush=True)
        elif parts:
            self.say(text)

    def served(self, vm):
        return self.true_domain(vm)["served"]

    def true_domain(self, vm):
        truth = self.env.truth(self.ids[vm])
        return truth["domains"][0]

    def quiesce(self):
        """No decision that acted is without an outcome."""
        wait_until("the end of every action", lambda: all(
            decision.get("outcome") for decision in self.admin("decision", "list", "--limit", "200")["items"]
            if decision["verdict"] in ("grow", "shrink", "migrate")), 60)

    # Looking back --------------------------------------------------------------------------------------------------

    def collect(self, exact=True):
        """Fetches and verifies. Raises `verify.Mismatch`."""
        self.card = self.admin("rate", "show")["card"]
        self.decisions = {}
        self.policies = {vm: self.tenant("policy", "show", vm) for vm, _ in VMS}
        for figure in self.figures:
            figure.truth = self.true_domain(figure.vm)
            listed = self.admin("decision", "list", "--vm", figure.vm, "--tenant", TENANT, "--limit", "200")["items"]
            self.decisions[figure.vm] = [self.admin("decision", "show", decision["id"]) for decision in listed][::-1]
            figure.actions = check_actions(
                figure.vm, figure.trace, figure.truth, self.decisions[figure.vm], self.policies[figure.vm], exact)
        verified = self.admin("decision", "verify", "--all")
        if not verified["checked"] or verified["held"] != verified["checked"]:
            raise Mismatch(f"the decisions do not follow from their records: {verified['text']}")
        self.say(f"  decision verify: {verified['text']}, run again to the same bytes")
        self.bill = self.tenant("bill", "show")
        truths = {vm: self.true_domain(vm) for vm, _ in VMS}
        # The tenant reads pseudonyms; the check needs the hosts' names.
        operators_bill = self.admin(
            "bill", "show", "--tenant", TENANT, "--from", self.bill["from"], "--to", self.bill["to"])
        self.bill_report = check_bill(operators_bill, self.card, truths, self.policies)
        self.sizes = {vm: truths[vm]["segments"][-1]["vcpus"] for vm, _ in VMS}

    def figure_data(self, figure):
        """What Ebb itself logged, by the trace's own t."""
        t_of = {sample["host_at_ns"]: sample["t"] for sample in figure.truth["served"]}
        # The load of the host is the provider's to read.
        items = self.admin("vm", "samples", figure.vm, "--tenant", TENANT, "--limit", "10000")["items"]
        by_t = {t_of[item["atNanoseconds"]]: item for item in items if item["atNanoseconds"] in t_of}
        ts = range(1, len(figure.trace) + 1)
        percent = lambda t, key: (  # noqa: E731
            None if t not in by_t or by_t[t][key] is None else by_t[t][key] / 10_000)
        vcpus = {sample["t"]: sample["vcpus"] for sample in figure.truth["served"]}
        host = next((item["host"] for item in by_t.values()), "")
        return {
            "title": figure.title, "firstSample": 1, "vm": figure.vm, "host": host,
            "vmLoadPercent": [percent(t, "cpuUtilizationPpm") for t in ts],
            "hostLoadPercent": [percent(t, "hostCpuUtilizationPpm") for t in ts],
            "lowerPercent": self.policies[figure.vm]["lowerPpm"] / 10_000,
            "upperPercent": self.policies[figure.vm]["upperPpm"] / 10_000,
            "vcpus": [vcpus.get(t) for t in ts],
            "actions": [
                {"t": t, "label": f"{size} vCPU" + ("s" if size != 1 else "")}
                for t, _, size in figure.actions if t in ts],
        }

    def write_figures(self, folder):
        paths = []
        for figure in self.figures:
            path = Path(folder) / f"{figure.name}.json"
            path.write_text(json.dumps(self.figure_data(figure), indent=1))
            paths.append(path)
        return paths
