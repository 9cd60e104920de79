// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax

/// What a rule points to within a declaration: the smallest piece of a kind that mentions all of some names.
struct Selector: Codable, CustomStringConvertible {
    enum Kind: String, Codable {
        /// Something that is true or false: one condition of several, an operand of && or ||, a comparison.
        case test
        /// A whole `if` or `guard`.
        case `if`, `guard`
        /// Any value that is read.
        case value
        /// What a function returns.
        case result
        case statement
        /// A branch of a `switch`, to look in.
        case `case`
    }

    let kind: Kind
    /// Separated by spaces; one with `!` before it must not be mentioned.
    let names: String

    var description: String { "\(kind.rawValue): \(names)" }

    private var words: [String] { names.split(separator: " ").map(String.init) }
    private func isExclusion(_ word: String) -> Bool { word.count > 1 && word.first == "!" && word != "!=" }
    var wanted: Set<String> { Set(words.filter { !isExclusion($0) }) }
    private var excluded: Set<String> { Set(words.filter(isExclusion).map { String($0.dropFirst()) }) }

    /// The smallest pieces that fit. Those that mention the names themselves win over those that do through a local.
    func matches(in root: Syntax, _ names: Names) -> [Syntax] {
        let candidates = candidates(in: root)
        for throughLocals in [false, true] {
            let fitting = candidates.filter { node in
                let mentions = node.mentions(names, throughLocals: throughLocals)
                return wanted.isSubset(of: mentions) && excluded.isDisjoint(with: mentions)
            }
            if !fitting.isEmpty { return fitting.withoutOuter }
        }
        return []
    }

    private func candidates(in root: Syntax) -> [Syntax] {
        var result: [Syntax] = []
        func collect(_ node: Syntax) {
            if node.isCandidate(for: kind) { result.append(node) }
            node.children(viewMode: .sourceAccurate).forEach(collect)
        }
        collect(root)
        return result
    }
}

extension Syntax {
    /// What it mentions; an argument mentions its label.
    func mentions(_ names: Names, throughLocals: Bool) -> Set<String> {
        var result = names.mentions(of: self, throughLocals: throughLocals)
        if let label = outermost.parent?.as(LabeledExprSyntax.self)?.label { result.insert(label.text) }
        return result
    }
}

extension [Syntax] {
    /// Those that have no other of them within.
    var withoutOuter: [Syntax] {
        var outer: Set<SyntaxIdentifier> = []
        for node in self {
            var next = node.parent
            while let parent = next {
                outer.insert(parent.id)
                next = parent.parent
            }
        }
        return filter { !outer.contains($0.id) }
    }
}

extension Syntax {
    fileprivate func isCandidate(for kind: Selector.Kind) -> Bool {
        switch kind {
        case .test: isTest
        case .if: self.is(IfExprSyntax.self)
        case .guard: self.is(GuardStmtSyntax.self)
        case .value: isRead
        case .result: isResult
        case .statement: self.is(CodeBlockItemSyntax.self) && !isAllOfClosure
        case .case: self.is(SwitchCaseSyntax.self)
        }
    }

    /// With the parentheses around it.
    var outermost: Syntax {
        guard let element = parent?.as(LabeledExprSyntax.self), element.label == nil,
            let parentheses = element.parent?.parent?.as(TupleExprSyntax.self), parentheses.elements.count == 1
        else { return self }
        return Syntax(parentheses).outermost
    }

    private var isParentheses: Bool {
        self.as(TupleExprSyntax.self).map { $0.elements.count == 1 && $0.elements.first?.label == nil } ?? false
    }

    private var infixOperator: String? {
        self.as(InfixOperatorExprSyntax.self)?.operator.as(BinaryOperatorExprSyntax.self)?.operator.text
    }

    private var isNegation: Bool { self.as(PrefixOperatorExprSyntax.self)?.operator.text == "!" }

    private var isTest: Bool {
        if self.is(OptionalBindingConditionSyntax.self) || self.is(MatchingPatternConditionSyntax.self) { return true }
        guard self.is(ExprSyntax.self), !isParentheses, !self.is(BinaryOperatorExprSyntax.self) else { return false }
        guard let parent = outermost.parent, !parent.isNegation else { return false }
        let (own, outer) = (infixOperator, parent.infixOperator)
        // a && b && c has three operands, whatever their order.
        if let own, own == outer, ["&&", "||"].contains(own) { return false }
        if isNegation || ["&&", "||", "==", "!=", "<", ">", "<=", ">="].contains(own) { return true }
        if let choice = parent.as(TernaryExprSyntax.self) { return choice.condition.id == outermost.id }
        return ["&&", "||"].contains(outer) || parent.is(ConditionElementSyntax.self)
            || parent.is(WhereClauseSyntax.self)
    }

    private var isAssignment: Bool {
        guard let infix = self.as(InfixOperatorExprSyntax.self) else { return false }
        if infix.operator.is(AssignmentExprSyntax.self) { return true }
        let symbol = infixOperator ?? ""
        return symbol.last == "=" && !["==", "!=", "<=", ">=", "===", "!=="].contains(symbol)
    }

    private var isRead: Bool {
        guard self.is(ExprSyntax.self), !isParentheses, !isAssignment, isWhole else { return false }
        var node = self
        while let parent = node.parent, parent.is(ExprSyntax.self) {
            if parent.isAssignment, parent.as(InfixOperatorExprSyntax.self)?.leftOperand.id == node.id { return false }
            if parent.is(InOutExprSyntax.self) { return false }
            node = parent
        }
        return true
    }

    /// Whether it is an expression that could stand elsewhere: no operator, no name of a member, not what is called.
    var isWhole: Bool {
        guard self.is(ExprSyntax.self), !isParentheses else { return false }
        if self.is(BinaryOperatorExprSyntax.self) || self.is(AssignmentExprSyntax.self) || self.is(IfExprSyntax.self)
            || self.is(SwitchExprSyntax.self) || self.is(ClosureExprSyntax.self) || self.is(InOutExprSyntax.self)
            || self.is(OptionalChainingExprSyntax.self) || self.is(PatternExprSyntax.self)
        {
            return false
        }
        if parent?.as(MemberAccessExprSyntax.self)?.declName.id == id { return false }
        if parent?.as(FunctionCallExprSyntax.self)?.calledExpression.id == id { return false }
        return parent?.is(KeyPathPropertyComponentSyntax.self) != true
            && parent?.is(ExpressionPatternSyntax.self) != true
    }

    private var isResult: Bool {
        guard isWhole, let parent = outermost.parent else { return false }
        if parent.is(ReturnStmtSyntax.self) { return true }
        // The only expression of a body, or of a branch of a `switch` or `if` that is it.
        guard parent.is(CodeBlockItemSyntax.self), let list = parent.parent, list.hasOneChild, let body = list.parent
        else { return false }
        if body.is(AccessorBlockSyntax.self) { return true }
        guard let owner = body.is(SwitchCaseSyntax.self) ? body.parent?.parent : body.parent else { return false }
        if owner.is(FunctionDeclSyntax.self) || owner.is(AccessorDeclSyntax.self) { return true }
        guard owner.is(SwitchExprSyntax.self) || owner.is(IfExprSyntax.self) else { return false }
        return owner.parent?.is(ExpressionStmtSyntax.self) == true && owner.parent?.parent?.parent?.hasOneChild == true
    }

    private var hasOneChild: Bool { children(viewMode: .sourceAccurate).count == 1 }

    private var isAllOfClosure: Bool {
        parent?.hasOneChild == true && parent?.parent?.is(ClosureExprSyntax.self) == true
    }
}
