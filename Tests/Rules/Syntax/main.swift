// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftOperators
import SwiftParser
import SwiftSyntax

// Finds the places of rules in the core's sources, and builds a switch for each rule into a copy of them.
// Reads a Request from the standard input and writes an Answer; check.py beside this folder asks.

struct Request: Codable {
    /// The folder of the sources.
    var sources: String
    /// Where the files that change are written to; `nil`: nowhere.
    var copies: String?
    var reading: Reading
    var changes: [Change]
}

enum Reading: String, Codable {
    case asIs
    /// As a harmless rewriting leaves the sources: every place is still found.
    case rewritten
    /// For each change, without the piece that it is about: none is found.
    case removed
}

struct Answer: Codable {
    struct Place: Codable {
        /// Of the change that stands here.
        var listed: String
        var place: String
        var text: String
        /// The same for two pieces that a harmless rewriting makes of each other.
        var essence: String
    }

    var misfits: [String] = []
    var places: [Place] = []
}

extension Syntax {
    init(folded text: String) {
        self = OperatorTable.standardOperators.foldAll(Parser.parse(source: text)) { _ in }
    }
}

extension SourceFile {
    static func all(below folder: URL, _ reading: Reading) throws -> [SourceFile] {
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".swift") }
        return try paths.sorted().map { path in
            let text = try String(contentsOf: folder.appending(path: path), encoding: .utf8)
            return SourceFile(path: path, text: reading == .rewritten ? Rewriting.harmless(text) : text)
        }
    }

    /// Itself, unless the piece stands in it: then the same without that.
    fileprivate func without(_ fit: Fit) -> SourceFile {
        guard fit.declaration.source === source else { return self }
        let bytes = fit.node.bytes
        let filler = fit.node.is(ExprSyntax.self) && !fit.node.is(IfExprSyntax.self) ? "none" : ""
        let text = source.bytes[..<bytes.lowerBound] + Array(filler.utf8) + source.bytes[bytes.upperBound...]
        return SourceFile(path: source.path, text: String(decoding: text, as: UTF8.self))
    }

    /// The text with all insertions.
    func text(with insertions: [Insertion]) -> [UInt8] {
        var marks: [(order: [Int], text: String)] = []
        for (index, insertion) in insertions.enumerated() {
            let (range, rank) = (insertion.range, insertion.rank)
            // At one place what ends comes before what begins; of those that begin, the longest first.
            marks.append(([range.upperBound, 0, -range.lowerBound, -rank, -index], insertion.after))
            marks.append(([range.lowerBound, 1, -range.upperBound, rank, index], insertion.before))
        }
        marks.sort { $0.order.lexicographicallyPrecedes($1.order) }
        var (result, done): ([UInt8], Int) = ([], 0)
        for mark in marks {
            result += source.bytes[done..<mark.order[0]] + Array(mark.text.utf8)
            done = mark.order[0]
        }
        return result + source.bytes[done...]
    }
}

func answer(_ request: Request) throws -> Answer {
    let files = try SourceFile.all(below: URL(filePath: request.sources), request.reading)
    var (answer, insertions) = (Answer(), [String: [Insertion]]())
    for change in request.changes {
        do throws(Misfit) {
            var fit = try change.fit(in: files)
            if request.reading == .removed { fit = try change.fit(in: files.map { $0.without(fit) }) }
            insertions[fit.declaration.source.path, default: []] += fit.insertions
            answer.places.append(
                Answer.Place(
                    listed: change.listed, place: fit.declaration.source.place(of: fit.node), text: fit.node.oneLine,
                    essence: Rewriting.essence(of: fit.node)))
        } catch {
            answer.misfits.append(error.message)
        }
    }
    if let copies = request.copies, answer.misfits.isEmpty {
        for file in files {
            guard let insertions = insertions[file.source.path] else { continue }
            try Data(file.text(with: insertions)).write(to: URL(filePath: copies).appending(path: file.source.path))
        }
    }
    return answer
}

let request = try JSONDecoder().decode(Request.self, from: FileHandle.standardInput.readToEnd() ?? Data())
FileHandle.standardOutput.write(try JSONEncoder().encode(answer(request)))
