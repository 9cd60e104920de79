// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import ResourceModel
import SchedulerCore
import Store

/// Runs the rules again over stored decisions, and checks whether each gives the same bytes.
struct DecisionVerifier: Sendable {
    let store: Store

    private static let pageSize = 500

    /// One decision; `nil` if there is none.
    func verify(_ id: UUID128) async throws -> VerifyAnswer? {
        guard let row = try await DecisionRepository(store).fetch(id) else { return nil }
        var answer = VerifyAnswer()
        Self.check(row, &answer)
        return answer
    }

    /// All decisions of a cluster, page by page.
    func verifyAll(of cluster: ClusterID) async throws -> VerifyAnswer {
        var answer = VerifyAnswer()
        var position = DecisionPosition.start
        while true {
            let page = try await DecisionRepository(store).page(of: cluster, after: position, limit: Self.pageSize)
            guard let last = page.last else { return answer }
            for row in page { Self.check(row, &answer) }
            position = DecisionPosition(at: last.at, id: last.id)
            try Task.checkCancellation()
        }
    }

    private static func check(_ row: DecisionRow, _ answer: inout VerifyAnswer) {
        answer.checked += 1
        guard let fault = fault(in: row) else {
            answer.held += 1
            return
        }
        guard row.rulesVersion == ScalingRule.version else {
            answer.otherRules += 1
            return
        }
        guard answer.failures.count < VerifyAnswer.limit else { return }
        answer.failures.append(VerifyAnswer.Failure(id: row.id, at: row.at, fault: fault))
    }

    /// Which part of a stored decision does not follow from its own inputs; `nil` if everything does.
    static func fault(in row: DecisionRow) -> String? {
        guard let record = try? SchedulerCore.DecisionRecord(json: row.record) else {
            return "the record can't be read"
        }
        if let mismatch = record.verify() { return "the rules come to another \(mismatch)" }
        guard record.id == row.id, record.decidedAt == row.at, row.verdict == record.outcome.verdict,
            record.summary == row.summary
        else { return "the row's columns differ from its record" }
        let bytes = try? canonicalJSON(record)
        return bytes == Data(row.record.utf8) ? nil : "the record's bytes differ"
    }
}
