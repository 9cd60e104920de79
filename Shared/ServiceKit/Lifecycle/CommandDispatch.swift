// SPDX-License-Identifier: Apache-2.0

internal import Bus
internal import Foundation
internal import Messages
package import ResourceModel
package import Store
internal import SwiftProtobuf

/// Has a durable command carried out: the row in `cluster.command` is the queue, a request to its host's owner delivers
/// it sooner, and a lost request only delays.
package struct CommandDispatch: Sendable {
    private let runtime: ServiceRuntime

    package init(_ runtime: ServiceRuntime) { self.runtime = runtime }

    /// Waits for the command's end, at most until `timeout` after its own deadline.
    ///
    /// - Returns: the row as it ended; `nil` if its end was not seen: its outcome is then unknown.
    package func outcome(of command: CommandRecord, timeout: Duration = .seconds(300)) async -> CommandRecord? {
        let deadline = ContinuousClock.now + timeout
        var latest: CommandRecord? = command
        while !Task.isCancelled, ContinuousClock.now < deadline {
            if let latest, latest.state == .succeeded || latest.state == .failed { return latest }
            await deliver(command, within: min(deadline - .now, .seconds(10)))
            if let row = try? await CommandRepository(runtime.store).fetch(command.id) {
                latest = row
                if row.state == .succeeded || row.state == .failed { return row }
            }
            try? await Task.sleep(for: .milliseconds(100))
        }
        return nil
    }

    /// Tells the host's owner of the command and waits for its answer. Failing is no harm: the owner looks at the queue.
    private func deliver(_ command: CommandRecord, within timeout: Duration) async {
        guard timeout > .zero,
            let shard = try? await ShardRepository(runtime.store).fetch(.host, command.command.host.name),
            let owner = shard.owner, let instance = await runtime.peers.instance(owner)
        else { return }
        let request = WireExecuteCommand.with { $0.commandID = Data(command.id.bytes) }
        _ = try? await runtime.client.request(
            MessageCodec.encoded(request), type: .executeCommand, to: instance.peer,
            idempotencyKey: command.id.description, timeout: timeout)
    }
}

/// What Monitor says of a command that succeeded: `{"vcpus": 3, "host": "h2", "effectiveAt": 17…}`.
package struct CommandResult: Hashable, Sendable, Codable {
    package var vcpus: VCPUCount?
    package var host: HostID?
    /// When the change took effect, where the driver says so.
    package var effectiveAt: Timestamp?

    package init(vcpus: VCPUCount? = nil, host: HostID? = nil, effectiveAt: Timestamp? = nil) {
        self.vcpus = vcpus
        self.host = host
        self.effectiveAt = effectiveAt
    }

    /// Reads a command's result; what it does not say, or can't be read, is `nil`.
    package init(_ json: String?) {
        let decoded = json.flatMap { try? JSONDecoder().decode(CommandResult.self, from: Data($0.utf8)) }
        self = decoded ?? CommandResult()
    }
}
