#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The paper's M-of-N rule, read from paper.md alone: the tests compare SchedulerCore with it.

A trace is lines `t,load`: t counts sampling intervals, load is the demand in percent of the initial size. A missing
line, or an empty load, is an unknown sample. Actions are printed as `t,direction,size`.
"""
import argparse
import csv
import json
import sys

PPM = 1_000_000


def ppm(percent):
    """Percent, as text or number with at most four decimals, to parts per million."""
    return round(float(percent) * 10_000)


def divide(numerator, denominator):
    """Half up, as utilisations are rounded."""
    return (2 * numerator + denominator) // (2 * denominator)


def actions(trace, n, m, lower, upper, vcpus, minimum, maximum, skip=0, changes=None):
    """`trace`: pairs (t, demand in ppm of the initial size or None). `changes`: for each action the last t that does
    not count any more; without it, the `skip` intervals after an action don't count."""
    size, window, quiet_until, done = vcpus, [], None, []
    changes = list(changes or [])
    for t, demand in trace:
        if demand is None or (quiet_until is not None and t <= quiet_until):
            continue
        window = (window + [(t, min(PPM, divide(demand * vcpus, size)))])[-n:]
        known = [use for (when, use) in window if t - when <= 2 * n]
        direction = 0
        if sum(use > upper for use in known) >= m:
            direction = 1
        elif sum(use < lower for use in known) >= m:
            direction = -1
        target = size + direction
        if direction == 0 or not minimum <= target <= maximum:
            continue
        projected = divide(divide(sum(known), len(known)) * size, target)
        if (direction < 0 and projected > upper) or (direction > 0 and projected < lower):
            continue
        done.append((t, "up" if direction > 0 else "down", target))
        size, window, quiet_until = target, [], changes.pop(0) if changes else t + skip
    return done


def needed(n, m, ratio):
    """M = max(1, ceil(N * ratio)); a ratio is given in ppm."""
    return m if m is not None else max(1, -(-n * ratio // PPM))


def read(path):
    with open(path, newline="") as file:
        rows = [row for row in csv.reader(file) if row and row[0].strip().isdigit()]
    return [(int(row[0]), ppm(row[1]) if len(row) > 1 and row[1].strip() else None) for row in rows]


def batch(source):
    """A JSON list of {trace: [[t, ppm or null], …], n, m or ratio, lower, upper, …}, all in ppm, to a list of lists."""
    result = []
    for case in json.load(source):
        case["m"] = needed(case["n"], case.get("m"), case.pop("ratio", None))
        result.append(actions(case.pop("trace"), **case))
    return result


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("trace", nargs="?", help="CSV file of t,load")
    options.add_argument("--batch", metavar="JSON", help="many traces; '-' is standard input")
    options.add_argument("--n", type=int, default=10)
    options.add_argument("--m", type=int)
    options.add_argument("--ratio", default="70", help="M/N in percent, where --m is not given")
    options.add_argument("--lower", default="15", help="U1 in percent")
    options.add_argument("--upper", default="80", help="U2 in percent")
    options.add_argument("--vcpus", type=int, default=2)
    options.add_argument("--minimum", type=int, default=1)
    options.add_argument("--maximum", type=int, default=4)
    options.add_argument("--skip", type=int, default=0, help="intervals after an action that don't count")
    options.add_argument("--changes", help="CSV file of t,size: the size changed within the interval that ends at t")
    given = options.parse_args()
    if given.batch:
        with sys.stdin if given.batch == "-" else open(given.batch) as source:
            json.dump(batch(source), sys.stdout)
        return
    if not given.trace:
        options.error("a trace or --batch is needed")
    m = needed(given.n, given.m, ppm(given.ratio))
    changes = [t for t, _ in read(given.changes)] if given.changes else None
    for action in actions(read(given.trace), given.n, m, ppm(given.lower), ppm(given.upper), given.vcpus,
                          given.minimum, given.maximum, given.skip, changes):
        print(*action, sep=",")


if __name__ == "__main__":
    main()
