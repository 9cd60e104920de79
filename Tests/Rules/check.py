#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Takes out one rule of the Scheduler's core after another and runs the core's tests: some must fail.

The *.txt files beside this one say of each rule how it is taken out: in which file below Services/Scheduler/Core which
text ("-") becomes which ("+"). OFF is true while the rule is out; a text stands exactly once in its file, or as often as
"times:" says. All rules are built into one copy of the core, each with a switch, so that nothing is built anew between
two of them. Prints what it finds and, of all rules, writes a table to docs/rules.md; exits with 1 if one can be taken
out unnoticed.

    python3 Tests/Rules/check.py                  # all, six minutes on two cores
    python3 Tests/Rules/check.py --only cooldown  # those with the word in their name
"""

import argparse
import collections
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGE = ROOT / ".build" / "rules"
CORE = pathlib.Path("Services/Scheduler/Core")
# The slow ones, which run only if the others notice nothing.
SLOW = "PropertyTests|ReferenceTests|ManagedPolicyTests|DemandReplayTests"

MANIFEST = """// swift-tools-version: 6.2
import PackageDescription
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"), .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]
let package = Package(name: "rules", platforms: [.macOS(.v26)], targets: [
    .target(name: "ResourceModel", path: "Shared/ResourceModel", swiftSettings: settings),
    .target(name: "SchedulerCore", dependencies: ["ResourceModel"], path: "Services/Scheduler/Core",
        swiftSettings: settings),
    .target(name: "TestSupport", path: "Shared/TestSupport", sources: ["SeededGenerator.swift", "Eventually.swift"],
        swiftSettings: settings),
    .testTarget(name: "SchedulerCoreTests", dependencies: ["SchedulerCore", "ResourceModel", "TestSupport"],
        path: "Tests/SchedulerCoreTests", exclude: ["Fixtures"], swiftSettings: settings),
])
"""

HEADER = """# What each rule of the Scheduler is held by

Made by `make rules` on {date} from commit `{commit}`: each of {count} rules was taken out of the Scheduler's core by
itself, as `Tests/Rules` says, and the core's tests were run. Of those that fail without it, the one that
fails for the fewest other rules is named.

"""

SWITCH = """import Glibc

private let ruleThatIsOff = getenv("RULE_OFF").flatMap { unsafe Int(String(cString: $0)) } ?? 0

/// Whether the rule of this number is taken out.
@inline(never)
func ruleIsOff(_ number: Int) -> Bool { ruleThatIsOff == number }
"""


def rules():
    """Section, name and changes (file, text, replacement, times) of each rule, in order."""
    result, section, file, times, find = [], "", None, 1, None
    lines = [
        (f"{path.name}:{number}", line) for path in sorted((ROOT / "Tests/Rules").glob("*.txt"))
        for number, line in enumerate(path.read_text().splitlines(), 1)]
    for place, line in lines:
        mark, _, rest = line.partition(" ")
        if mark == "##":
            section = rest
        elif mark == "rule:":
            result.append((section, rest, []))
        elif mark == "in:":
            file, times = CORE / rest, 1
        elif mark == "times:":
            times = int(rest)
        elif mark == "-":
            find = rest.replace("\\n", "\n")
        elif mark == "+":
            result[-1][2].append((file, find, rest.replace("\\n", "\n"), times))
        elif line:
            sys.exit(f"{place}: not understood: {line}")
    return result


def prepare(all_rules):
    """Copies what is needed, with all switches built in."""
    for path in [CORE, "Shared/ResourceModel", "Shared/TestSupport", "Tests/SchedulerCoreTests", "Tests/Reference"]:
        shutil.rmtree(PACKAGE / path, ignore_errors=True)
        shutil.copytree(ROOT / path, PACKAGE / path)
    (PACKAGE / "Package.swift").write_text(MANIFEST)
    (PACKAGE / CORE / "RuleSwitch.swift").write_text(SWITCH)
    texts, faults = {}, []
    for number, (_, name, changes) in enumerate(all_rules, 1):
        for file, find, replacement, times in changes:
            text = texts.get(file) or (PACKAGE / file).read_text()
            if text.count(find) != times:
                faults.append(f"{name}: {file} has '{find}' {text.count(find)} times, not {times}")
                continue
            texts[file] = text.replace(find, re.sub(r"\bOFF\b", f"ruleIsOff({number})", replacement))
    if faults:
        sys.exit("\n".join(faults))
    for file, text in texts.items():
        (PACKAGE / file).write_text(text)


def run(number, arguments, seconds):
    """The names of the tests that fail with this rule out; a run that hangs or crashes counts as one."""
    binary = PACKAGE / ".build/release/rulesPackageTests.xctest"
    environment = {**os.environ, "RULE_OFF": str(number)}
    try:
        done = subprocess.run(
            [binary, "--testing-library", "swift-testing", *arguments], env=environment, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return [f"(no end within {seconds} s)"]
    text = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)
    failed = set(re.findall(r'^✘ Test "(.+?)" ', text, re.M))
    return sorted(failed) or ([] if done.returncode == 0 else [f"(ended with {done.returncode})"])


def commit():
    def git(*arguments):
        return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True).stdout.strip()

    # Its own report is no change.
    changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs")
    return git("rev-parse", "--short", "HEAD") + ("-changed" if changed else "")


def table(results):
    """Each rule with the test that says most about it: of those that fail, the one that fails for the fewest others."""
    often = collections.Counter(test for _, _, failed in results for test in failed)
    lines, section = ["| rule | tests that fail without it |", "|---|---|"], None
    for heading, name, failed in results:
        if heading != section:
            section = heading
            lines.append(f"| **{heading}** | |")
        nearest = min(failed, key=lambda test: (often[test], test), default="**none**")
        lines.append(f"| {name} | {nearest}{f' and {len(failed) - 1} more' if len(failed) > 1 else ''} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="only rules with this word in their name")
    parser.add_argument("--fits", action="store_true", help="only look whether every rule stands where it is looked for")
    options = parser.parse_args()
    started, all_rules = time.monotonic(), rules()
    prepare(all_rules)
    if options.fits:
        return 0
    print(f"{len(all_rules)} rules; building the core with a switch for each", flush=True)
    build = subprocess.run(
        ["swift", "build", "-c", "release", "--build-tests", "-Xswiftc", "-enable-testing"], cwd=PACKAGE,
        capture_output=True, text=True)
    if build.returncode != 0:
        sys.exit("\n".join(line for line in build.stdout.splitlines() if "error:" in line) or build.stderr)
    if broken := run(0, [], 900):
        sys.exit(f"with all rules in, tests fail: {broken}")

    def check(item):
        number = item[0]
        return item, run(number, ["--skip", SLOW], 300) or run(number, ["--filter", SLOW], 600)

    chosen = [item for item in enumerate(all_rules, 1) if options.only.lower() in item[1][1].lower()]
    results, section = [], None
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for (_, (heading, name, _)), failed in pool.map(check, chosen):
            if heading != section:
                section = heading
                print(f"\n{heading}", flush=True)
            print(f"  {len(failed) or 'NONE':>4}  {name}", flush=True)
            results.append((heading, name, failed))
    if len(results) == len(all_rules):
        (ROOT / "docs/rules.md").write_text(HEADER.format(
            count=len(results), date=time.strftime("%d %B %Y", time.gmtime()), commit=commit()) + table(results))
    unnoticed = [name for _, name, failed in results if not failed]
    minutes = (time.monotonic() - started) / 60
    print(f"\nWithout {len(results) - len(unnoticed)} of {len(results)} rules some test fails ({minutes:.0f} min)")
    for name in unnoticed:
        print(f"  no test notices that this is out: {name}")
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
