// SPDX-License-Identifier: Apache-2.0

import Contracts
import LoggerCore
import Logging
import Metrics
import ResourceModel
import ServiceKit
import Store

extension LoggerShell {
    /// Writes the next batch if one is due; `false` if none is or it was refused.
    func writeNext(isUrgent: Bool = false) async -> Bool {
        guard let batch = state.batch(at: edges.now(), isUrgent: isUrgent) else { return false }
        let began = ContinuousClock.now
        let writer = BatchWriter(repository: repository, store: edges.store)
        // A task of its own, so that a stop does not interrupt the write.
        let failure = await Task { await writer.write(batch) }.value
        metrics.writing.record(duration: ContinuousClock.now - began)
        if let failure { refused(batch, failure) } else { stored(batch) }
        metrics.queuedRows.record(state.queuedRows)
        reportHealth()
        wakeWaiting()
        return failure == nil
    }

    private func stored(_ batch: WriteBatch) {
        state.stored()
        metrics.stored(batch)
        for gap in batch.gaps {
            edges.log.warning(
                "messages can't be had again; the gap is recorded",
                metadata: ["stream": "\(gap.stream)", "sequences": "\(gap.range)"])
        }
    }

    private func refused(_ batch: WriteBatch, _ failure: BatchFailure) {
        let consequence = state.refused(failure.refusal, at: edges.now())
        metrics.refused(failure.refusal)
        // The membership will report the loss too; until then no more messages of the shard are taken.
        if case .fenced(let id) = failure.refusal { leaveGroup(id) }
        for shard in consequence.restart {
            edges.log.warning(
                "the database has lost what was stored; following anew", metadata: ["shard": "\(shard)"])
            leaveGroup(shard.id)
            pending[shard.id] = shard
        }
        if let givenUp = consequence.givenUp {
            metrics.unstorable.increment()
            edges.log.error(
                "a message can't be stored; it becomes a gap",
                metadata: [
                    "stream": "\(givenUp.stream)", "sequence": "\(givenUp.sequence)", "error": "\(failure.reason)",
                ])
        }
        if state.failures == 1 {
            edges.log.warning("a batch can't be written; trying again", metadata: ["error": "\(failure.reason)"])
        }
        fault = failure.refusal == .unavailable ? failure.reason : nil
    }

    /// The service is not ready while the store is away or the queue is full.
    func reportHealth() {
        if !state.hasRoom {
            edges.health.report(
                "log", fault: "\(state.queuedRows) rows wait to be written: \(fault ?? "the store is slow")")
        } else {
            edges.health.report("log", fault: state.failures > 0 ? fault ?? "the store does not answer" : nil)
        }
    }
}

/// Why a batch was refused, for the core and for people.
struct BatchFailure: Error {
    let refusal: LogRefusal
    let reason: String
}

/// Writes a batch in one transaction under the epochs of its shards.
struct BatchWriter: Sendable {
    let repository: LogRepository
    let store: Store

    /// Writes a batch; `nil` when it is stored.
    func write(_ batch: WriteBatch) async -> BatchFailure? {
        do {
            try await store.transaction { transaction in
                try await checkWatermarks(batch, in: transaction)
                for shard in batch.shards { try await write(batch, of: shard, in: transaction) }
            }
            return nil
        } catch let failure as BatchFailure {
            return failure
        } catch let error as StoreError {
            return BatchFailure(refusal: Self.refusal(error), reason: error.message)
        } catch {
            return BatchFailure(refusal: .unavailable, reason: "\(error)")
        }
    }

    /// Checks the watermarks, so that a database that was restored to an earlier state does not get a hole.
    private func checkWatermarks(_ batch: WriteBatch, in transaction: Transaction) async throws {
        let topics = Set(batch.advances.map(\.stream.topic)).sorted()
        let stored = try await repository.watermarks(of: topics, in: transaction)
        var moved: [StreamID: UInt64] = [:]
        for advance in batch.advances {
            let watermark = UInt64(clamping: stored[advance.stream, default: 0])
            if watermark != advance.after { moved[advance.stream] = watermark }
        }
        guard moved.isEmpty else { throw BatchFailure(refusal: .moved(moved), reason: "watermarks moved") }
    }

    private func write(_ batch: WriteBatch, of shard: LogShard, in transaction: Transaction) async throws {
        let claim = ShardClaim(kind: .log, id: shard.id, epoch: shard.epoch)
        do {
            _ = try await repository.store(LogBatch(batch, of: shard.id), under: claim, in: transaction)
        } catch let error as StoreError where error.code == .fenced {
            throw BatchFailure(refusal: .fenced(shard.id), reason: error.message)
        }
    }

    private static func refusal(_ error: StoreError) -> LogRefusal {
        let unstorable: [StoreError.Code] = [.invalidValue, .checkViolation, .notNullViolation, .uniqueViolation]
        return unstorable.contains(error.code) ? .unstorable : .unavailable
    }
}

extension LogBatch {
    /// The part of the batch that belongs to one shard.
    init(_ batch: WriteBatch, of shard: String) {
        self.init()
        for entry in batch.entries where entry.stream.shard == shard {
            let (stream, sequence) = (entry.stream, Int64(clamping: entry.sequence))
            switch entry.record {
            case .sample(let sample):
                reports.append(LoggedReport(stream: stream, sequence: sequence, sample: sample))
            case .event(let event):
                events.append(
                    LoggedEvent(
                        stream: stream, sequence: sequence, at: event.at, kind: event.kind, host: event.host,
                        domain: event.domain, detail: event.detail, isForeign: event.isForeign))
            }
        }
        gaps = batch.gaps.filter { $0.stream.shard == shard }.map { gap in
            LoggedGap(
                stream: gap.stream,
                sequences: Int64(clamping: gap.range.lowerBound)...Int64(clamping: gap.range.upperBound))
        }
    }
}
