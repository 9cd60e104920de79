// SPDX-License-Identifier: Apache-2.0

package import Bus
import Contracts
import Execution
package import FleetModel
import Foundation
import Messages
package import ResourceModel
import SwiftProtobuf

/// Serves the simulated fleet: keeps the model, journals what changes it, and answers when the model says so.
///
/// It runs on a thread of its own: writing the journal and exporting a large truth block nobody else. A hung host's
/// calls wait here until their callers have given up, so the command server must let as many run at once as hung
/// hosts are polled within a call's timeout.
package actor FleetService {
    private let executor: DedicatedThreadExecutor
    private let clock: FleetClock
    private var fleet: Fleet
    private let journal: FleetJournal?

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// A fleet as configured or, where a state file is named and holds one, as it was left: its hosts ran on meanwhile.
    /// `makeClock` gets the earliest instant at which the clock may begin.
    package init(
        _ configuration: FleetConfiguration, stateFile: String?,
        makeClock: (_ notBefore: Timestamp) -> FleetClock = FleetClock.live
    ) throws {
        executor = DedicatedThreadExecutor(name: "fleet")
        guard let stateFile else {
            clock = makeClock(.zero)
            fleet = try Fleet(configuration, at: clock.now())
            journal = nil
            return
        }
        let (journal, start, calls) = try FleetJournal.open(
            stateFile, configuration: configuration, at: makeClock(.zero).now())
        var fleet = try Fleet(configuration, at: start)
        for record in calls { Self.replay(record, on: &fleet, from: stateFile) }
        self.fleet = fleet
        self.journal = journal
        clock = makeClock(fleet.latest)
    }

    deinit { executor.stop() }

    /// Registers with a server.
    package nonisolated func serve(on server: any CommandServer) async {
        await server.handle(.fleetCall) { (body, context) async throws(CommandFailure) -> [UInt8] in
            try await self.handle(body, context)
        }
    }

    /// Answers one call, at the latest when its timeout ends. A hung host's call is held as long as its caller waits.
    package nonisolated func handle(
        _ body: [UInt8], _ context: CommandContext
    ) async throws(CommandFailure) -> [UInt8] {
        let call: WireFleetCall
        do {
            call = try WireFleetCall(serializedBytes: body)
        } catch {
            throw .invalid("the body is not a FleetCall: \(error)")
        }
        if case .administer(let administer) = call.operation {
            return try await self.administer(administer.json, body)
        }
        let request = try FleetCodec.request(call)
        let deadline = clock.now().advanced(by: context.timeout)
        while !Task.isCancelled {
            let (reply, now) = try await ask(request, body)
            let patience = Duration.nanoseconds(deadline.nanoseconds(since: now))
            switch reply {
            case .answer(let answer): return try Self.bytes(of: answer)
            case .refused(let refusal): throw CommandFailure(refusal)
            case .unreachable:
                throw CommandFailure(
                    .unreachable, "host \(request.host) has no power", isRetryable: true)
            case .wait(let until) where until <= deadline:
                await clock.sleep(.nanoseconds(until.nanoseconds(since: now)))
            case .wait, .hang:
                await clock.sleep(patience)
                throw Self.noAnswer(request.host)
            }
        }
        throw Self.noAnswer(request.host)
    }

    /// For a caller who has given up already.
    private static func noAnswer(_ host: HostID) -> CommandFailure {
        CommandFailure(.deadline, "host \(host) did not answer in time")
    }

    /// One question to the model, journaled first if it changes anything.
    private func ask(_ request: FleetRequest, _ body: [UInt8]) throws(CommandFailure) -> (FleetReply, Timestamp) {
        let now = clock.now()
        if fleet.isInput(request) { try journal(body, at: now) }
        return (fleet.handle(request, at: now), now)
    }

    private func administer(_ json: Data, _ body: [UInt8]) throws(CommandFailure) -> [UInt8] {
        let now = clock.now()
        let administration = try Self.administration(json)
        if !administration.isQuestion { try journal(body, at: now) }
        var answer = WireFleetAnswer()
        answer.atNs = now.nanoseconds
        do {
            if let truth = try fleet.administer(administration, at: now) {
                answer.json = try FleetJSON.encode(truth)
            }
        } catch let refusal as FleetRefusal {
            throw CommandFailure(refusal)
        } catch {
            throw .internal("\(error)")
        }
        return try Self.bytes(of: answer)
    }

    private func journal(_ body: [UInt8], at now: Timestamp) throws(CommandFailure) {
        do {
            try journal?.append(Data(body), at: now)
        } catch {
            throw .unavailable("the fleet can't write its state file, so nothing was changed: \(error)")
        }
    }

    private static func replay(_ record: FleetJournal.Record, on fleet: inout Fleet, from path: String) {
        guard let call = try? WireFleetCall(serializedBytes: record.payload) else { return }
        if case .administer(let administer) = call.operation {
            guard let administration = try? administration(administer.json) else { return }
            _ = try? fleet.administer(administration, at: record.at)
        } else if let request = try? FleetCodec.request(call) {
            _ = fleet.handle(request, at: record.at)
        }
    }

    private static func administration(_ json: Data) throws(CommandFailure) -> FleetAdministration {
        do {
            return try FleetJSON.decode(FleetAdministration.self, from: json)
        } catch {
            throw .invalid("administration: \(error)")
        }
    }

    private static func bytes(of answer: FleetAnswer) throws(CommandFailure) -> [UInt8] {
        var wire = FleetCodec.wire(answer)
        do {
            if let detail = answer.detail { wire.json = try FleetJSON.encode(detail) }
            if let reason = answer.leftDisk { wire.json = try FleetJSON.encode(["left_disk": reason]) }
        } catch {
            throw .internal("the answer can't be written: \(error)")
        }
        return try bytes(of: wire)
    }

    private static func bytes(of answer: WireFleetAnswer) throws(CommandFailure) -> [UInt8] {
        do {
            return try answer.serializedBytes()
        } catch {
            throw .internal("the answer can't be written: \(error)")
        }
    }
}

extension CommandFailure {
    fileprivate init(_ refusal: FleetRefusal) {
        let code: FailureCode =
            switch refusal.code {
            case .invalid: .invalid
            case .refused: .refused
            case .fenced: .fenced
            case .conflict: .conflict
            case .notFound: .notFound
            }
        self.init(code, refusal.message)
    }
}
