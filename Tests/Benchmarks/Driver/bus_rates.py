# SPDX-License-Identifier: Apache-2.0
"""The bus beside a raw C loop that sends the same frames over the same sockets, both with CURVE, run by turns."""

import json
import subprocess

from measure import ROOT
from stack import StackError

RUNS = 5
COUNTS = {"publish": {64: 160_000, 1024: 96_000, 8192: 32_000}, "request": {64: 4_000, 1024: 4_000, 8192: 4_000}}
SIZES = {64: "64 B", 1024: "1 KiB", 8192: "8 KiB"}


def raw_loop():
    program = ROOT / ".build" / "bench" / "raw_loop"
    program.parent.mkdir(parents=True, exist_ok=True)
    source = ROOT / "Tests" / "Benchmarks" / "Driver" / "raw_loop.c"
    done = subprocess.run(
        ["cc", "-O2", "-o", str(program), str(source), "-lzmq", "-lpthread"], capture_output=True, text=True)
    if done.returncode != 0:
        raise StackError(f"cc can't build {source.name}: {done.stderr.strip()}")
    return program


def run(figures):
    program = raw_loop()
    for kind in ["publish", "request"]:
        for size, label in SIZES.items():
            ours, theirs = [], []
            count = COUNTS[kind][size]
            for _ in range(RUNS):
                done = subprocess.run(
                    [str(program), kind, str(size), str(count), "1"], check=True, capture_output=True, text=True)
                theirs.append(json.loads(done.stdout))
                ours.append(figures.measure(kind, "--size", size, "--count", count))
            add(figures, kind, label + ", CURVE", ours, theirs)


def add(figures, kind, label, ours, theirs):
    def runs(key):
        return [run[key] for run in ours], [run[key] for run in theirs]

    if kind == "publish":
        figures.add(f"bus: published {label}", *split(runs("perSecond"), "1/s"), ratio_at_least=0.8)
        lost = sum(run["lost"] for run in ours)
        if lost:
            figures.note(f"{lost} reports of {label} were lost: the rate is not one of delivery")
    else:
        figures.add(f"bus: round trip p50 {label}", *split(runs("p50Microseconds"), "µs"), ratio_at_most=1.15)
    figures.add(f"bus: CPU of {'one report' if kind == 'publish' else 'one round trip'} {label}",
                *split(runs("cpuMicrosecondsEach"), "µs"))


def split(runs, unit):
    ours, theirs = runs
    return ours, unit, theirs
