// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// What the build tool planned to compile and to link, as its description (`debug.yaml`) says. Nothing is built.
struct BuildPlan {
    /// The description is not what this reader knows.
    struct Fault: Error { let description: String }

    /// For each compiled file (an object of a program): the package whose code it is, `nil` for Ebb's own.
    private var packages: [String: String?] = [:]
    /// For each linked program: its objects.
    private var programs: [String: [String]] = [:]

    /// The plan of the build that this test belongs to.
    static func current() throws -> BuildPlan {
        let products = URL(filePath: try builtProduct("ebb")).deletingLastPathComponent()
        let scratch = products.deletingLastPathComponent().deletingLastPathComponent()
        return BuildPlan(try String(contentsOf: scratch.appending(path: "debug.yaml"), encoding: .utf8))
    }

    /// One command after another: its name, then among its lines `inputs: […]` and `outputs: […]`, lists as in JSON.
    init(_ description: String) {
        var name = ""
        var inputs: [String] = []
        for line in description.split(separator: "\n") {
            if line.hasPrefix("  \""), line.hasSuffix("\":") {
                name = String(line.dropFirst(3).dropLast(2))
            } else if line.hasPrefix("    inputs: "), name.hasPrefix("C.") || name.hasSuffix(".o") {
                inputs = Self.list(line)
            } else if line.hasPrefix("    outputs: "), name.hasPrefix("C.") || name.hasSuffix(".o") {
                add(inputs, Self.list(line))
            }
        }
    }

    private static func list(_ line: Substring) -> [String] {
        guard let start = line.firstIndex(of: "[") else { return [] }
        return (try? JSONDecoder().decode([String].self, from: Data(line[start...].utf8))) ?? []
    }

    private mutating func add(_ inputs: [String], _ outputs: [String]) {
        let objects = outputs.filter { $0.hasSuffix(".o") }
        if objects.isEmpty, let program = outputs.first {
            programs[String(program.split(separator: "/").last ?? "")] = inputs.filter { $0.hasSuffix(".o") }
            return
        }
        let package = inputs.lazy.compactMap(Self.package).first
        for object in objects { packages[object] = .some(package) }
    }

    /// `swift-nio` for `…/checkouts/swift-nio/Sources/…`.
    private static func package(of path: String) -> String? {
        guard let range = path.range(of: "/checkouts/") else { return nil }
        return path[range.upperBound...].split(separator: "/").first.map(String.init)
    }

    /// How many files of each package the programs compile together; a file that several link is counted once. Ebb's own
    /// are left out.
    /// - Throws: if the plan does not link one of the programs, or links what nothing compiles.
    func filesByPackage(of names: [String]) throws -> [String: Int] {
        var objects: Set<String> = []
        for name in names {
            guard let linked = programs[name], !linked.isEmpty else {
                throw Fault(description: "the build's description does not link \(name)")
            }
            objects.formUnion(linked)
        }
        var counts: [String: Int] = [:]
        for object in objects {
            guard let package = packages[object] else {
                throw Fault(description: "the build's description does not compile \(object)")
            }
            if let package { counts[package, default: 0] += 1 }
        }
        return counts
    }
}
