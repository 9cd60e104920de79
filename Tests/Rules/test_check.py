#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of check.py: what it finds, what it refuses, and what a rule that is out does."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import check  # noqa: E402

SCRATCH = check.PACKAGE / "tests"

GATE = """
struct Gate {
    var limit = 3
    var isOpen = true
    func admits(for guests: Int, at hour: Int) -> Bool {
        let wanted = guests + 1
        guard isOpen, wanted <= limit, hour >= Self.opens && hour < Self.closes else { return false }
        return true
    }
    static let opens = 8
    static let closes = 20
}
"""

LIST = """
## Gate
rule: a closed gate admits nobody
in: Gate.admits
test: isOpen -> true
rule: no more than the limit are admitted
in: Gate.admits
test: limit -> true
rule: nobody is admitted after closing time
in: Gate.admits
test: closes -> true
rule: who comes has company
in: Gate.admits
value: + -> \\(for)
"""

# The same for whoever calls it.
REWRITTEN = {
    "a comparison turned round": [("wanted <= limit", "limit >= wanted")],
    "more parentheses": [("wanted <= limit", "((wanted) <= (limit))")],
    "operands of && in another order": [
        ("hour >= Self.opens && hour < Self.closes", "hour < Self.closes && hour >= Self.opens")],
    "conditions in another order": [("isOpen, wanted <= limit", "wanted <= limit, isOpen")],
    "a comma for &&": [("hour >= Self.opens && hour < Self.closes", "hour >= Self.opens, hour < Self.closes")],
    "a local by another name": [("wanted", "all")],
    "a parameter by another name within": [("at hour", "at time"), ("hour >=", "time >="), ("hour <", "time <")],
    "other line breaks": [("isOpen, wanted <= limit", "isOpen,\n            wanted\n                <= limit")],
    "a comment between": [("wanted <= limit", "wanted <= /* what there is */ limit")],
    "an extension": [("    func admits", "}\nextension Gate {\n    func admits")],
    "a negation written twice": [("guard isOpen,", "guard !(!isOpen),")],
    "a variable for a test": [
        ("        guard isOpen, wanted <= limit,", "        let fits = wanted <= limit\n        guard isOpen, fits,")],
}


class Checker(unittest.TestCase):
    def setUp(self):
        SCRATCH.mkdir(parents=True, exist_ok=True)
        folder = tempfile.TemporaryDirectory(dir=SCRATCH)
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "core").mkdir()

    def look(self, source, text, name="Gate.swift", **options):
        (self.folder / "core" / name).write_text(source)
        (self.folder / "01-list.txt").write_text(text)
        found, changes = check.rules(self.folder)
        return check.places(changes, sources=self.folder / "core", **options)

    def refusal(self, source, text):
        places, misfits = self.look(source, text)
        self.assertEqual(len(misfits), 1, misfits)
        return misfits[0]


class Finding(Checker):
    def test_rules_are_found_where_they_stand(self):
        places, misfits = self.look(GATE, LIST)
        self.assertEqual(misfits, [])
        self.assertEqual(
            [(place["place"], place["text"]) for place in places],
            [("Gate.swift:7", "isOpen"), ("Gate.swift:7", "wanted <= limit"), ("Gate.swift:7", "hour < Self.closes"),
             ("Gate.swift:6", "guests + 1")])

    def test_a_harmless_rewriting_loses_no_rule(self):
        for what, replacements in REWRITTEN.items():
            source = GATE
            for old, new in replacements:
                source = source.replace(old, new)
            with self.subTest(what):
                self.assertNotEqual(source, GATE)
                places, misfits = self.look(source, LIST)
                self.assertEqual((misfits, len(places)), ([], 4))

    def test_a_declaration_is_found_in_whatever_file_it_stands(self):
        places, misfits = self.look(GATE, LIST, name="Door.swift")
        self.assertEqual((misfits, places[0]["place"]), ([], "Door.swift:7"))

    def test_a_condition_that_is_gone_is_named(self):
        message = self.refusal(GATE.replace("wanted <= limit, ", ""), LIST)
        self.assertIn("01-list.txt:8: no more than the limit are admitted: `test: limit` is not in Gate.admits", message)
        self.assertIn("(Gate.swift:5)", message)
        self.assertIn("Nothing there mentions ‘limit’", message)

    def test_a_declaration_that_is_gone_is_named(self):
        _, misfits = self.look(GATE.replace("admits", "lets"), LIST)
        self.assertEqual(len(misfits), 4)
        self.assertIn("the core has no Gate.admits", misfits[0])

    def test_two_places_are_both_named(self):
        message = self.refusal(GATE.replace("return true", "return limit < 9"), LIST)
        self.assertIn("`test: limit` is 2 places of Gate.admits", message)
        self.assertIn("Gate.swift:7 ‘wanted <= limit’ and Gate.swift:8 ‘limit < 9’", message)

    def test_of_two_overloads_the_labels_tell(self):
        source = GATE + "extension Gate { func admits(_ name: String) -> Bool { isOpen } }\n"
        short = "## Gate\nrule: a closed gate admits nobody\nin: Gate.admits\nresult: isOpen -> true\n"
        both = "## Gate\nrule: a closed gate admits nobody\nin: Gate.admits\ntest: isOpen -> true\n"
        self.assertEqual(self.look(source, short)[0][0]["place"], "Gate.swift:13")
        self.assertEqual(self.look(source, both.replace("admits\n", "admits(for:at:)\n"))[0][0]["place"], "Gate.swift:7")

    def test_a_name_that_one_does_not_mention_tells_two_apart(self):
        source = GATE.replace("return true", "return limit < 9")
        places, misfits = self.look(source, LIST.replace("test: limit", "test: limit !9"))
        self.assertEqual((misfits, places[1]["text"]), ([], "wanted <= limit"))

    def test_a_place_within_a_place(self):
        source = GATE.replace("return true", "return limit < 9")
        text = "## Gate\nrule: r\nin: Gate.admits / guard: isOpen\ntest: limit -> true\n"
        self.assertEqual(self.look(source, text)[0][0]["text"], "wanted <= limit")


class Refusing(Checker):
    def test_local_names_find_nothing(self):
        self.assertIn("‘wanted’ is a local name", self.refusal(GATE, LIST.replace("test: limit", "test: wanted")))

    def test_what_binds_can_only_become_false(self):
        source = "func f(a: Int?) { if let b = a { print(b) } }"
        text = "## F\nrule: r\nin: f\ntest: a -> {}\n"
        self.assertIn("can only become false", self.refusal(source, text.format("true")))
        self.assertEqual(self.look(source, text.format("false"))[1], [])

    def test_what_later_lines_need_stays(self):
        text = "## Gate\nrule: r\nin: Gate.admits\nstatement: {} -> nothing\n"
        for names in ["+", "isOpen"]:
            self.assertIn("what follows needs this statement", self.refusal(GATE, text.format(names)))

    def test_a_replacement_is_swift_and_all_of_it_is_known(self):
        text = "## Gate\nrule: r\nin: Gate.admits\nvalue: + -> {}\n"
        self.assertIn("is not Swift", self.refusal(GATE, text.format("1 +")))
        self.assertIn("is no value of what is replaced", self.refusal(GATE, text.format("\\(closes)")))

    def test_lines_that_say_nothing_are_named(self):
        for line in ["in: Gate.admits\ntests: isOpen -> true", "in: Gate.admits\ntest: isOpen", "test: isOpen -> true"]:
            with self.subTest(line), self.assertRaisesRegex(check.NotUnderstood, r"01-list.txt:[34]: not understood"):
                self.look(GATE, f"## Gate\nrule: r\n{line}\n")
        with self.assertRaisesRegex(check.NotUnderstood, "nothing says how this rule is taken out"):
            self.look(GATE, "## Gate\nrule: r\n")


PROGRAM = """
enum Kind { case small, large, none }
struct Box {
    var size = 5
    var name: String? = "box"
    func isLarge(than other: Int) -> Bool { size > other && size < 100 }
    func kind() -> Kind {
        guard size > 0 else { return .none }
        switch size {
        case 0...9: return .small
        default: return .large
        }
    }
    func label() -> String {
        if let name, name.count > 2 { return name }
        return "nameless"
    }
    mutating func grow(by step: Int, _ most: Int) {
        let wanted = min(size + step, most)
        size = wanted
    }
    func isPlain(_ other: Int) -> Bool {
        if size == other || other < 0, size > 1 { return false }
        return true
    }
    func first() -> String {
        for place in 0..<3 {
            guard place == size else { continue }
            return "found"
        }
        return "none"
    }
}
var box = Box()
box.grow(by: 3, 7)
print(box.size, box.isLarge(than: 6), box.kind(), box.label(), box.isPlain(7), box.isPlain(-1), box.isPlain(1), box.first())
"""

# What the program says with a rule out; with all rules in it says IN.
IN = "7 true small box false false true none"
OUT = [
    ("in: Box.grow\nvalue: min -> \\(+)", "8 true small box true false true none"),
    ("in: Box.grow\nstatement: size !min -> \\(size) = 9", "9 true small box true false true none"),
    ("in: Box.grow\nstatement: size !min -> nothing", "5 false small box true false true none"),
    ("in: Box.grow\nstatement: size !min -> \\(); size += \\(by)", "10 true large box true false true none"),
    ("in: Box.isLarge\nresult: size -> !\\()", "7 false small box false false true none"),
    ("in: Box.isLarge\ntest: 100 -> size == 1", "7 false small box false false true none"),
    ("in: Box.kind\nguard: -> false", "7 true none box false false true none"),
    ("in: Box.kind / case: 0\nresult: small -> .none", "7 true none box false false true none"),
    ("in: Box.label\nif: name -> false", "7 true small nameless false false true none"),
    ("in: Box.label\ntest: count -> false", "7 true small nameless false false true none"),
    ("in: Box.label\nvalue: 2 -> 3", "7 true small nameless false false true none"),
    ("in: Box.isPlain\nif: size -> true", "7 true small box false false false none"),
    ("in: Box.isPlain\nif: size -> !\\()", "7 true small box true true false none"),
    ("in: Box.isPlain\ntest: == -> false", "7 true small box true false true none"),
    ("in: Box.isPlain\ntest: == || -> false", "7 true small box true true true none"),
    ("in: Box.isPlain\ntest: 1 -> false", "7 true small box true true true none"),
    ("in: Box.isPlain\nvalue: 1 -> 7", "7 true small box true true true none"),
    ("in: Box.first\nguard: size -> true", "7 true small box false false true found"),
    ("in: Box.first\nstatement: continue -> return \"left\"", "7 true small box false false true left"),
]


class Switching(Checker):
    def test_a_rule_that_is_out_does_what_its_list_says_and_the_others_stay(self):
        text = "## Box\n" + "".join(f"rule: {number}\n{change}\n" for number, (change, _) in enumerate(OUT, 1))
        copies = self.folder / "copies"
        copies.mkdir()
        places, misfits = self.look(PROGRAM, text, name="main.swift", copies=copies)
        self.assertEqual((misfits, len(places)), ([], len(OUT)))
        (copies / "Switch.swift").write_text(check.SWITCH)
        subprocess.run(
            ["swiftc", "-swift-version", "6", "-Onone", copies / "main.swift",
             copies / "Switch.swift", "-o", copies / "program"], check=True)
        for number, (change, expected) in enumerate([("all rules in", IN), *OUT]):
            with self.subTest(change):
                done = subprocess.run(
                    [copies / "program"], env={**os.environ, "RULE_OFF": str(number)}, capture_output=True, text=True,
                    timeout=20)
                self.assertEqual((done.stdout.strip(), done.returncode), (expected, 0), done.stderr)

    def test_what_can_not_be_found_writes_nothing(self):
        copies = self.folder / "copies"
        copies.mkdir()
        _, misfits = self.look(GATE.replace("isOpen,", ""), LIST, copies=copies)
        self.assertEqual((len(misfits), list(copies.iterdir())), (1, []))


class Core(unittest.TestCase):
    def test_every_rule_of_the_scheduler_keeps_its_place_when_its_core_is_rewritten(self):
        _, changes = check.rules()
        places, misfits = check.places(changes)
        again, lost = check.places(changes, reading="rewritten")
        self.assertEqual((misfits, lost), ([], []))
        for before, after in zip(places, again):
            self.assertEqual(before["essence"], after["essence"], before["listed"])
        # The rewriting is one: nothing is called what it was called, no comparison looks the way it did.
        changed = sum(before["text"] != after["text"] for before, after in zip(places, again))
        self.assertGreater(changed, len(places) // 2)

    def test_every_rule_of_the_scheduler_is_missed_when_its_piece_of_the_core_is_gone(self):
        _, changes = check.rules()
        places, misfits = check.places(changes, reading="removed")
        self.assertEqual(places, [])
        for change, misfit in zip(changes, misfits, strict=True):
            self.assertIn(f"{change['listed']}: {change['sentence']}: ", misfit)

    def test_only_the_build_folder_is_written_to(self):
        def state():
            found = {}
            for folder, inner, files in os.walk(check.ROOT):
                inner[:] = [name for name in inner if name not in (".build", ".git")]
                for path in (pathlib.Path(folder) / name for name in files):
                    found[path] = (path.stat().st_mtime_ns, path.stat().st_size)
            return found

        before = state()
        SCRATCH.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
            package = pathlib.Path(folder)
            check.prepare(check.rules()[1], package)
            self.assertEqual(before, state())
            core = (package / check.CORE).rglob("*.swift")
            switched = sum(path.read_text().count("ruleIsOff(") for path in core)
            self.assertGreater(switched, len(check.rules()[1]))


if __name__ == "__main__":
    unittest.main()
