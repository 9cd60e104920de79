# SPDX-License-Identifier: Apache-2.0
"""What the benches have in common: processes' CPU time and memory, and the figures that become a table."""

import argparse
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "demo"))

from stack import StackError, clean_environment  # noqa: E402

TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(*pids):
    """CPU time that the processes have used so far, in seconds."""
    return sum(ticks(pid) for pid in pids) / TICK


def ticks(pid):
    """Its own, and those of its children that have ended: so a family's sum only grows."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(int(field) for field in fields[11:15])


def family(pid):
    """A process and all below it; what ends meanwhile is left out."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return [pid]
    return [pid] + [member for child in children for member in family(int(child))]


def memory(pid, field):
    """MiB of `VmRSS` or `VmHWM` of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    raise StackError(f"/proc/{pid}/status has no {field}")


def proportional_memory(*pids):
    """MiB of all of them together: what they share counts once."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024


class Figures:
    """Every figure's runs; `MonitorBench` makes medians, ratios and the table of them."""

    def __init__(self, name, binaries):
        self.name = name
        self.binaries = Path(binaries).resolve()
        self.lines = []
        self.notes = []

    def add(self, name, runs, unit, reference=None, **aim):
        """`aim`: at most one of at_most, at_least, ratio_at_most, ratio_at_least."""
        self.lines.append({"name": name, "runs": runs, "unit": unit, "reference": reference or [], **aim})
        print(f"  {name}: {', '.join(f'{run:.4g}' for run in runs)} {unit}", flush=True)

    def note(self, sentence):
        self.notes.append(sentence)

    def measure(self, *arguments):
        """What one subcommand of `MonitorBench` measured."""
        done = subprocess.run(
            [str(self.binaries / "MonitorBench"), *map(str, arguments)], capture_output=True, text=True,
            env=clean_environment())
        if done.returncode != 0:
            raise StackError(f"MonitorBench {arguments[0]}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def table(self):
        folder = ROOT / ".build" / "bench"
        folder.mkdir(parents=True, exist_ok=True)
        document = folder / f"{self.name}.runs.json"
        document.write_text(json.dumps({"name": self.name, "lines": self.lines, "notes": self.notes}, indent=1))
        print(flush=True)
        subprocess.run(
            [str(self.binaries / "MonitorBench"), "table", str(document), "--folder", str(folder)], check=True,
            env=clean_environment())


def bench(name, text, run, *more):
    """A driver's command line: `run` gets the figures and the options, of which `more` are a driver's own."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binaries", required=True)
    for names, settings in more:
        parser.add_argument(*names, **settings)
    options = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(130))
    figures = Figures(name, options.binaries)
    try:
        run(figures, options)
        figures.note(f"load average at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        figures.table()
    except KeyboardInterrupt:
        sys.exit(130)
