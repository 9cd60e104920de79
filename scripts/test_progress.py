# SPDX-License-Identifier: Apache-2.0
"""What the line above a build says. `python3 scripts/test_progress.py`; `make test` runs it."""

import subprocess
import sys
import unittest
from pathlib import Path

from progress import Progress


class ProgressTests(unittest.TestCase):
    def test_the_expected_total_counts_until_the_compiler_knows_of_more(self):
        progress = Progress(expected=1000, started=100)
        self.assertEqual(progress.line("[100/250] Compiling A a.swift", 160), "[100/1000] about 9 min left  Compiling A a.swift")
        self.assertEqual(progress.line("[600/1200] Compiling B b.swift", 400), "[600/1200] about 5 min left  Compiling B b.swift")

    def test_it_counts_down_in_words_that_promise_no_more_than_is_known(self):
        progress = Progress(expected=0, started=0)
        self.assertEqual(progress.line("[80/100] Linking ebb", 160), "[80/100] about 40 s left  Linking ebb")
        self.assertEqual(progress.line("[99/100] Linking ebb", 160), "[99/100] a few seconds left  Linking ebb")

    def test_the_beginning_gives_no_estimate(self):
        self.assertEqual(Progress(0, 0).line("[1/100] Write sources", 3), "[1/100] Write sources")

    def test_a_line_fits_a_narrow_terminal(self):
        line = Progress(0, 0).line("[50/100] Compiling Module " + "x" * 200, 60)
        self.assertEqual(len(line), 79)

    def test_what_is_no_step_is_not_shown(self):
        progress = Progress(0, 0)
        self.assertIsNone(progress.line("warning: something", 1))
        self.assertIsNone(progress.line("Build complete! (3.1s)", 1))
        self.assertEqual(progress.line("[0/0] Planning build", 1), "[0/1] Planning build")

    def test_it_is_quiet_without_a_terminal(self):
        program = Path(__file__).with_name("progress.py")
        ended = subprocess.run(
            [sys.executable, str(program), "--steps", "10"], input="[1/2] Compiling A\n[2/2] Linking B\n",
            capture_output=True, text=True, check=True)
        self.assertEqual((ended.stdout, ended.stderr), ("", ""))


if __name__ == "__main__":
    unittest.main()
