// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftParser
import SwiftSyntax

/// How one rule is taken out at one place.
struct Change: Codable {
    /// From 1 on.
    let rule: Int
    /// What the rule says.
    let sentence: String
    /// The file and line of the list that says so.
    let listed: String
    let declaration: String
    /// Narrower places within the declaration, outermost first.
    let within: [Selector]
    let target: Selector
    /// What stands there while the rule is out: Swift, in which `\(names)` is the smallest value that mentions the names,
    /// and `\()` all that stands there. `nothing`: the statement is left out.
    let replacement: String
}

/// Why a rule can't be taken out as its list says.
struct Misfit: Error {
    let message: String
}

/// Text around a piece of a file, which stays as it is in between.
struct Insertion {
    /// Bytes of the file.
    let range: Range<Int>
    let before: String
    let after: String
    /// Of two around the same piece the lower one is outside.
    let rank: Int
}

/// A change that found its place.
struct Fit {
    let declaration: Declaration
    let node: Syntax
    let insertions: [Insertion]
}

extension Change {
    func fit(in files: [SourceFile]) throws(Misfit) -> Fit {
        let declarations = files.flatMap(\.declarations).filter { $0.isCalled(declaration) }
        guard !declarations.isEmpty else {
            throw misfit("the core has no \(declaration). What holds the rule now? Name it in `in:`.")
        }
        var places = declarations.map { (declaration: $0, node: $0.node) }
        for selector in within + [target] {
            let found = places.flatMap { place in
                selector.matches(in: place.node, place.declaration.names).map {
                    (declaration: place.declaration, node: $0)
                }
            }
            guard found.count == 1 else {
                throw found.isEmpty ? nothing(of: selector, in: places) : several(of: selector, at: found)
            }
            places = found
        }
        guard let place = places.first else { throw misfit("the core has no \(declaration).") }
        return Fit(
            declaration: place.declaration, node: place.node,
            insertions: try insertions(at: place.node, of: place.declaration))
    }

    private func misfit(_ message: String) -> Misfit { Misfit(message: "\(listed): \(sentence): \(message)") }

    private func nothing(of selector: Selector, in places: [(declaration: Declaration, node: Syntax)]) -> Misfit {
        let known = places.reduce(into: Set<String>()) {
            $0.formUnion($1.declaration.names.mentions(of: $1.node, throughLocals: true))
        }
        let missing = selector.wanted.subtracting(known).sorted()
        let locals = places.reduce(into: Set<String>()) { $0.formUnion($1.declaration.names.locals) }
        let remedy =
            if let local = missing.first(where: locals.contains) {
                "‘\(local)’ is a local name: say what it is made of."
            } else if missing.isEmpty {
                "No single one mentions all of these names. Does the rule still stand there? Give fewer names, or where "
                    + "it stands now; if it was given up, take it out of the list."
            } else {
                "Nothing there mentions ‘\(missing.joined(separator: "’, ‘"))’. Does the rule still stand there? Give the "
                    + "name that it has now; if it was given up, take it out of the list."
            }
        let where_ = places.map { $0.declaration.source.place(of: $0.node) }.joined(separator: ", ")
        return misfit("`\(selector)` is not in \(declaration) (\(where_)). \(remedy)")
    }

    private func several(of selector: Selector, at found: [(declaration: Declaration, node: Syntax)]) -> Misfit {
        let places = found.map { "\($0.declaration.source.place(of: $0.node)) ‘\($0.node.oneLine)’" }
        return misfit(
            "`\(selector)` is \(found.count) places of \(declaration): \(places.joined(separator: " and ")). Add a name "
                + "that only one of them mentions, or !name for one that it does not.")
    }
}

// MARK: - What is inserted

extension Change {
    private var isOff: String { "ruleIsOff(\(rule))" }

    private func insertions(at node: Syntax, of declaration: Declaration) throws(Misfit) -> [Insertion] {
        if let list = node.as(IfExprSyntax.self)?.conditions ?? node.as(GuardStmtSyntax.self)?.conditions {
            return try conditions(list, of: declaration)
        }
        if node.is(OptionalBindingConditionSyntax.self) || node.is(MatchingPatternConditionSyntax.self) {
            guard replacement == "false" else { throw misfit("what binds a name can only become false") }
            return [Insertion(range: node.bytes, before: "!\(isOff), ", after: "", rank: 0)]
        }
        if let statement = node.as(CodeBlockItemSyntax.self) { return [try removal(of: statement, declaration)] }
        let new = try resolved(in: node, whole: node.enclosed, of: declaration)
        return [choice(new, at: node)]
    }

    private func choice(_ new: String, at node: Syntax) -> Insertion {
        Insertion(range: node.bytes, before: "(\(isOff) ? (\(new)) : (", after: "))", rank: 2)
    }

    private func conditions(
        _ list: ConditionElementListSyntax, of declaration: Declaration
    ) throws(Misfit) -> [Insertion] {
        if replacement == "false" {
            return [Insertion(range: Syntax(list).bytes, before: "!\(isOff), ", after: "", rank: 0)]
        }
        var tests: [Syntax] = []
        for element in list {
            guard case .expression(let test) = element.condition else {
                throw misfit("a condition that binds a name can only become false; point to one of its tests instead")
            }
            tests.append(Syntax(test))
        }
        let whole = "(\(tests.map(\.enclosed).joined(separator: " && ")))"
        let new = try resolved(in: Syntax(list), whole: whole, of: declaration)
        return tests.enumerated().map { index, test in choice(index == 0 ? new : "true", at: test) }
    }

    private func removal(of statement: CodeBlockItemSyntax, _ declaration: Declaration) throws(Misfit) -> Insertion {
        if statement.item.is(DeclSyntax.self) || statement.item.is(GuardStmtSyntax.self) {
            throw misfit("what follows needs this statement; point to a value or test in it")
        }
        let node = Syntax(statement)
        if replacement == "nothing" {
            return Insertion(range: node.bytes, before: "if !\(isOff) { ", after: " }", rank: 1)
        }
        let new = try resolved(in: node, whole: node.trimmedDescription, of: declaration)
        return Insertion(range: node.bytes, before: "if \(isOff) { \(new) } else { ", after: " }", rank: 1)
    }

    /// The replacement with each `\(names)` in it resolved.
    private func resolved(in node: Syntax, whole: String, of declaration: Declaration) throws(Misfit) -> String {
        var parts = replacement.components(separatedBy: "\\(")
        var result = parts.removeFirst()
        for part in parts {
            guard let end = part.firstIndex(of: ")") else { throw misfit("a `\\(` in its replacement is not closed") }
            let names = String(part[..<end])
            let value = names.isEmpty ? whole : try text(of: names, in: node, declaration)
            result += value + part[part.index(after: end)...]
        }
        guard !Parser.parse(source: node.is(CodeBlockItemSyntax.self) ? result : "_ = (\(result))").hasError else {
            throw misfit("‘\(result)’ is not Swift")
        }
        return result
    }

    private func text(of words: String, in node: Syntax, _ declaration: Declaration) throws(Misfit) -> String {
        let names = Set(words.split(separator: " ").map(String.init))
        var values: [Syntax] = []
        func collect(_ node: Syntax) {
            if node.isWhole { values.append(node) }
            node.children(viewMode: .sourceAccurate).forEach(collect)
        }
        collect(node)
        for throughLocals in [false, true] {
            let fitting = values.filter {
                names.isSubset(of: $0.mentions(declaration.names, throughLocals: throughLocals))
            }
            let texts = Set(fitting.withoutOuter.map(\.enclosed))
            if texts.count > 1 {
                throw misfit("`\\(\(words))` is more than one value: \(texts.sorted().joined(separator: " and "))")
            }
            if let text = texts.first { return text }
        }
        let parameters = declaration.names.locals(madeOf: names)
        guard let name = parameters.first, parameters.count == 1 else {
            throw misfit(
                "`\\(\(words))` is \(parameters.isEmpty ? "no value" : "more than one value") of what is replaced")
        }
        return name
    }
}

extension Syntax {
    var bytes: Range<Int> {
        positionAfterSkippingLeadingTrivia.utf8Offset..<endPositionBeforeTrailingTrivia.utf8Offset
    }

    /// In parentheses, where it is more than a name.
    fileprivate var enclosed: String {
        let text = trimmedDescription
        return text.allSatisfy { $0.isLetter || $0.isNumber || "_.$".contains($0) } ? text : "(\(text))"
    }

    /// Its beginning, on one line.
    var oneLine: String {
        let text = trimmedDescription.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return text.count > 80 ? text.prefix(77) + " …" : text
    }
}
