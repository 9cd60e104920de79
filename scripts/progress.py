#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows how far a build is: reads the compiler's lines `[n/m] …` and keeps one line of at most 80 columns with the steps,
what is being compiled, and how long it still takes. Where nobody looks (no terminal) it shows nothing.

  swift build 2>&1 | scripts/progress.py --steps 1540    steps that a first build takes in the end
"""

import argparse
import re
import sys
import time

STEP = re.compile(r"^\[(\d+)/(\d+)\] (.*)")
# Before so much of the work is done, an estimate would say more about the beginning than about the rest.
ENOUGH = 0.05


class Progress:
    """The compiler announces a module's files when it begins the module: until then its m is too small. So the total is
    what is expected, until the compiler knows of more."""

    def __init__(self, expected, started):
        self.expected, self.started = expected, started

    def line(self, text, now):
        """What to show after this line of the compiler's; `None` if it is no step."""
        found = STEP.match(text)
        if not found:
            return None
        done, known, what = int(found[1]), int(found[2]), found[3]
        total = max(self.expected, known, 1)
        return f"[{done}/{total}] {self.remaining(done / total, now)}{what}"[:79]

    def remaining(self, share, now):
        if share < ENOUGH:
            return ""
        seconds = (now - self.started) * (1 - share) / share
        if seconds < 10:
            return "a few seconds left  "
        if seconds < 60:
            return f"about {round(seconds / 10) * 10} s left  "
        return f"about {round(seconds / 60)} min left  "


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=0, help="the steps of a first build; 0: as the compiler says")
    options = parser.parse_args()
    progress = Progress(options.steps, time.monotonic())
    shown = sys.stdout.isatty()
    for text in sys.stdin:
        line = progress.line(text.rstrip("\n"), time.monotonic())
        if shown and line:
            print(f"\r\033[K{line}", end="", flush=True)
    if shown:
        print("\r\033[K", end="", flush=True)


if __name__ == "__main__":
    main()
