#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ebb on two real Xen hosts: five services against libvirt's Xen driver, every operation on real PV guests, and the
paper's experiment itself. Each step is checked from outside Ebb: by virsh and xl, and by what the guest says.

  demo/lab_xen.py --binaries .build/release     what `make lab-xen` runs

The hosts are emulated PCs with Xen and a Domain 0 each (Tests/LabXen). Nothing of the system is touched; however this
ends, everything is taken down again. The image of the hosts is kept, so that a second run is faster.
"""

import argparse
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Tests" / "LabXen"))
from demo import explained  # noqa: E402
from lab import Watch  # noqa: E402
from stack import (  # noqa: E402
    ROOT, ProcessEnded, Stack, StackError, end_remembered, postgres_binaries, wait_until)
from xen_lab import GUEST_INITRD, GUEST_KERNEL, GUEST_NETWORK, XenLab, XenLabError, command_line  # noqa: E402

EX_UNAVAILABLE, EX_NOPERM = 69, 77
CLUSTER, TENANT = "xen", "acme"
# One that was there before Ebb, one that Ebb makes; each with the last number of its address.
OLD, NEW = "old-db", "web-1"
NUMBERS = {OLD: 101, NEW: 102}
MIB = 1 << 20
BUSY, IDLE = 95, 2
LOWER_PPM, UPPER_PPM = 300_000, 750_000
POLICY = ["--lower", "30%", "--upper", "75%", "--ratio", "4/6", "--min-vcpus", "1", "--max-vcpus", "2"]
# The cores are those of emulated PCs, busy with the emulation itself: measured use refuses nothing here.
HOST_LIMITS = ["--cpu-overcommit", "4", "--cpu-bound", "1000%", "--reserve-memory", "1280MiB"]
SETTINGS = {
    "monitor.pollInterval": "2s", "monitor.readingInterval": "5s", "scheduler.samplingInterval": "2s",
    "scheduler.windowLength": "6", "scheduler.cooldownUp": "2s", "scheduler.cooldownDown": "4s",
    "scheduler.stealBound": "1000000", "scheduler.retryAfterNoRoom": "5s", "logger.batchAge": "100ms",
    # An emulated Domain 0 on a busy machine takes seconds for what a real one does in milliseconds.
    "monitor.callTimeout": "20s", "monitor.commandTimeout": "240s",
    "log.level": "info", "billing.rateCard": str(ROOT / "compose" / "rate-card.yaml"),
}


def require(condition, what):
    if not condition:
        raise StackError(what)


def information(host, vm):
    """virsh's figures of a domain."""
    return dict((part.strip() for part in line.split(":", 1))
                for line in host.virsh("dominfo", vm).splitlines() if ":" in line)


class XenRun:
    """Ebb as its users see it on one side, the hosts and guests as they are on the other."""

    def __init__(self, stack, lab, report):
        self.stack, self.lab, self.report = stack, lab, report
        self.a, self.b = lab.hosts.values()
        self.ids, self.token, self.decisions = {}, None, []

    def admin(self, *arguments):
        return self.stack.client(self.stack.admin_token(), *arguments)

    def tenant(self, *arguments):
        return self.stack.client(self.token, *arguments)

    def vm(self, name):
        return self.admin("vm", "show", name, "--tenant", TENANT)

    def probe(self, call):
        """For waiting: what cannot be seen at this moment is not so yet."""
        self.stack.check_alive()
        try:
            return call()
        except (StackError, XenLabError, OSError, ValueError):
            return False

    def await_(self, what, call, seconds=90):
        wait_until(what, lambda: self.probe(call) or time.sleep(0.3), seconds)

    # Hosts and what is on them -------------------------------------------------------------------------------------

    def start_old(self):
        self.a.define(OLD, NUMBERS[OLD])
        self.a.virsh("start", OLD, seconds=180)
        self.ids[OLD] = self.a.virsh("domuuid", OLD)
        self.await_(f"the boot of {OLD}", lambda: self.lab.processors(OLD) == 1, 240)

    def add_hosts(self):
        for host in (self.a, self.b):
            self.admin("host", "add", host.uri, "--name", host.name, "--cluster", CLUSTER, *HOST_LIMITS)
        self.await_("both hosts' first figures", lambda: all(
            host["state"] == "up" and host["cpuUtilizationPpm"] is not None
            for host in self.admin("host", "list")["items"]), 120)
        shown = self.admin("host", "show", self.a.name)
        require(shown["driver"] == "Xen", f"the host's driver is {shown['driver']}")
        require(shown["sampling"] == "per-domain", f"the host is sampled {shown['sampling']}")
        self.report.say(
            f"  {self.a.name}: driver {shown['driver']} {shown['hypervisorVersion']}, sampling {shown['sampling']}, "
            f"{shown['cpuCount']} CPUs, {shown['memoryBytes'] // MIB} MiB, in mode {shown['mode']}")

    def check_hosts(self):
        """Every host and both directions between them. The lab's hosts have no storage, in which their clock would show,
        are talked to in plain, and are reached by loopback addresses of this machine: that, and nothing else, is to be
        found missing."""
        items = self.stack.client(self.stack.admin_token(), "host", "check", check=False)["items"]
        missing = [item for item in items if item["result"] != "fine"]
        wrong = [item for item in missing if item["check"] not in ("encryption", "clock", "name resolution") and not any(
            word in item.get("detail", "") for word in ("storage pool", "encrypted"))]
        require(missing and not wrong, f"ebb host check: {wrong or items}")
        self.report.say(f"  {len(items)} checks, {len(missing)} miss what the lab has not: storage, encryption, names")

    def control_domain(self):
        """Domain 0's figures beside what xl itself counts over the same time."""
        def domain0():
            return float(information(self.a, "Domain-0")["CPU time"].removesuffix("s"))

        begun, before = time.monotonic(), domain0()
        shown = []
        while time.monotonic() < begun + 20:
            shown.append(self.admin("host", "show", self.a.name))
            time.sleep(2)
        true = (domain0() - before) / (time.monotonic() - begun) / shown[0]["cpuCount"]
        seen = [host["controlDomainUtilizationPpm"] for host in shown]
        require(None not in seen, f"Ebb shows no figure of Domain 0: {seen}")
        mean = sum(seen) / len(seen) / 1e6
        require(abs(mean - true) < 0.15, f"Ebb shows Domain 0 at {mean:.1%} of the CPUs, virsh counts {true:.1%}")
        domains, whole = shown[-1]["domainsUtilizationPpm"], shown[-1]["cpuUtilizationPpm"]
        require(
            domains is not None and whole is not None and whole >= seen[-1],
            f"the host's {whole} ppm are not the sum of Domain 0's {seen[-1]} and the domains' {domains}")
        self.report.say(
            f"  Domain 0 uses {mean:.1%} of the CPUs on average, says Ebb; virsh counted {true:.1%}; last seen: "
            f"domains {domains / 1e6:.1%}, host {whole / 1e6:.1%}")

    def adopt(self):
        foreign = [vm for vm in self.admin("vm", "list", "--foreign")["items"] if vm["name"] == OLD]
        require(len(foreign) == 1 and not foreign[0]["managed"], f"Ebb lists {OLD} as {foreign}")
        self.admin("tenant", "create", TENANT)
        self.token = self.admin("token", "create", "ada", "--role", "owner", "--tenant", TENANT)["token"]
        for host in (self.a, self.b):
            self.admin("host", "enable", host.name)
        before = information(self.a, OLD)["Id"]
        self.order("vm", "adopt", OLD, "--tenant", TENANT, by=self.admin)
        self.await_(f"{OLD} as one of {TENANT}'s", lambda: self.tenant("vm", "show", OLD)["managed"])
        require(information(self.a, OLD)["Id"] == before, "the guest was started anew")
        require(TENANT in self.a.virsh("dumpxml", OLD), "its definition does not name its tenant")

    # One order each ------------------------------------------------------------------------------------------------

    def order(self, *words, by=None):
        outcome = (by or self.tenant)(*words)
        require(outcome["state"] == "succeeded", f"ebb {' '.join(words)}: {outcome}")
        return outcome

    def create(self):
        self.ids[NEW] = self.admin(
            "vm", "create", NEW, "--tenant", TENANT, "--host", self.a.name, "--vcpus", "1", "--max-vcpus", "2",
            "--memory", "128MiB", "--max-memory", "160MiB", "--disk", "64MiB", "--kernel", GUEST_KERNEL, "--initrd",
            GUEST_INITRD, "--command-line", command_line(NUMBERS[NEW]), "--bridge", "br0")["id"]
        self.await_(f"the boot of {NEW}", lambda: self.lab.processors(self.ids[NEW]) == 1, 240)
        self.await_(f"Ebb's sight of {NEW}", lambda: self.vm(NEW)["vcpus"] == 1)

    def state(self, name, expected, state):
        """Ebb and the host agree."""
        self.await_(f"{name} {expected}", lambda: self.vm(name)["state"] in expected)
        seen = self.a.virsh("domstate", self.ids[name])
        require(seen == state, f"Ebb says {name} is {self.vm(name)['state']}, libvirt {seen}")

    def check(self):
        """What a Xen guest can do, as Ebb tells its owner."""
        found = {item["check"]: item for item in self.tenant("vm", "check", NEW)["items"]}
        for what in ("grow vCPUs", "shrink vCPUs", "resize memory", "move live", "cap CPU"):
            require(found.get(what, {}).get("result") == "fine", f"ebb vm check: {what}: {found.get(what)}")
        for name, items in [("fine", "fine"), ("missing", "missing")]:
            self.report.say(f"  {name}: " + ", ".join(
                f"{what}{': ' + item['detail'] if item.get('detail') else ''}"
                for what, item in found.items() if item["result"] == items))

    def network(self):
        """The counters of a guest's network card, as far as its bill."""
        address = f"{GUEST_NETWORK}.{NUMBERS[NEW]}"
        self.a.run("busybox", "ping", "-c", "10", "-i", "0.2", "-s", "1000", address)
        self.await_("network traffic on the bill", lambda: any(
            line["vm"] == NEW and line["resource"] == "network" and int(line["quantity"]) > 10_000
            for line in self.tenant("bill", "show")["items"]), 120)

    def reboot(self):
        number = information(self.a, self.ids[NEW])["Id"]
        self.order("vm", "reboot", NEW)
        self.await_("a new domain", lambda: information(self.a, self.ids[NEW])["Id"] not in (number, "-"), 120)
        self.await_("the boot", lambda: self.lab.processors(self.ids[NEW]) == 1, 240)
        self.state(NEW, ("running", "blocked"), "running")

    def pause(self):
        self.order("vm", "pause", NEW)
        self.state(NEW, ("paused",), "paused")

    def resume(self):
        self.order("vm", "resume", NEW)
        self.state(NEW, ("running", "blocked"), "running")

    def save(self):
        self.order("vm", "save", NEW)
        self.state(NEW, ("saved",), "shut off")

    def restore(self):
        self.order("vm", "restore", NEW)
        self.state(NEW, ("running", "blocked"), "running")
        self.await_("the restored guest's answer", lambda: self.lab.processors(self.ids[NEW]) == 1)

    def size(self, count):
        outcome = self.order("vm", "resize", NEW, "--vcpus", str(count))
        require(outcome["vcpus"] == count, f"Ebb confirms {outcome['vcpus']} vCPUs, not {count}")
        # The guest tells it a moment later; what Ebb says must be so already by the hypervisor's own count.
        online = self.online()
        require(online == count, f"Ebb confirmed {count} vCPUs, Xen counts {online}")
        self.await_(f"the guest's {count} processors", lambda: self.lab.processors(self.ids[NEW]) == count)

    def memory(self, mebibytes):
        self.order("vm", "resize", NEW, "--memory", f"{mebibytes}MiB")
        self.await_("the memory in Ebb", lambda: self.vm(NEW)["memoryBytes"] == mebibytes * MIB)
        used = information(self.lab.running(self.ids[NEW])[0], self.ids[NEW])["Used memory"]
        require(abs(int(used.split()[0]) // 1024 - mebibytes) <= 1, f"virsh says the guest uses {used}")

    def cap(self):
        self.lab.load(self.ids[NEW], BUSY)
        self.await_("the load in Ebb", lambda: self.vm(NEW)["cpuUtilizationPpm"] > UPPER_PPM)
        self.order("vm", "cap", NEW, "--cpu", "40%")
        require("40" in self.scheduler()["cap"], f"the host's scheduler says {self.scheduler()}")
        self.await_("the cap in Ebb", lambda: self.vm(NEW)["cpuCapPpm"] == 400_000)
        self.await_("the capacity in Ebb", lambda: self.vm(NEW)["capacityThousandths"] == 400)
        # Its use is a share of that; the interval in which the cap changed is unknown.
        self.await_("the capped use in Ebb", lambda: (self.vm(NEW)["cpuUtilizationPpm"] or 0) > 900_000)
        use = self.vm(NEW)["cpuUtilizationPpm"]
        self.order("vm", "cap", NEW, "--cpu", "none")
        require(self.scheduler()["cap"] == "0", f"the host's scheduler says {self.scheduler()}")
        self.lab.load(self.ids[NEW], IDLE)
        self.report.say(f"  under load, capped at 40 % of a core, it used {use / 1e4:.0f} % of that")

    def scheduler(self):
        host, _ = self.lab.running(self.ids[NEW])
        return dict((part.strip() for part in line.split(":", 1))
                    for line in host.virsh("schedinfo", self.ids[NEW]).splitlines() if ":" in line)

    def migrate(self):
        self.lab.load(self.ids[NEW], 40)
        before = information(self.a, self.ids[NEW])["CPU time"]
        self.order("vm", "migrate", NEW, "--to", self.b.name, by=lambda *words: self.admin(*words, "--tenant", TENANT))
        found = self.lab.where(self.ids[NEW])
        require(found == [self.b.name], f"libvirt lists {NEW} on {found}, not on {self.b.name} alone")
        self.await_("its new host in Ebb", lambda: self.vm(NEW)["host"] == self.b.name)
        self.await_("its use in Ebb", lambda: self.vm(NEW)["cpuUtilizationPpm"] is not None)
        after = information(self.b, self.ids[NEW])["CPU time"]
        self.await_("the guest's answer there", lambda: self.lab.processors(self.ids[NEW]) == 1)
        self.lab.load(self.ids[NEW], IDLE)
        self.report.say(f"  its CPU time was {before} at {self.a.name} and counts anew at {self.b.name}: {after}")

    def shutdown(self):
        self.order("vm", "shutdown", NEW)
        self.await_(f"{NEW} off", lambda: self.vm(NEW)["state"] == "shutoff")
        seen = self.b.virsh("domstate", self.ids[NEW])
        require(seen == "shut off", f"Ebb says {NEW} is off, libvirt says {seen}")
        self.order("vm", "delete", NEW, "--yes")
        require(self.lab.where(self.ids[NEW]) == [], f"{NEW} is still on {self.lab.where(self.ids[NEW])}")

    def release(self):
        self.order("vm", "release", OLD, "--tenant", TENANT, "--yes", by=self.admin)
        require(information(self.a, OLD)["State"] in ("running", "idle"), "the released guest does not run any more")
        require(TENANT not in self.a.virsh("dumpxml", OLD), "its definition still names a tenant")

    # The paper's experiment ----------------------------------------------------------------------------------------

    def experiment(self):
        self.await_(f"{NEW}'s rest", self.rests, 120)
        policy = self.tenant("policy", "set", NEW, *POLICY)
        self.report.say(
            f"  {NEW} on {self.b.name}: U1 = 30 %, U2 = 75 %, {policy['breachesNeeded']} of {policy['windowLength']} "
            "samples, one in two seconds")
        self.act("grow", 2, BUSY)
        self.act("shrink", 1, IDLE)

    def rests(self):
        window = int(SETTINGS["scheduler.windowLength"])
        last = [sample["cpuUtilizationPpm"] for sample in self.tenant("vm", "samples", NEW)["items"][-window:]]
        return len(last) == window and all(use is not None and use < LOWER_PPM for use in last)

    def act(self, verdict, size, load):
        with Watch(
            host=lambda: self.probe(lambda: self.online() == size),
            guest=lambda: self.probe(lambda: self.lab.processors(self.ids[NEW]) == size),
            ebb=lambda: self.probe(lambda: self.vm(NEW)["vcpus"] == size),
        ) as watch:
            self.lab.load(self.ids[NEW], load)
            decision = self.acted(verdict, size)
            seen = watch.wait(f"{size} vCPUs", 120)
        breach = decision["record"]["trigger"]["sampledAt"]
        times = {name: (at - breach) / 1e9 for name, at in {"decided": decision["atNanoseconds"], **seen}.items()}
        self.report.say(
            f"  load {load} %: {verdict} to {size} decided {times['decided']:.2f} s after the M-th breach; so on the "
            f"host after {times['host']:.2f} s, in the guest {times['guest']:.2f} s, in Ebb {times['ebb']:.2f} s")

    def online(self):
        """How many vCPUs Xen itself has online; the others are held, which it shows as p."""
        host, number = self.lab.running(self.ids[NEW])
        return sum("--p" not in line.split() for line in host.run("xl", "vcpu-list", number).splitlines()[1:])

    def acted(self, verdict, size):
        try:
            decision = wait_until(f"a decision to {verdict}", self.news, 150)
        except ProcessEnded:
            raise
        except StackError as error:
            why = self.admin("decision", "why", NEW, "--tenant", TENANT)["text"]
            raise StackError(f"{error}. Ebb says:\n{why}") from None
        self.decisions.append(decision)
        target = decision["record"]["outcome"]["target"]
        require(
            decision["verdict"] == verdict and target == size and decision["outcome"] == "succeeded",
            f"not a decision to {verdict} to {size} that succeeded: {decision['summary']}, {decision['outcome']}")
        return decision

    def news(self):
        time.sleep(0.5)
        self.stack.check_alive()
        known = {decision["id"] for decision in self.decisions}
        for decision in self.admin("decision", "list", "--vm", NEW, "--tenant", TENANT)["items"]:
            acts = decision["verdict"] in ("grow", "shrink", "migrate") and decision["id"] not in known
            if acts and decision.get("outcome"):
                return self.admin("decision", "show", decision["id"])
        return None

    def bill(self):
        for decision in self.decisions:
            self.report.say(f"\n  {decision['verdict']}, {decision['outcome']}")
            for line in explained(self.admin, decision):
                self.report.say(f"    {line}")
        bill = self.tenant("bill", "show")
        total = int(bill["totalNano"]) / 1e9
        lines = [line for line in bill["items"] if line["vm"] == NEW and line["resource"] == "vcpu"]
        require(lines and total > 0, f"nothing is billed: {bill}")
        self.report.say(f"\n  The bill so far: {total:.9f} {bill['currency']}, {len(bill['items'])} lines")
        for line in bill["items"]:
            self.report.say(
                f"    {line['vm']:<8}{line['resource']:<10}{int(line['amountNano']) / 1e9:>14.9f} {bill['currency']}")


class Report:
    """What is printed, and written to docs/reports/lab-xen at the end, passed or not."""

    def __init__(self, keep, binaries):
        self.binaries = Path(binaries).name
        self.started, self.keep, self.rows, self.lines = time.monotonic(), keep, [], []
        self.failures = 0

    def say(self, text):
        print(text, flush=True)
        self.lines.append(text)

    def need(self, what, call, *arguments):
        """A step without which there is nothing more to try."""
        self.say(f"[{time.monotonic() - self.started:6.1f} s] {what}")
        begun = time.monotonic()
        try:
            call(*arguments)
        except BaseException:
            self.rows.append((what, "**failed**", time.monotonic() - begun))
            raise
        self.rows.append((what, "passed", time.monotonic() - begun))

    def step(self, what, call, *arguments):
        """A step after whose failure the others are still tried."""
        try:
            self.need(what, call, *arguments)
        except ProcessEnded:
            raise
        except (StackError, XenLabError, subprocess.SubprocessError) as error:
            self.failures += 1
            self.say(f"  failed: {error}")

    def write(self, end):
        if not self.keep:
            return
        commit = output("git", "rev-parse", "--short", "HEAD") or "unknown"
        if output("git", "status", "--porcelain", "--untracked-files=no"):
            commit += "-changed"
        now = datetime.now(timezone.utc)
        target = ROOT / "docs" / "reports" / "lab-xen" / f"{now:%Y-%m-%d}-{commit}.md"
        target.parent.mkdir(parents=True, exist_ok=True)
        table = "\n".join(f"| {what} | {result} | {took:.1f} s |" for what, result, took in self.rows)
        text = "\n".join(self.lines)
        target.write_text(
            f"# Ebb on real Xen: {now:%Y-%m-%d}, commit {commit}\n\n"
            f"`demo/lab_xen.py`, {self.binaries} build, on {os.cpu_count()} cores, Linux {platform.release()}, load "
            f"average {os.getloadavg()[1]:.1f}; two emulated PCs with Xen and libvirt's Xen driver. {end}\n\n"
            f"| step | result | duration |\n|---|---|---|\n{table}\n\n## What was printed\n\n```\n{text}\n```\n")
        print(f"report: {target}", flush=True)


def output(*command):
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    return done.stdout.strip() if done.returncode == 0 else None


def play(run, keep_lab):
    stack, lab, need, step = run.stack, run.lab, run.report.need, run.report.step
    if not (keep_lab and all(host.pid() for host in lab.hosts.values())):
        need("two Xen hosts boot", lab.up)
    need("a private PostgreSQL and five services", start, stack)
    need(f"a PV guest, {OLD}, defined and started by virsh, not by Ebb", run.start_old)
    need("both hosts are added, to be observed", run.add_hosts)
    step("both hosts and the way between them are checked", run.check_hosts)
    step("Domain 0's figures", run.control_domain)
    need(f"{OLD} is adopted while it runs", run.adopt)
    need(f"create {NEW}", run.create)
    step("what it can do", run.check)
    step("network counters, as far as the bill", run.network)
    step("pause", run.pause)
    step("resume", run.resume)
    step("save", run.save)
    step("restore", run.restore)
    step("reboot", run.reboot)
    step("grow to 2 vCPUs", run.size, 2)
    step("shrink to 1 vCPU", run.size, 1)
    step("memory from 128 to 160 MiB", run.memory, 160)
    step("memory back to 128 MiB", run.memory, 128)
    step("CPU cap", run.cap)
    step("live migration to the other Xen host, under load", run.migrate)
    step("the paper's experiment: load up, a vCPU is added; load down, it is taken back", run.experiment)
    step("decisions and bill", run.bill)
    step("shutdown and delete", run.shutdown)
    step(f"{OLD} is given back", run.release)
    stack.check_alive()
    require(run.report.failures == 0, f"{run.report.failures} steps failed")


def start(stack):
    stack.directory.mkdir(parents=True)
    stack.start_postgres()
    stack.migrate()
    stack.start_services()


def perform(options, directory):
    report = Report(not options.no_report, options.binaries)
    lab = XenLab(directory)
    stack = Stack(directory / "stack", options.binaries, SETTINGS)
    end = "Interrupted."
    try:
        play(XenRun(stack, lab, report), options.keep_lab)
        end = "Everything passed."
    except (StackError, XenLabError, subprocess.SubprocessError) as error:
        report.say(f"failed: {error}")
        end = "**It failed.**"
        # A part that is gone is the reason for all else that fails.
        stack.check_alive()
        raise
    finally:
        # A second Ctrl-C must not keep the first one's tidying from its end.
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, signal.SIG_IGN)
        report.say(f"[{time.monotonic() - report.started:6.1f} s] stopping")
        stack.down()
        if not options.keep_lab:
            lab.down()
        report.write(end)
    report.say(f"[{time.monotonic() - report.started:6.1f} s] nothing is left running; logs: {stack.directory / 'log'}")


def refuse(text, code):
    print(f"lab-xen: {text}", file=sys.stderr)
    sys.exit(code)


def check_machine(binaries):
    """Before anything is begun: who runs this, and what is there."""
    if os.geteuid() != 0:
        refuse("it needs root, to make the image of the hosts", EX_NOPERM)
    missing = [name for name in ("qemu-system-x86_64", "qemu-img", "virsh", "debootstrap") if not shutil.which(name)]
    if missing:
        refuse(f"not in PATH: {', '.join(missing)}; see Tests/LabXen/packages.txt", EX_UNAVAILABLE)
    try:
        postgres_binaries()
    except StackError as error:
        refuse(str(error), EX_UNAVAILABLE)
    if not Path(binaries, "ebb-monitor").exists():
        refuse(f"no executables in {binaries}: swift build makes them", EX_UNAVAILABLE)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binaries", required=True)
    parser.add_argument("--directory", default=str(ROOT / ".build" / "lab-xen"))
    parser.add_argument("--no-report", action="store_true", help="write nothing to docs/reports/lab-xen")
    parser.add_argument("--keep-lab", action="store_true", help="use hosts that are up, and leave them up")
    options = parser.parse_args()
    check_machine(options.binaries)
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, lambda *_: sys.exit(130))
    directory = Path(options.directory).resolve()
    directory.mkdir(parents=True, exist_ok=True)
    try:
        # What an earlier run left if it was killed outright.
        end_remembered(directory / "stack")
        if not options.keep_lab:
            XenLab(directory).down()
        shutil.rmtree(directory / "stack", ignore_errors=True)
        perform(options, directory)
    except KeyboardInterrupt:
        sys.exit(130)
    except (StackError, XenLabError, OSError) as error:
        refuse(str(error), 1)
    except subprocess.SubprocessError as error:
        refuse(f"{error}: {(getattr(error, 'stderr', None) or '').strip()}", 1)


if __name__ == "__main__":
    main()
