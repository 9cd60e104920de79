// SPDX-License-Identifier: Apache-2.0

package import Contracts
internal import ResourceModel

/// Monitor's answers about a VM in the form of the gateway's results. What can't be read is left out or unknown.
package enum MonitorAnswer {
    /// What a domain can do live, as items.
    ///
    /// - Parameter answer: `nil`: it can't be read.
    package static func abilities(_ answer: DomainExamination?) -> [JSONValue] {
        let abilities: [(DomainExamination.Ability?, name: String)] = [
            (answer?.growsVCPUs, "grow vCPUs"), (answer?.shrinksVCPUs, "shrink vCPUs"),
            (answer?.resizesMemory, "resize memory"), (answer?.movesLive, "move live"), (answer?.capsCPU, "cap CPU"),
            (answer?.capsNetwork, "cap network"), (answer?.confirmsSizes, "confirm sizes"),
        ]
        return abilities.flatMap { ability, name -> [JSONValue] in
            guard let ability, ability.isKnown else { return [["check": .string(name), "result": "unknown"]] }
            guard !ability.isPossible else { return [["check": .string(name), "result": "fine"]] }
            return ability.missing.map { ["check": .string(name), "result": "missing", "detail": .string($0)] }
        }
    }

    package static func changes(_ answer: [DefinitionChange]) -> [JSONValue] {
        answer.map { ["what": .string($0.what), "before": .string($0.before), "after": .string($0.after)] }
    }

    /// Snapshots, the oldest first.
    package static func snapshots(_ answer: [DomainSnapshot]) -> [JSONValue] {
        answer.sorted { $0.createdAt ?? .zero < $1.createdAt ?? .zero }.map { snapshot in
            .object(omittingNil: [
                "name": .string(snapshot.name),
                "createdAt": snapshot.createdAt.map { .string($0.description) } ?? .null,
                "state": snapshot.state.map { .string($0.text) },
            ])
        }
    }

    package static func addresses(_ answer: [GuestAddress]) -> [JSONValue] {
        answer.map { guest in
            .object(omittingNil: [
                "interface": .string(guest.interface), "hardwareAddress": guest.macAddress.map { .string($0) },
                "address": .string(guest.address), "source": guest.source.map { .string($0.text) },
            ])
        }
    }

    package static func console(_ answer: ConsoleOutput, of vm: String) -> JSONValue {
        [
            "vm": .string(vm), "text": .string(answer.text), "offset": .integer(answer.offset),
            "next": .integer(answer.nextOffset),
        ]
    }
}
