# SPDX-License-Identifier: Apache-2.0
"""Checks what Ebb did against what is true: actions against the independent reference, the bill against the fleet's
true timeline. Exact integers; no tolerance anywhere."""

import sys
from datetime import datetime, timezone
from fractions import Fraction
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Tests" / "Reference"))
import m_of_n  # noqa: E402

PPM = 1_000_000
HOUR_NS = 3_600_000_000_000
UNITS = {
    "vcpu": HOUR_NS, "memory": HOUR_NS << 30, "disk": HOUR_NS << 30, "network": 1 << 30, "cpu-time": HOUR_NS,
    "block-io": 1 << 30,
}
PRICES = {
    "vcpu": "vcpuHour", "memory": "memoryGiBHour", "disk": "diskGiBHour", "network": "networkGiB",
    "cpu-time": "cpuHour", "block-io": "blockIOGiB",
}
# Of what is billed by growth, the truth's counters.
COUNTERS = {
    "network": ["network_received_bytes", "network_transmitted_bytes"], "cpu-time": ["cpu_time_ns"],
    "block-io": ["block_read_bytes", "block_written_bytes"],
}


class Mismatch(Exception):
    """What differs, with both numbers."""


def nanoseconds(text):
    """RFC 3339 with nanoseconds to an integer; datetime alone would lose the last digits."""
    date, _, fraction = text.rstrip("Z").partition(".")
    seconds = datetime.strptime(date, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc).timestamp()
    return int(seconds) * 1_000_000_000 + int((fraction + "0" * 9)[:9])


def taking_rules(policy):
    """Which sizes the policy may take back: {resource: (minimum, U1, U2)}. None under an opt-out or its own dry run, and
    none with U1 = 0, below which nothing ever is. Disks, bytes and CPU time have no such rule."""
    if policy is None or "lowerPpm" not in policy or policy.get("optOut") or policy.get("dryRun"):
        return {}
    rules = {"vcpu": (policy["minVcpus"], policy["lowerPpm"], policy["upperPpm"])}
    if policy.get("minMemoryBytes") is not None:
        rules["memory"] = (policy["minMemoryBytes"], policy["memoryLowerPpm"], policy["memoryUpperPpm"])
    return {resource: rule for resource, rule in rules.items() if rule[1] > 0}


def factor(card, lower, upper, ratio):
    """f(U1, U2, P) in ppm, from the rate card as published."""
    rule = card.get("factor")
    if rule is None:
        return PPM
    added = sum(
        rule.get(weight, 0) * (PPM - value)
        for weight, value in [("lowerWeight", lower), ("upperWeight", upper), ("ratioWeight", ratio)])
    return rule["base"] + added // PPM


def half_even(value):
    """A non-negative fraction to the nearest integer, ties to even."""
    floor, rest = divmod(value.numerator, value.denominator)
    double = 2 * rest
    return floor + (1 if double > value.denominator or (double == value.denominator and floor % 2) else 0)


def check_actions(vm, trace, truth, decisions, policy, exact=True):
    """Compares what was decided and done with the reference on what was served. Returns [(t, direction, size)]."""
    served = truth["served"]
    values = {sample["t"]: sample["load_ppm"] for sample in served}
    for t, load in trace:
        if t in values and values[t] != load:
            raise Mismatch(f"{vm}: the fleet served {values[t]} ppm at t = {t}, the trace says {load}")
    t_of = {sample["host_at_ns"]: sample["t"] for sample in served}
    done = []
    for decision in decisions:
        verdict, record = decision["verdict"], decision["record"]
        if verdict not in ("grow", "shrink", "migrate") or decision.get("outcome") != "succeeded":
            continue
        trigger = record["trigger"]["sampledAt"]
        if served and trigger > served[-1]["host_at_ns"]:
            continue  # After what was played: the load is then held, and nothing is said of it.
        done.append((t_of.get(trigger), "down" if verdict == "shrink" else "up", record["outcome"]["target"]))
    done.sort(key=lambda action: action[0] or 0)
    changes = [sample["t"] for sample in served if sample["size_changed"]]
    expected = m_of_n.actions(
        [(sample["t"], sample["load_ppm"]) for sample in served], policy["windowLength"], policy["breachesNeeded"],
        policy["lowerPpm"], policy["upperPpm"], truth["segments"][0]["vcpus"], policy["minVcpus"], policy["maxVcpus"],
        changes=changes)
    same = done == expected if exact else [a[1:] for a in done] == [a[1:] for a in expected]
    if not same:
        raise Mismatch(f"{vm}: Ebb acted {done}, the reference says {expected}")
    return done


def expected_line_inputs(truth, start, end, policy_from, rules):
    """X per (resource, base or elastic, whether under the policy, host), from the true segments within [start, end)."""
    totals = {}
    for segment in truth["segments"]:
        for low, high, subscribed in [(0, policy_from, False), (policy_from, 1 << 63, True)]:
            left, right = max(segment["start_ns"], start, low), min(segment["end_ns"], end, high)
            if left >= right:
                continue
            for resource, size in [
                ("vcpu", segment["vcpus"]), ("memory", segment["memory_bytes"]), ("disk", segment["disk_bytes"]),
            ]:
                base = min(size, rules[resource][0]) if subscribed and resource in rules else size
                for part, amount in [("base", base), ("elastic", size - base)]:
                    key = (resource, part, subscribed, segment["host"])
                    totals[key] = totals.get(key, 0) + amount * (right - left)
    return {key: value for key, value in totals.items() if value}


def check_bill(bill, card, truths, policies):
    """Recomputes every line of the bill from the truth; returns a summary for people."""
    total, report = 0, []
    for vm, truth in sorted(truths.items()):
        lines = [line for line in bill["items"] if line["vm"] == vm]
        policy = policies.get(vm)
        has_policy = bool(policy and "validFrom" in policy and "lowerPpm" in policy)
        policy_from = nanoseconds(policy["validFrom"]) if has_policy else 1 << 62
        rules = taking_rules(policy)
        details = [d for line in lines if line["resource"] == "disk" for d in line["details"]]
        if not details:
            raise Mismatch(f"{vm}: nothing is billed")
        start = min(nanoseconds(d["from"]) for d in details)
        end = max(nanoseconds(d["to"]) for d in details)
        if start != truth["segments"][0]["start_ns"]:
            raise Mismatch(f"{vm}: billed from {start}, it exists since {truth['segments'][0]['start_ns']}")
        expected = expected_line_inputs(truth, start, end, policy_from, rules)
        billed = {}
        for line in lines:
            resource, part = line["resource"], line["part"]
            amount = half_even(Fraction(
                int(line["quantity"]) * int(line["unitPriceNano"]) * line["factorPpm"], UNITS[resource] * PPM))
            if amount != int(line["amountNano"]):
                raise Mismatch(f"{vm} {resource}: {line['amountNano']} billed, {amount} by the formula")
            if int(line["unitPriceNano"]) != card["prices"].get(PRICES[resource], 0):
                raise Mismatch(f"{vm} {resource}: the price is not the card's")
            rate = PPM
            if part == "elastic":
                if resource not in rules:
                    raise Mismatch(f"{vm} {resource}: no rule may take it back, and it has an elastic part")
                # The ratio as N represents it, if the policy says it.
                ratio = policy.get("trueRatioPpm") or policy["ratioPpm"]
                rate = factor(card, *rules[resource][1:], ratio)
            if line["factorPpm"] != rate:
                raise Mismatch(f"{vm} {resource}, {part}: f is {line['factorPpm']}, the card says {rate}")
            total += amount
            for detail in line["details"]:
                if resource not in ("vcpu", "memory", "disk"):
                    continue
                key = (resource, part, detail["policyVersion"] > 0, detail["host"])
                billed[key] = billed.get(key, 0) + int(detail["quantity"])
        if billed != expected:
            raise Mismatch(f"{vm}: X is {billed} on the bill, {expected} in truth")
        for resource, counters in COUNTERS.items():
            check_counters(vm, resource, counters, [line for line in lines if line["resource"] == resource], truth)
        unproved = truth["segments"][-1]["end_ns"] - end
        report.append((vm, len(lines), unproved))
    if total != int(bill["totalNano"]):
        raise Mismatch(f"the total is {bill['totalNano']}, its lines sum to {total}")
    return report


def check_counters(vm, resource, counters, lines, truth):
    """Counter meters equal the readings and never exceed the truth: exactly the counters at the last reading of each
    incarnation, all of which begin at zero."""
    billed = sum(int(line["quantity"]) for line in lines)
    last = max((nanoseconds(detail["to"]) for line in lines for detail in line["details"]), default=0)
    most = sum(life["counters"][name] for life in truth["incarnations"] for name in counters)
    if billed > most:
        raise Mismatch(f"{vm}: {resource}: {billed} billed, only {most} in truth")
    if len(truth["incarnations"]) != 1 or not truth["readings"]:
        return
    exact = [
        sum(reading["counters"][name] for name in counters)
        for reading in truth["readings"] if reading["host_at_ns"] == last]
    if last and exact and exact[0] != billed:
        raise Mismatch(f"{vm}: {resource}: {billed} billed, {exact[0]} in truth at the last reading")
