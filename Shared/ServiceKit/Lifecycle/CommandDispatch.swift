// SPDX-License-Identifier: Apache-2.0

internal import Bus
internal import Foundation
internal import Messages
internal import ResourceModel
package import Store
internal import SwiftProtobuf

/// Has a durable command carried out: the row in `cluster.command` is the queue, a request to its host's owner delivers
/// it sooner, and a lost request only delays.
package struct CommandDispatch: Sendable {
    private let runtime: ServiceRuntime

    package init(_ runtime: ServiceRuntime) { self.runtime = runtime }

    /// Waits for the command's end.
    ///
    /// - Parameters:
    ///   - timeout: how long to wait at most; `nil`: as long as it takes. The instance that claimed the command ends
    ///     it; a command that nobody claims ends by its deadline.
    ///   - progressed: called whenever the command is seen to have come further.
    ///   - aside: runs the parts that only wait, so that the caller may let others go on meanwhile.
    /// - Returns: the row as it ended; `nil` if its end was not seen: its outcome is then unknown.
    package func outcome(
        of command: CommandRecord, timeout: Duration? = nil, progressed: () async -> Void = {},
        aside: (() async -> Void) async -> Void = { wait in await wait() }
    ) async -> CommandRecord? {
        let deadline = timeout.map { ContinuousClock.now + $0 }
        var latest = command
        while !Task.isCancelled, deadline.map({ ContinuousClock.now < $0 }) ?? true {
            if latest.outcome != nil { return latest }
            await aside {
                await deliver(command, within: min(deadline.map { $0 - .now } ?? .seconds(10), .seconds(10)))
            }
            if let row = try? await CommandRepository(runtime.store).fetch(command.id) {
                if row.outcome != nil { return row }
                if row.hasProgressed(since: latest) { await progressed() }
                latest = row
            }
            await aside { try? await Task.sleep(for: .milliseconds(100)) }
        }
        return nil
    }

    /// Tells the host's owner of the command and waits for its answer. A failure does no harm: the owner looks at the
    /// queue.
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

extension CommandRecord {
    fileprivate func hasProgressed(since former: CommandRecord) -> Bool {
        (state, claimedEpoch, progressPPM) != (former.state, former.claimedEpoch, former.progressPPM)
            || progressText != former.progressText
    }
}
