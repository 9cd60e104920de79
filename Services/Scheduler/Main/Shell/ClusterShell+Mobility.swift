// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import Foundation
import Messages
import ResourceModel
import ServiceKit
import Store
import SwiftProtobuf

/// What a domain's own host says of its moving.
struct Mobility: Hashable, Sendable {
    let needs: DomainNeeds?
    /// What holds it, in the words of who knows; `nil`: nothing.
    let obstacle: String?
}

extension ClusterShell {
    /// Asks the owner of a domain's host what the domain needs and what holds it. It is asked only for a domain that is
    /// about to move, so that the answer is fresh; `nil`: nobody answered in time, and nothing is known.
    func mobility(of domain: DomainID, on host: HostID) async -> Mobility? {
        guard let shard = try? await ShardRepository(runtime.store).fetch(.host, host.name), let owner = shard.owner,
            let instance = await runtime.peers.instance(owner),
            let body = try? await runtime.client.request(
                MessageCodec.encoded(HostQuestion(domain: domain)), type: .checkVM, to: instance.peer,
                idempotencyKey: nil, timeout: Self.mobilityTimeout),
            let answer = try? MessageCodec.decoded(WireJSONDocument.self, from: body),
            let told = DomainExamination(json: String(decoding: answer.json, as: UTF8.self)), told.movesLive.isKnown
        else { return nil }
        // Older Monitors do not say whether it runs.
        let missing = (told.isActive == false ? told.movesOff?.missing : nil) ?? told.movesLive.missing
        return Mobility(needs: told.needs, obstacle: missing.isEmpty ? nil : missing.joined(separator: "; "))
    }

    /// A move is no hurry, and a host that hangs holds up no other.
    private static let mobilityTimeout = Duration.seconds(5)
}
