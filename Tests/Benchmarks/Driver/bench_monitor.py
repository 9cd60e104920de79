#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`make bench-monitor`: the four parts of Monitor's bench, one table.

  bench_monitor.py --binaries .build/release              all of it
  bench_monitor.py --binaries .build/release bus small    some parts: fleet, small, libvirt, bus
"""

import argparse
import os
import signal
import sys

from measure import Figures
from stack import StackError

import bus_rates
import fleet_scale
import libvirt_sampling

PARTS = {
    "bus": bus_rates.run, "libvirt": libvirt_sampling.run, "small": fleet_scale.small, "fleet": fleet_scale.large,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binaries", required=True)
    parser.add_argument("parts", nargs="*", metavar="PART", choices=[[], *PARTS])
    options = parser.parse_args()
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, lambda *_: sys.exit(130))
    figures = Figures("monitor", options.binaries)
    for part in options.parts or PARTS:
        print(f"{part}:", flush=True)
        try:
            PARTS[part](figures)
        except StackError as error:
            figures.note(f"{part} could not be measured: {error}")
    load = os.getloadavg()[0]
    figures.note(f"load average at the end: {load:.1f} on {os.cpu_count()} cores")
    figures.table()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
