// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import Foundation
import Messages
import ResourceModel
import SchedulerCore
import ServiceKit
import Store
import SwiftProtobuf

// Policies: subscribed, pinned, cleared.
extension SchedulerCommands {
    func setPolicy(_ request: WireSetPolicy, asker: InstanceID) async throws -> [UInt8] {
        let (record, shell) = try await managed(request.domainUuid)
        // A new VM's pin and groups are its first version: a change must not be stored before it.
        try await shell.keepWanted()
        let current = try await PolicyRepository(runtime.store).current(record.id)
        let requested: RequestedPolicy
        do throws(PolicyRefusal) {
            requested = try self.requested(request, current: current, of: record)
        } catch {
            throw CommandFailure.invalid(error.description)
        }
        if let policy = requested.policy {
            let check = PolicyCheck(
                policy, options: requested.options, windowLength: requested.windowLength,
                settings: await shell.state.settings)
            guard check.isAcceptable else { throw CommandFailure.invalid(check.refusals.joined(separator: "; ")) }
        }
        let version = try await shell.subscribe(requested, for: record.id, asker: asker)
        return MessageCodec.encoded(
            WireSetPolicyReply.with {
                $0.version = version.version
                $0.validFromNs = version.validFrom.nanoseconds
            })
    }

    /// The requested policy: a change of the present one, bounds from an older gateway, or an end.
    private func requested(
        _ request: WireSetPolicy, current: PolicyVersion?, of record: StoredDomain
    ) throws(PolicyRefusal) -> RequestedPolicy {
        var change = PolicyChange()
        if !request.changeJson.isEmpty {
            do {
                change = try JSONDecoder().decode(PolicyChange.self, from: request.changeJson)
            } catch {
                throw PolicyRefusal("the change can't be read: \(error)")
            }
        } else if request.hasPolicy {
            change.lowerPpm = request.policy.lowerPpm
            change.upperPpm = request.policy.upperPpm
            change.ratioPpm = request.policy.ratioPpm
            change.minVcpus = Int(request.policy.minimumVcpus)
            change.maxVcpus = Int(request.policy.maximumVcpus)
        } else {
            var options = current?.options ?? PolicyOptions()
            options.preset = nil
            options.goal = nil
            options.cooldown = nil
            options.windowLength = nil
            return RequestedPolicy(policy: nil, options: options, windowLength: configuration.windowLength)
        }
        return try change.applied(to: current, of: subject(of: record))
    }
}
