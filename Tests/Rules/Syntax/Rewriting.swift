// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax

/// Another text that means the same: no rule may lose its place by it.
enum Rewriting {
    private static let mark = "Anew"
    private static let opposite = ["<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="]

    /// Every local name renamed, every comparison turned round and put into parentheses, the operands of every && and ||
    /// in the opposite order, each on a line of its own.
    static func harmless(_ text: String) -> String {
        Turning().rewrite(Syntax(folded: renamed(text))).description
    }

    private static func renamed(_ text: String) -> String {
        let file = SourceFile(path: "", text: text)
        var ends: [Int] = []
        for declaration in file.declarations {
            for token in declaration.node.tokens(viewMode: .sourceAccurate) where declaration.names.isLocal(token) {
                ends.append(token.endPositionBeforeTrailingTrivia.utf8Offset)
            }
        }
        var bytes = file.source.bytes
        for end in ends.sorted(by: >) { bytes.insert(contentsOf: Array(mark.utf8), at: end) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Its tokens without their order, parentheses, local names' marks, and the side that a comparison looks to.
    static func essence(of node: Syntax) -> String {
        node.tokens(viewMode: .sourceAccurate).map(\.text).filter { $0 != "(" && $0 != ")" }.map { text in
            let turned = opposite[text].map { min($0, text) } ?? text
            return turned.hasSuffix(mark) ? String(turned.dropLast(mark.count)) : turned
        }.sorted().joined(separator: " ")
    }

    private final class Turning: SyntaxRewriter {
        override func visit(_ node: InfixOperatorExprSyntax) -> ExprSyntax {
            let node = super.visit(node).cast(InfixOperatorExprSyntax.self)
            guard let symbol = node.operator.as(BinaryOperatorExprSyntax.self)?.operator else {
                return ExprSyntax(node)
            }
            let isChain = ["&&", "||"].contains(symbol.text)
            guard let turned = isChain ? symbol.text : opposite[symbol.text] else { return ExprSyntax(node) }
            let sign = symbol.with(\.tokenKind, .binaryOperator(turned))
                .with(\.leadingTrivia, .newline).with(\.trailingTrivia, .space)
            let result = node.with(\.leftOperand, node.rightOperand.bare.with(\.trailingTrivia, .space))
                .with(\.operator, ExprSyntax(BinaryOperatorExprSyntax(operator: sign)))
                .with(\.rightOperand, node.leftOperand.bare)
            let (before, after) = (node.leadingTrivia, node.trailingTrivia)
            if isChain { return ExprSyntax(result.with(\.leadingTrivia, before).with(\.trailingTrivia, after)) }
            return ExprSyntax(
                TupleExprSyntax(
                    leftParen: .leftParenToken(leadingTrivia: before),
                    elements: [LabeledExprSyntax(expression: result)],
                    rightParen: .rightParenToken(trailingTrivia: after)))
        }
    }
}

extension ExprSyntax {
    fileprivate var bare: ExprSyntax { with(\.leadingTrivia, []).with(\.trailingTrivia, []) }
}
