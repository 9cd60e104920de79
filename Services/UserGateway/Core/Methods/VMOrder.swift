// SPDX-License-Identifier: Apache-2.0

package import Contracts

/// The command for a VM into which a method is turned, if its parameters alone decide that. The gateway then needs no
/// handler for it.
package struct VMOrder: Hashable, Sendable {
    package let verb: CommandVerb
    package let arguments: CommandArguments
    /// How long it may take once it has begun, in addition to the time of every command of its verb.
    package let time: Duration
    /// Set if it makes a stopped VM run: room for the VM is then taken first, for this purpose.
    package let starting: PermitPurpose?
    /// How much of the tenant's quota it takes as soon as it is queued.
    package let amounts: QuotaAmounts

    /// Makes an order from a call's checked parameters.
    package typealias Maker = @Sendable (JSONValue) -> VMOrder

    private init(
        _ verb: CommandVerb, _ arguments: CommandArguments = CommandArguments(), time: Duration = .zero,
        starting: PermitPurpose? = nil, amounts: QuotaAmounts = [:]
    ) {
        self.verb = verb
        self.arguments = arguments
        self.time = time
        self.starting = starting
        self.amounts = amounts
    }

    /// A command without arguments.
    ///
    /// - Parameter purpose: set if it makes a VM run, which takes room for this purpose.
    static func plain(_ verb: CommandVerb, starting purpose: PermitPurpose? = nil) -> Maker {
        { _ in VMOrder(verb, starting: purpose) }
    }

    /// A guest has a minute unless the request gives another time; its power is cut at once, or after that time, if
    /// that is ordered.
    static let shutdown: Maker = { parameters in
        let force = parameters["force"] == true
        let grace = parameters["graceSeconds"]?.integer
        if force, grace == nil { return VMOrder(.destroy) }
        let seconds = grace ?? 60
        return VMOrder(.shutdown, .shutdown(graceSeconds: seconds, thenDestroys: force), time: .seconds(seconds))
    }

    static let cap: Maker = { VMOrder(.cap, .cap(ppm: $0["cpuCapPpm"]?.integer ?? 0)) }

    static let networkCap: Maker = {
        VMOrder(.networkCap, .networkCap(bytesPerSecond: $0["bytesPerSecond"]?.integer ?? 0))
    }

    static let snapshot: Maker = {
        VMOrder(.snapshot, .snapshot(named: $0["name"]?.text ?? ""), amounts: [.snapshots: 1])
    }

    static let delete: Maker = { VMOrder(.delete, .deletion(keepsDisk: $0["keepDisk"] == true)) }
}
