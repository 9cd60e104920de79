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
    /// Look at the sources as a harmless rewriting leaves them.
    var rewritten: Bool
    var changes: [Change]
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
    static func all(below folder: URL, rewritten: Bool) throws -> [SourceFile] {
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".swift") }
        return try paths.sorted().map { path in
            let text = try String(contentsOf: folder.appending(path: path), encoding: .utf8)
            return SourceFile(path: path, text: rewritten ? Rewriting.harmless(text) : text)
        }
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
            result += text[done..<mark.order[0]] + Array(mark.text.utf8)
            done = mark.order[0]
        }
        return result + text[done...]
    }
}

func answer(_ request: Request) throws -> Answer {
    let files = try SourceFile.all(below: URL(filePath: request.sources), rewritten: request.rewritten)
    var (answer, insertions) = (Answer(), [String: [Insertion]]())
    for change in request.changes {
        do throws(Misfit) {
            let fit = try change.fit(in: files)
            insertions[fit.declaration.file.path, default: []] += fit.insertions
            answer.places.append(
                Answer.Place(
                    listed: change.listed, place: fit.declaration.file.place(of: fit.node), text: fit.node.oneLine,
                    essence: Rewriting.essence(of: fit.node)))
        } catch {
            answer.misfits.append(error.message)
        }
    }
    if let copies = request.copies, answer.misfits.isEmpty {
        for file in files {
            guard let insertions = insertions[file.path] else { continue }
            try Data(file.text(with: insertions)).write(to: URL(filePath: copies).appending(path: file.path))
        }
    }
    return answer
}

let request = try JSONDecoder().decode(Request.self, from: FileHandle.standardInput.readToEnd() ?? Data())
FileHandle.standardOutput.write(try JSONEncoder().encode(answer(request)))
