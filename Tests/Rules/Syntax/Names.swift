// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax

/// What pieces of one declaration mention, whatever its local names are called.
///
/// A mention is a token: the name of a type, member, function, case or label, a number, an operator. After a period a name
/// counts with the period as well (`.tenant`). A local name (a variable, a pattern's, a closure's parameter, a parameter
/// whose label is another) is no mention: it stands for what it was made of, for who looks through it.
struct Names {
    private let origins: [String: Set<String>]

    init(of declaration: Syntax) {
        let finder = LocalFinder(in: declaration)
        let bare = Names(origins: finder.made.mapValues { _ in [] })
        origins = finder.made.mapValues { made in
            made.words.union(made.nodes.flatMap { bare.mentions(of: $0, throughLocals: false) })
        }
    }

    private init(origins: [String: Set<String>]) { self.origins = origins }

    var locals: Set<String> { Set(origins.keys) }

    /// The parameters and variables that were made of something that mentions all of `names`.
    func locals(madeOf names: Set<String>) -> [String] {
        origins.filter { names.isSubset(of: $0.value) }.map(\.key).sorted()
    }

    func mentions(of node: Syntax, throughLocals: Bool) -> Set<String> {
        var result: Set<String> = []
        for token in node.tokens(viewMode: .sourceAccurate) {
            switch role(of: token) {
            case .binding, .text: continue
            case .local: if throughLocals { result.formUnion(origins[token.text] ?? []) }
            case .name:
                result.insert(token.text)
                if token.isMember { result.insert("." + token.text) }
            }
        }
        return result
    }

    /// Whether the token is the name of a local thing: where it is bound, or where it is used.
    func isLocal(_ token: TokenSyntax) -> Bool {
        guard origins[token.text] != nil else { return false }
        switch role(of: token) {
        case .binding, .local: return true
        case .name, .text: return false
        }
    }

    private enum Role { case binding, local, name, text }

    private func role(of token: TokenSyntax) -> Role {
        if case .stringSegment = token.tokenKind { return .text }
        guard let parent = token.parent else { return .name }
        if let pattern = parent.as(IdentifierPatternSyntax.self) {
            // `if let size` uses the name that it binds.
            let isUse = pattern.parent?.as(OptionalBindingConditionSyntax.self).map { $0.initializer == nil } ?? false
            return isUse ? (origins[token.text] == nil ? .name : .local) : .binding
        }
        if parent.is(FunctionParameterSyntax.self) || parent.is(ClosureParameterSyntax.self)
            || parent.is(ClosureShorthandParameterSyntax.self)
        {
            return .binding
        }
        guard parent.is(DeclReferenceExprSyntax.self), !token.isMember, origins[token.text] != nil else { return .name }
        return .local
    }
}

extension TokenSyntax {
    fileprivate var isMember: Bool { previousToken(viewMode: .sourceAccurate)?.tokenKind == .period }
}

/// The local names of a declaration, and what each was made of.
private final class LocalFinder: SyntaxVisitor {
    struct Made {
        var nodes: [Syntax] = []
        var words: Set<String> = []
    }

    private(set) var made: [String: Made] = [:]
    private let root: Syntax

    init(in root: Syntax) {
        self.root = root
        super.init(viewMode: .sourceAccurate)
        walk(root)
    }

    private func bind(_ pattern: some SyntaxProtocol, to nodes: [Syntax]) {
        if let pattern = pattern.as(IdentifierPatternSyntax.self) {
            made[pattern.identifier.text, default: Made()].nodes += nodes
        } else {
            for child in pattern.children(viewMode: .sourceAccurate) { bind(child, to: nodes) }
        }
    }

    override func visit(_ node: FunctionParameterSyntax) -> SyntaxVisitorContinueKind {
        // A parameter that is its own label is part of what callers know.
        guard let name = node.secondName else { return .visitChildren }
        let words = Set(node.type.tokens(viewMode: .sourceAccurate).map(\.text)).union([node.firstName.text])
        made[name.text, default: Made()].words.formUnion(words.subtracting(["_"]))
        return .visitChildren
    }

    override func visit(_ node: ClosureParameterSyntax) -> SyntaxVisitorContinueKind {
        made[(node.secondName ?? node.firstName).text, default: Made()].nodes += []
        return .visitChildren
    }

    override func visit(_ node: ClosureShorthandParameterSyntax) -> SyntaxVisitorContinueKind {
        made[node.name.text, default: Made()].nodes += []
        return .visitChildren
    }

    override func visit(_ node: OptionalBindingConditionSyntax) -> SyntaxVisitorContinueKind {
        if let value = node.initializer?.value { bind(node.pattern, to: [Syntax(value)]) }
        return .visitChildren
    }

    override func visit(_ node: PatternBindingSyntax) -> SyntaxVisitorContinueKind {
        guard node.parent?.parent?.id != root.id else { return .visitChildren }
        let value = node.initializer?.value
        if let names = node.pattern.as(TuplePatternSyntax.self)?.elements.map(\.pattern),
            let values = value?.as(TupleExprSyntax.self)?.elements.map(\.expression), names.count == values.count
        {
            for (name, value) in zip(names, values) { bind(name, to: [Syntax(value)]) }
        } else {
            bind(node.pattern, to: value.map { [Syntax($0)] } ?? [])
        }
        return .visitChildren
    }

    override func visit(_ node: ForStmtSyntax) -> SyntaxVisitorContinueKind {
        bind(node.pattern, to: [Syntax(node.sequence)])
        return .visitChildren
    }

    override func visit(_ node: MatchingPatternConditionSyntax) -> SyntaxVisitorContinueKind {
        bind(node.pattern, to: [Syntax(node.pattern), Syntax(node.initializer.value)])
        return .visitChildren
    }

    override func visit(_ node: SwitchCaseItemSyntax) -> SyntaxVisitorContinueKind {
        bind(node.pattern, to: [Syntax(node.pattern)])
        return .visitChildren
    }
}
