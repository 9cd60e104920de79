#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Takes out one rule of the Scheduler's core after another and runs the core's tests: some must fail.

The *.txt files beside this one say of each rule in which declaration it stands, which test, value or statement there
holds it, and what becomes of that while the rule is out; HANDBOOK.md says how they are read. All rules are built into one
copy of the core, each with a switch, so that nothing is built anew between two of them. Prints what it finds and, of all
rules, writes a table to .build/rules/rules.md; exits with 1 if one can be taken out unnoticed.

    python3 Tests/Rules/check.py                  # all, six minutes on two cores
    python3 Tests/Rules/check.py --write          # the same; the table becomes docs/rules.md
    python3 Tests/Rules/check.py --only cooldown  # those with the word in their name
    python3 Tests/Rules/check.py --fits           # only look whether each rule is found, a few seconds
"""

import argparse
import collections
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
LISTS = ROOT / "Tests/Rules"
PACKAGE = ROOT / ".build" / "rules"
CORE = pathlib.Path("Services/Scheduler/Core")
COPIED = (
    CORE, "Shared/ResourceModel", "Shared/Contracts", "Shared/TestSupport", "Tests/SchedulerCoreTests",
    "Tests/Reference")
# The slow ones, which run only if the others notice nothing.
SLOW = "PropertyTests|ReferenceTests|ManagedPolicyTests|DemandReplayTests"
KINDS = ("test", "if", "guard", "value", "result", "statement", "case")

MANIFEST = """// swift-tools-version: 6.2
import PackageDescription
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"), .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]
let package = Package(name: "rules", platforms: [.macOS(.v26)], targets: [
    .target(name: "ResourceModel", path: "Shared/ResourceModel", swiftSettings: settings),
    .target(name: "Contracts", dependencies: ["ResourceModel"], path: "Shared/Contracts", swiftSettings: settings),
    .target(name: "SchedulerCore", dependencies: ["ResourceModel", "Contracts"], path: "Services/Scheduler/Core",
        swiftSettings: settings),
    .target(name: "TestSupport", dependencies: ["ResourceModel"], path: "Shared/TestSupport",
        sources: ["Eventually.swift", "Fuzz.swift"], swiftSettings: settings),
    .testTarget(name: "SchedulerCoreTests",
        dependencies: ["SchedulerCore", "ResourceModel", "Contracts", "TestSupport"],
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


class NotUnderstood(Exception):
    """A line of the lists, or the tool that looks for their rules, can't be used; says why."""


def rules(folder=LISTS):
    """Section and sentence of each rule, and all changes, in order."""
    found, changes, section, place = [], [], "", None
    for path in sorted(folder.glob("*.txt")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            here = f"{path.name}:{number}"
            mark, _, rest = line.partition(" ")
            if mark == "##":
                section, place = rest, None
            elif mark == "rule:":
                found.append((section, rest))
                place = None
            elif mark == "in:":
                declaration, *within = rest.split(" / ")
                place = declaration, [selector(part, here) for part in within]
            elif line and mark != "#":
                names, arrow, replacement = line.partition(" -> ")
                if not arrow or not found or not place:
                    raise NotUnderstood(f"{here}: not understood: {line}\nWhat takes a rule out is below its `in:` and "
                                        "reads `test: names -> false`; HANDBOOK.md says more.")
                changes.append({
                    "rule": len(found), "sentence": found[-1][1], "listed": here, "declaration": place[0],
                    "within": place[1], "target": selector(names, here), "replacement": replacement})
    for number, (_, sentence) in enumerate(found, 1):
        if not any(change["rule"] == number for change in changes):
            raise NotUnderstood(f"{sentence}: nothing says how this rule is taken out")
    return found, changes


def selector(text, here):
    kind, colon, names = text.partition(":")
    if not colon or kind not in KINDS:
        raise NotUnderstood(f"{here}: not understood: {text}\nIt begins with one of: {', '.join(KINDS)}.")
    return {"kind": kind, "names": names.strip()}


def tool():
    """The program that finds places in Swift sources; built where it has changed, in a few seconds."""
    sources = sorted((LISTS / "Syntax").glob("*.swift"))
    compiler = subprocess.run(["swiftc", "-print-target-info"], capture_output=True, text=True, check=True).stdout
    # The compiler's own copy of swift-syntax: nothing is downloaded and nothing built for it.
    libraries = pathlib.Path(json.loads(compiler)["paths"]["runtimeResourcePath"]) / "host"
    if not (libraries / "SwiftSyntax.swiftmodule").exists():
        raise NotUnderstood(f"this Swift has no SwiftSyntax in {libraries}; the toolchains of swift.org have it")
    digest = hashlib.sha256("\0".join([compiler, *(path.read_text() for path in sources)]).encode()).hexdigest()
    binary = PACKAGE / "syntax" / digest[:16]
    if not binary.exists():
        shutil.rmtree(binary.parent, ignore_errors=True)
        binary.parent.mkdir(parents=True)
        fresh = binary.with_suffix(".new")
        done = subprocess.run(
            ["swiftc", "-swift-version", "6", "-warnings-as-errors", "-module-name", "RuleSyntax", "-I", libraries, "-L",
             libraries, "-Xlinker", "-rpath", "-Xlinker", libraries, *sources, "-o", fresh],
            capture_output=True, text=True)
        if done.returncode != 0:
            raise NotUnderstood(done.stderr)
        fresh.rename(binary)
    return binary


def places(changes, sources=ROOT / CORE, copies=None, reading="asIs"):
    """Where each change stands, and what misfits; with `copies` their files are written there with all switches.

    `reading`: "asIs", "rewritten" (as a harmless rewriting leaves the sources) or "removed" (for each change, without
    the piece that it is about)."""
    request = {"sources": str(sources), "copies": copies and str(copies), "reading": reading, "changes": changes}
    done = subprocess.run([tool()], input=json.dumps(request), capture_output=True, text=True)
    if done.returncode != 0:
        raise NotUnderstood(done.stderr)
    answer = json.loads(done.stdout)
    return answer["places"], answer["misfits"]


def prepare(changes, package=PACKAGE):
    """Copies what is needed, with all switches built in. What is as it was keeps its date, and is not built again."""
    fresh = package / "fresh"
    shutil.rmtree(fresh, ignore_errors=True)
    for path in COPIED:
        shutil.copytree(ROOT / path, fresh / path)
    (fresh / "Package.swift").write_text(MANIFEST)
    (fresh / CORE / "RuleSwitch.swift").write_text(SWITCH)
    places(changes, copies=fresh / CORE)
    wanted = {path.relative_to(fresh) for path in fresh.rglob("*") if path.is_file()}
    there = {path.relative_to(package) for folder in COPIED for path in (package / folder).rglob("*") if path.is_file()}
    for path in there - wanted:
        (package / path).unlink()
    for path in wanted:
        if not (package / path).exists() or (package / path).read_bytes() != (fresh / path).read_bytes():
            (package / path).parent.mkdir(parents=True, exist_ok=True)
            (fresh / path).replace(package / path)
    shutil.rmtree(fresh)


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
    parser.add_argument("--fits", action="store_true", help="only look whether every rule is found")
    parser.add_argument("--write", action="store_true", help="copy the table of all rules to docs/rules.md")
    options = parser.parse_args()
    started = time.monotonic()
    try:
        all_rules, changes = rules()
        _, misfits = places(changes)
        if misfits:
            sys.exit("\n".join(misfits))
        if options.fits:
            print(f"{len(all_rules)} rules of the Scheduler are found ({time.monotonic() - started:.0f} s)")
            return 0
        prepare(changes)
    except NotUnderstood as error:
        sys.exit(str(error))
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
        for (_, (heading, name)), failed in pool.map(check, chosen):
            if heading != section:
                section = heading
                print(f"\n{heading}", flush=True)
            print(f"  {len(failed) or 'NONE':>4}  {name}", flush=True)
            results.append((heading, name, failed))
    if len(results) == len(all_rules):
        report = PACKAGE / "rules.md"
        report.write_text(HEADER.format(
            count=len(results), date=time.strftime("%d %B %Y", time.gmtime()), commit=commit()) + table(results))
        if options.write:
            shutil.copyfile(report, ROOT / "docs/rules.md")
        print(f"\nThe table is in {(ROOT / 'docs/rules.md' if options.write else report).relative_to(ROOT)}")
    unnoticed = [name for _, name, failed in results if not failed]
    minutes = (time.monotonic() - started) / 60
    print(f"\nWithout {len(results) - len(unnoticed)} of {len(results)} rules some test fails ({minutes:.0f} min)")
    for name in unnoticed:
        print(f"  no test notices that this is out: {name}")
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
