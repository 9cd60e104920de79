// SPDX-License-Identifier: Apache-2.0

import SwiftParser
import SwiftSyntax

/// A function, an initializer, a subscript or a property, with all that stands in it.
final class Declaration {
    let source: SourceText
    /// The types around it, outermost first.
    let types: [String]
    let name: String
    /// `nil` for a property.
    let labels: [String]?
    let node: Syntax
    private(set) lazy var names = Names(of: node)

    init(in source: SourceText, types: [String], name: String, labels: [String]?, node: Syntax) {
        (self.source, self.types, self.name, self.labels, self.node) = (source, types, name, labels, node)
    }

    /// Whether it is what `Type.name` or `Type.name(label:_:)` means; outer types may be left out.
    func isCalled(_ path: String) -> Bool {
        let parts = path.split(separator: "(", maxSplits: 1)
        var types = parts.first?.split(separator: ".").map(String.init) ?? []
        guard types.popLast() == name, self.types.suffix(types.count) == types[...] else { return false }
        return parts.count < 2 || parts[1] == (labels ?? []).map { $0 + ":" }.joined() + ")"
    }
}

/// The text of one Swift file below the core's folder.
final class SourceText {
    let path: String
    let bytes: [UInt8]
    fileprivate let tree: Syntax
    private let lines: SourceLocationConverter

    init(path: String, text: String) {
        (self.path, bytes, tree) = (path, Array(text.utf8), Syntax(folded: text))
        lines = SourceLocationConverter(fileName: path, tree: tree)
    }

    func place(of node: Syntax) -> String {
        "\(path):\(lines.location(for: node.positionAfterSkippingLeadingTrivia).line)"
    }
}

/// A file with what it declares.
struct SourceFile {
    let source: SourceText
    let declarations: [Declaration]

    init(path: String, text: String) {
        source = SourceText(path: path, text: text)
        let finder = DeclarationFinder(in: source)
        finder.walk(source.tree)
        declarations = finder.found
    }
}

private final class DeclarationFinder: SyntaxVisitor {
    private(set) var found: [Declaration] = []
    private var types: [String] = []
    private let source: SourceText

    init(in source: SourceText) {
        self.source = source
        super.init(viewMode: .sourceAccurate)
    }

    private func enter(_ name: String) -> SyntaxVisitorContinueKind {
        types += name.split(separator: ".").map(String.init)
        return .visitChildren
    }

    private func leave(_ name: String) { types.removeLast(name.split(separator: ".").count) }

    private func add(_ name: String, _ parameters: FunctionParameterListSyntax?, _ node: some SyntaxProtocol) {
        found.append(
            Declaration(
                in: source, types: types, name: name, labels: parameters?.map(\.firstName.text), node: Syntax(node)))
    }

    override func visit(_ node: StructDeclSyntax) -> SyntaxVisitorContinueKind { enter(node.name.text) }
    override func visitPost(_ node: StructDeclSyntax) { leave(node.name.text) }
    override func visit(_ node: EnumDeclSyntax) -> SyntaxVisitorContinueKind { enter(node.name.text) }
    override func visitPost(_ node: EnumDeclSyntax) { leave(node.name.text) }
    override func visit(_ node: ClassDeclSyntax) -> SyntaxVisitorContinueKind { enter(node.name.text) }
    override func visitPost(_ node: ClassDeclSyntax) { leave(node.name.text) }
    override func visit(_ node: ProtocolDeclSyntax) -> SyntaxVisitorContinueKind { enter(node.name.text) }
    override func visitPost(_ node: ProtocolDeclSyntax) { leave(node.name.text) }
    override func visit(_ node: ExtensionDeclSyntax) -> SyntaxVisitorContinueKind {
        enter(node.extendedType.trimmedDescription)
    }
    override func visitPost(_ node: ExtensionDeclSyntax) { leave(node.extendedType.trimmedDescription) }

    override func visit(_ node: FunctionDeclSyntax) -> SyntaxVisitorContinueKind {
        add(node.name.text, node.signature.parameterClause.parameters, node)
        return .skipChildren
    }

    override func visit(_ node: InitializerDeclSyntax) -> SyntaxVisitorContinueKind {
        add("init", node.signature.parameterClause.parameters, node)
        return .skipChildren
    }

    override func visit(_ node: SubscriptDeclSyntax) -> SyntaxVisitorContinueKind {
        add("subscript", node.parameterClause.parameters, node)
        return .skipChildren
    }

    override func visit(_ node: VariableDeclSyntax) -> SyntaxVisitorContinueKind {
        for binding in node.bindings {
            if let name = binding.pattern.as(IdentifierPatternSyntax.self) { add(name.identifier.text, nil, node) }
        }
        return .skipChildren
    }
}
