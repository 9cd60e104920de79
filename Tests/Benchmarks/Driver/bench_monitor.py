#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`make bench-monitor`: the four parts of Monitor's bench, one table.

  bench_monitor.py --binaries .build/release              all of it
  bench_monitor.py --binaries .build/release bus small    some parts: fleet, small, libvirt, bus
"""

from measure import bench
from stack import StackError

import bus_rates
import fleet_scale
import libvirt_sampling

PARTS = {
    "bus": bus_rates.run, "libvirt": libvirt_sampling.run, "small": fleet_scale.small, "fleet": fleet_scale.large,
}


def run(figures, options):
    for part in options.parts or PARTS:
        print(f"{part}:", flush=True)
        try:
            PARTS[part](figures)
        except StackError as error:
            figures.note(f"{part} could not be measured: {error}")


if __name__ == "__main__":
    bench("monitor", __doc__, run, (["parts"], {"nargs": "*", "metavar": "PART", "choices": [[], *PARTS]}))
