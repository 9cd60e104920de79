// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// What Monitor saw of a command's domain at its end: `{"effectiveAt": 17…, "host": "h2", "state": "running", "vcpus": 3}`.
package struct CommandResult: JSONDocument, Hashable {
    package var host: HostID?
    package var state: Recognised<DomainState>?
    /// Confirmed by the guest, else granted.
    package var vcpus: VCPUCount?
    package var granted: VCPUCount?
    /// What a cap leaves of its vCPUs; `nil`: all of them, or that is not known.
    package var leftByCap: Capacity?
    package var memory: ByteCount?
    /// When the change took effect, where the driver says so: nanoseconds of cluster time.
    package var effectiveAt: Timestamp?
    /// `true`: what was asked for held already, and nothing was done.
    package var heldAlready: Bool?

    package init(
        host: HostID? = nil, state: DomainState? = nil, vcpus: VCPUCount? = nil, granted: VCPUCount? = nil,
        leftByCap: Capacity? = nil, memory: ByteCount? = nil, effectiveAt: Timestamp? = nil, heldAlready: Bool? = nil
    ) {
        self.host = host
        self.state = state.map { .known($0) }
        self.vcpus = vcpus
        self.granted = granted
        self.leftByCap = leftByCap
        self.memory = memory
        self.effectiveAt = effectiveAt
        self.heldAlready = heldAlready
    }

    /// Reads a row's result; what is missing, or can't be read, is `nil`.
    package init(_ text: String?) { self = text.flatMap { CommandResult(json: $0) } ?? CommandResult() }
}
