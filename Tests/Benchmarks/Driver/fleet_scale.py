# SPDX-License-Identifier: Apache-2.0
"""Monitor over a simulated fleet: as large as one instance must carry, and as small as most are."""

import json
import shutil
import subprocess
import time
import urllib.request

from measure import ROOT, cpu_seconds, family, memory, proportional_memory
from stack import SERVICES, Stack, end_remembered, free_port, wait_until

FOLDER = ROOT / ".build" / "bench"
RUNS = 5
# Who watches is an instance that lives as long as Monitor does: else Monitor would not let it in. MonitorBench has the
# secret half of its key.
WATCHER = """
    CREATE FUNCTION public.watch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        UPDATE cluster.instance SET heartbeat = heartbeat + 1 WHERE version = 'watcher';
        RETURN NULL;
    END $$;
    CREATE TRIGGER watch AFTER UPDATE ON cluster.instance FOR EACH ROW WHEN (NEW.service = 'monitor')
        EXECUTE FUNCTION public.watch();
    INSERT INTO cluster.instance (id, service, command_endpoint, public_key, version) VALUES (
        gen_random_uuid(), 'usergateway', 'tcp://127.0.0.1:9', 'Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID', 'watcher')"""


class FleetStack(Stack):
    """A private stack over a fleet whose hosts are entered into the database directly: the gateway is not measured."""

    def start(self, hosts, domains, cores, memory_size="64GiB"):
        end_remembered(self.directory)
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        self.start_postgres()
        self.migrate()
        self.admin_sql(WATCHER, "ebb")
        self.fleet_port = free_port()
        self.spawn("fleet", [
            str(self.binaries / "ebb-fleet"), "serve", "--hosts", str(hosts), "--cores", str(cores), "--memory",
            memory_size, "--domains", str(domains), "--bind", f"tcp://127.0.0.1:{self.fleet_port}"])
        self.admin_sql(
            "INSERT INTO inventory.host (id, cluster, uri, mode) SELECT 'host-' || n, 'main', "
            f"'fleet://127.0.0.1:{self.fleet_port}/host-' || n, 'enabled' FROM generate_series(1, {hosts}) n", "ebb")

    def wait_for(self, hosts, domains, seconds=180):
        """Until every host is polled and every domain has its row."""
        def known():
            self.check_alive()
            return self.admin_sql(
                "SELECT (SELECT count(*) FROM inventory.host WHERE state = 'up') || ' ' || "
                "(SELECT count(*) FROM inventory.domain)", "ebb").split() == [str(hosts), str(domains)]
        wait_until("the whole fleet's arrival in the inventory", known, seconds)

    def monitor(self):
        """Instance id, publish and command endpoint, and public key of the running Monitor."""
        return self.admin_sql(
            "SELECT id || E'\\t' || publish_endpoint || E'\\t' || command_endpoint || E'\\t' || public_key "
            "FROM cluster.instance WHERE service = 'monitor' ORDER BY heartbeat DESC LIMIT 1", "ebb").strip().split("\t")

    def polls(self):
        """Readings that Monitor has asked for so far."""
        address = self.admin_sql(
            "SELECT admin_endpoint FROM cluster.instance WHERE service = 'monitor' ORDER BY heartbeat DESC LIMIT 1",
            "ebb").strip()
        lines = urllib.request.urlopen(f"{address}/metrics", timeout=30).read().decode().splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith("ebb_monitor_polls_total{"))

    def watch(self, figures, seconds, interval_ms, *more):
        instance, publish, command, key = self.monitor()
        return subprocess.Popen(
            [str(figures.binaries / "MonitorBench"), "watch", "--instance", instance, "--publish", publish,
             "--command", command, f"--key={key}", "--seconds", str(seconds), "--interval-ms", str(interval_ms), *more],
            stdout=subprocess.PIPE, text=True)


def shares(pids, seconds, polls=lambda: 0):
    """The processes' CPU shares of one core over five windows, and what `polls` counted per second."""
    runs = {name: [] for name in [*pids, "polls"]}
    for _ in range(RUNS):
        before = {name: cpu_seconds(*members()) for name, members in pids.items()}
        start, counted = time.monotonic(), polls()
        time.sleep(seconds)
        passed = time.monotonic() - start
        for name, members in pids.items():
            runs[name].append(100 * (cpu_seconds(*members()) - before[name]) / passed)
        runs["polls"].append((polls() - counted) / passed)
    return runs


def large(figures, hosts=1250, per_host=16, window=10):
    """1,250 hosts with 20,000 domains, each polled every second by one Monitor."""
    stack = FleetStack(FOLDER / "fleet", figures.binaries, {"monitor.pollInterval": "1s"})
    try:
        stack.start(hosts, per_host, cores=16)
        began = time.monotonic()
        stack.start_service("monitor")
        stack.wait_for(hosts, hosts * per_host)
        figures.add(f"{hosts} hosts: cold start to every domain known", [time.monotonic() - began], "s")
        time.sleep(15)
        watch = stack.watch(figures, RUNS * window, 1000)
        pids = {name: lambda pid=stack.processes[name].pid: family(pid) for name in ["monitor", "fleet", "postgres"]}
        runs = shares(pids, window, stack.polls)
        seen = json.loads(watch.communicate(timeout=120)[0])
        label = f"{hosts} hosts, {hosts * per_host} VMs, 1 s"
        figures.add(f"{label}: missed cycles", [seen["missed"] + seen["empty"]], "of %d" % seen["reports"], at_most=0)
        figures.add(f"{label}: hosts polled", runs["polls"], "1/s")
        # On a machine that has other work some cycles are missed: what they would have cost counts.
        full = [cpu * hosts / done for cpu, done in zip(runs["monitor"], runs["polls"])]
        figures.add(f"{label}: Monitor's CPU, every cycle polled", full, "% of a core", at_most=33.3)
        peak = memory(stack.processes["monitor"].pid, "VmHWM")
        figures.add(f"{label}: Monitor's memory (peak RSS)", [peak], "MiB", at_most=300)
        figures.add(f"{label}: poll to publication, p50", [seen["lagP50Ms"]], "ms")
        figures.add(f"{label}: poll to publication, p99", [seen["lagP99Ms"]], "ms")
        figures.add(f"{label}: the fleet server's CPU", runs["fleet"], "% of a core")
        figures.add(f"{label}: PostgreSQL's CPU", runs["postgres"], "% of a core")
        if seen["hosts"] != hosts or seen["domains"] != hosts * per_host:
            figures.note(f"only {seen['hosts']} hosts and {seen['domains']} domains were seen in the reports")
    finally:
        stack.down()


def small(figures, hosts=30, per_host=50, window=20):
    """30 hosts with 1,500 domains every 5 s under all five services, as most users have."""
    stack = FleetStack(FOLDER / "small", figures.binaries, {"monitor.pollInterval": "5s"})
    try:
        stack.start(hosts, per_host, cores=32)
        stack.start_services()
        stack.wait_for(hosts, hosts * per_host)
        time.sleep(20)
        pids = {name: lambda pid=stack.processes[name].pid: [pid] for name in SERVICES}
        pids["postgres"] = lambda: family(stack.processes["postgres"].pid)
        runs = shares(pids, window)
        label = f"{hosts} hosts, {hosts * per_host} VMs, 5 s"
        together = [sum(runs[name][run] for name in SERVICES) for run in range(RUNS)]
        figures.add(f"{label}: all five services' CPU", together, "% of a core", at_most=5)
        figures.add(
            f"{label}: all five services' memory",
            [proportional_memory(*(stack.processes[name].pid for name in SERVICES))], "MiB", at_most=256)
        for name in SERVICES:
            figures.add(f"{label}: {name}'s CPU", runs[name], "% of a core")
            figures.add(f"{label}: {name}'s memory (RSS)", [memory(stack.processes[name].pid, "VmRSS")], "MiB")
        figures.add(f"{label}: PostgreSQL's CPU", runs["postgres"], "% of a core")
    finally:
        stack.down()
