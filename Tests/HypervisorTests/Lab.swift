// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResourceModel
import Testing

@testable import Hypervisor

/// Where the lab is (`Tests/Lab/lab.sh`); absent unless its variables say so.
struct Lab {
    let uris: [HostID: String]
    let script: String
    let kernel: String
    let initrd: String
    let network: String
    /// Whether the machine's kernel can cap guests.
    let canCap: Bool

    static let present: Lab? = {
        let environment = ProcessInfo.processInfo.environment
        guard let script = environment["EBB_LAB_SCRIPT"], let state = environment["EBB_LAB_DIR"] else { return nil }
        let network = environment["EBB_LAB_NET"] ?? "10.211.77"
        return Lab(
            uris: ["host-a": "qemu+tcp://\(network).11/system", "host-b": "qemu+tcp://\(network).12/system"],
            script: script, kernel: "\(state)/guest/vmlinuz", initrd: "\(state)/guest/initrd.img", network: network,
            canCap: FileManager.default.fileExists(atPath: "\(state)/caps"))
    }()

    /// Runs `lab.sh` with arguments and returns what it prints; what it complains of goes into the error alone, for
    /// whoever waits for a guest to boot is refused many times.
    @discardableResult
    func run(_ arguments: String...) async throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: script)
        process.arguments = arguments
        let (pipe, complaints) = (Pipe(), Pipe())
        process.standardOutput = pipe
        process.standardError = complaints
        return try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { process in
                let text = String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
                if process.terminationStatus == 0 {
                    continuation.resume(returning: text.trimmingCharacters(in: .whitespacesAndNewlines))
                } else {
                    let reason = String(decoding: complaints.fileHandleForReading.availableData, as: UTF8.self)
                    continuation.resume(throwing: Failure(arguments: arguments, reason: reason))
                }
            }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
    }

    struct Failure: Error {
        let arguments: [String]
        let reason: String
    }
}
