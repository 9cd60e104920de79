// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// What an administrator may do on a host with other tools. As JSON an object with one key, for instance
/// `{"resize": {"vcpus": 3}}`.
package enum ForeignAction: Hashable, Sendable, Codable {
    case lifecycle(verb: LifecycleVerb)
    case resize(vcpus: Int?, memory: ByteCount?)
    case migrate(target: HostID)

    private enum ResizeCodingKeys: String, CodingKey {
        case vcpus
        case memory = "memory_bytes"
    }

    /// With the epoch that the target's host saw last, so that nothing is fenced.
    func change(of domain: DomainID, in fleet: Fleet) -> FleetChange {
        switch self {
        case .lifecycle(let verb): .lifecycle(domain, verb)
        case .resize(let vcpus, let memory): .resize(domain, vcpus: vcpus, memory: memory)
        case .migrate(let target):
            .migrate(domain, to: target, targetEpoch: fleet.hostIndex[target].map { fleet.hosts[$0].epoch } ?? 0)
        }
    }
}

extension FleetCap {
    /// The smallest CPU cap of a host with QEMU, in parts per million of one core: a simulated one takes none that a real
    /// one refuses.
    private static let leastPPM: Int64 = 50_000

    /// Why it is not valid; `nil` if it is.
    var fault: String? {
        switch self {
        case .cpu(let ppm):
            !Limits.load.contains(ppm)
                ? "a CPU cap must lie within 0 and 10000000000 ppm"
                : ppm > 0 && ppm < Self.leastPPM
                    ? "\(CPUCap(ppm: ppm)) is no cap that the host takes: the least is \(CPUCap(ppm: Self.leastPPM))"
                    : nil
        case .network(let bytesPerSecond):
            Limits.byteRate.contains(bytesPerSecond)
                ? nil : "a network cap must lie within 0 and 1000000000000 bytes per second"
        }
    }
}
