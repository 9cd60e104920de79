#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""From the M-th breaching sample published to the hypervisor call made, under a whole fleet's samples.

Part of `make bench-scheduler`; by itself:  end_to_end.py --binaries .build/release
"""

import json
import time

from fleet_scale import FOLDER, FleetStack
from measure import bench, cpu_seconds, family
from stack import StackError

WINDOW, BREACHES = 12, 3
UPPER = 800_000
VICTIMS = 100
SETTINGS = {
    "monitor.pollInterval": "1s", "scheduler.samplingInterval": "1s", "scheduler.windowLength": str(WINDOW),
    "scheduler.cooldownUp": "600s"}


def subscribe(stack):
    """Every domain becomes managed and gets a policy; entered directly, for the gateway is not measured."""
    stack.admin_sql(
        "INSERT INTO account.tenant (id) VALUES ('bench');"
        "UPDATE inventory.domain SET managed = true, tenant = 'bench';"
        "INSERT INTO scheduling.policy (domain, version, valid_from_ns, lower_ppm, upper_ppm, ratio_ppm, minimum_vcpus,"
        f" maximum_vcpus, window_length) SELECT id, 1, cluster.now_ns(), 100000, {UPPER},"
        f" {BREACHES * 1_000_000 // WINDOW}, 1, 8, {WINDOW} FROM inventory.domain", "ebb")


def victims(stack, hosts):
    """One domain of each of so many hosts, spread over the fleet."""
    rows = stack.admin_sql(
        "SELECT DISTINCT ON (host) id FROM inventory.domain ORDER BY host, name", "ebb").split()
    step = max(1, hosts // VICTIMS)
    return rows[::step][:VICTIMS]


def third_breaches(path):
    """When each domain's M-th sample above the bound was published."""
    published = {}
    for line in path.read_text().splitlines():
        domain, _, at, _, _ = line.split()
        published.setdefault(domain, []).append(int(at))
    return {domain: instants[BREACHES - 1] for domain, instants in published.items() if len(instants) >= BREACHES}


def calls(stack, domains):
    """When the fleet got the first resize of each domain."""
    truth = json.loads(stack.fleet("truth", *[word for domain in domains for word in ("--domain", domain)]))
    made = {}
    for operation in truth["operations"]:
        if operation["verb"] == "resize":
            made.setdefault(operation["domain"].lower(), operation["requested_ns"])
    return made


def run(figures, hosts=1250, per_host=16):
    stack = FleetStack(FOLDER / "end-to-end", figures.binaries, SETTINGS)
    breaches = FOLDER / "breaches.txt"
    try:
        stack.start(hosts, per_host, cores=64, memory_size="256GiB")
        stack.start_service("monitor")
        stack.wait_for(hosts, hosts * per_host)
        subscribe(stack)
        stack.start_service("scheduler")
        time.sleep(40)  # Until Monitor has read back who is managed and windows are full.
        chosen = victims(stack, hosts)
        watch = stack.watch(
            figures, VICTIMS // 4 + 30, 1000, "--above-ppm", str(UPPER), "--breaches", str(breaches))
        time.sleep(5)
        pids = {name: stack.processes[name].pid for name in ["monitor", "scheduler", "fleet", "postgres"]}
        before, start = {name: cpu_seconds(*family(pid)) for name, pid in pids.items()}, time.monotonic()
        for domain in chosen:
            load = {"domain": domain, "source": {"constant": {"ppm": 1_000_000}}}
            stack.fleet("administer", json.dumps({"load": load}))
            time.sleep(0.2)
        seen = json.loads(watch.communicate(timeout=300)[0])
        passed = time.monotonic() - start
        third, made = third_breaches(breaches), calls(stack, chosen)
        latencies = sorted(
            (made[domain] - third[domain]) / 1e6 for domain in chosen if domain in third and domain in made)
        report(figures, f"{hosts * per_host} VMs, 1 s", latencies, len(chosen), seen)
        for name, pid in pids.items():
            share = 100 * (cpu_seconds(*family(pid)) - before[name]) / passed
            figures.add(f"{hosts * per_host} VMs, 1 s: {name}'s CPU", [share], "% of a core")
    finally:
        stack.down()


def report(figures, label, latencies, asked, seen):
    if not latencies:
        raise StackError(f"of {asked} overloaded VMs none was resized")
    def at(share):
        return latencies[min(len(latencies) - 1, int(share * len(latencies)))]
    figures.add(f"{label}: M-th breach published to hypervisor call, p50", [at(0.5)], "ms")
    figures.add(f"{label}: M-th breach published to hypervisor call, p99", [at(0.99)], "ms", at_most=250)
    figures.add(f"{label}: missed cycles meanwhile", [seen["missed"] + seen["empty"]], f"of {seen['reports']}")
    if len(latencies) < asked:
        figures.note(f"only {len(latencies)} of {asked} overloaded VMs were resized")


if __name__ == "__main__":
    bench(
        "end-to-end", __doc__, lambda figures, options: run(figures, options.hosts),
        (["--hosts"], {"type": int, "default": 1250}))
