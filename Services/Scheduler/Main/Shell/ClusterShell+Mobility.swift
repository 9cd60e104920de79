// SPDX-License-Identifier: Apache-2.0

import Bus
import Contracts
import Foundation
import Messages
import ResourceModel
import ServiceKit
import Store
import SwiftProtobuf

/// What a domain's own host says about moving it.
struct Mobility: Hashable, Sendable {
    let needs: DomainNeeds?
    /// Why it can't move, in its host's words; `nil`: it can.
    let obstacle: String?
}

extension ClusterShell {
    /// Asks the owner of a domain's host what the domain needs and why it can't move. It asks only for a domain that is
    /// about to move, so that the answer is fresh; `nil`: nobody answered in time, and nothing is known.
    func mobility(of domain: DomainID, on host: HostID) async -> Mobility? {
        guard let shard = try? await ShardRepository(runtime.store).fetch(.host, host.name), let owner = shard.owner,
            let instance = await runtime.peers.instance(owner),
            let body = try? await runtime.client.request(
                MessageCodec.encoded(HostQuestion(domain: domain)), type: .checkVM, to: instance.peer,
                idempotencyKey: nil, timeout: Self.mobilityTimeout),
            let answer = try? MessageCodec.decoded(WireJSONDocument.self, from: body),
            let examination = DomainExamination(json: String(decoding: answer.json, as: UTF8.self)),
            examination.movesLive.isKnown
        else { return nil }
        // Older Monitors do not say whether it runs.
        let missing =
            (examination.isActive == false ? examination.movesOff?.missing : nil) ?? examination.movesLive.missing
        return Mobility(needs: examination.needs, obstacle: missing.isEmpty ? nil : missing.joined(separator: "; "))
    }

    /// A move is not urgent, and a host that hangs does not hold up others.
    private static let mobilityTimeout = Duration.seconds(5)
}
