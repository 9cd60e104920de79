// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// The meters of a domain that an earlier process wrote down, from which the counters go on.
package struct KnownMeter: Hashable, Sendable {
    /// The totals of network and disks, and CPU time; `nil`: not known for this life.
    package let counters: DomainCounters
    /// The last value of each device; `nil`: the totals are sums that the driver gave.
    package let devices: [DeviceCounters]?

    package init(counters: DomainCounters, devices: [DeviceCounters]?) {
        self.counters = counters
        self.devices = devices
    }
}

/// The meters of one life of a domain: of its interfaces and its disks, in both directions, device by device.
struct DomainMeter: Hashable, Sendable {
    /// The result of one reading. `nil`: it could not be read.
    struct Step: Sendable {
        var counters = DomainCounters()
        /// Received and transmitted since the last reading of both.
        var networkGrowth: (incoming: Int64, outgoing: Int64)?
        var isChanged = false
        var rejections: [RejectedReading.Reason] = []
    }

    private var received = GrowthMeter()
    private var transmitted = GrowthMeter()
    private var read = GrowthMeter()
    private var written = GrowthMeter()
    /// The devices, if the driver lists them.
    private var devices: [DeviceCounters]?

    init(_ known: KnownMeter? = nil) {
        guard let known else { return }
        func meter(
            _ kind: DeviceCounters.Kind, _ total: KeyPath<DomainCounters, Int64?>,
            _ value: KeyPath<DeviceCounters, Int64?>
        ) -> GrowthMeter {
            let devices = known.devices?.filter { $0.kind == kind }.compactMap { device in
                device[keyPath: value].map { (name: device.name, value: $0) }
            }
            return GrowthMeter(total: known.counters[keyPath: total], devices: devices)
        }
        received = meter(.interface, \.networkReceivedBytes, \.incoming)
        transmitted = meter(.interface, \.networkTransmittedBytes, \.outgoing)
        read = meter(.disk, \.blockReadBytes, \.incoming)
        written = meter(.disk, \.blockWrittenBytes, \.outgoing)
    }

    mutating func observe(_ seen: DomainReading, at instant: ReadingInstant) -> Step {
        var step = Step()
        let limit = PlausibilityGate.maximumNetworkBytesPerSecond
        let interfaces = figures(of: .interface, in: seen, sums: \.networkReceivedBytes, \.networkTransmittedBytes)
        let disks = figures(of: .disk, in: seen, sums: \.blockReadBytes, \.blockWrittenBytes)
        let incoming = received.observe(interfaces.incoming, at: instant, limit: limit)
        let outgoing = transmitted.observe(interfaces.outgoing, at: instant, limit: limit)
        let reads = read.observe(disks.incoming, at: instant, limit: nil)
        let writes = written.observe(disks.outgoing, at: instant, limit: nil)
        step.counters.networkReceivedBytes = incoming.total
        step.counters.networkTransmittedBytes = outgoing.total
        step.counters.blockReadBytes = reads.total
        step.counters.blockWrittenBytes = writes.total
        if incoming.total != nil, outgoing.total != nil {
            step.networkGrowth = incoming.growth.flatMap { into in outgoing.growth.map { (into, $0) } }
        }
        for part in [incoming, outgoing, reads, writes] {
            step.isChanged = step.isChanged || part.isChanged
            step.rejections += part.rejections
        }
        devices = seen.devices
        return step
    }

    /// The last known value of each present device; `nil` if the driver gives sums only.
    var state: [DeviceCounters]? {
        devices?.map { device in
            let isInterface = device.kind == .interface
            return DeviceCounters(
                device.kind, device.name, incoming: (isInterface ? received : read)[device.name],
                outgoing: (isInterface ? transmitted : written)[device.name])
        }
    }

    private func figures(
        of kind: DeviceCounters.Kind, in seen: DomainReading, sums incoming: KeyPath<DomainCounters, Int64?>,
        _ outgoing: KeyPath<DomainCounters, Int64?>
    ) -> (incoming: [GrowthMeter.Figure], outgoing: [GrowthMeter.Figure]) {
        guard let devices = seen.devices?.filter({ $0.kind == kind }) else {
            return (
                [.init(device: GrowthMeter.sum, value: seen.counters[keyPath: incoming])],
                [.init(device: GrowthMeter.sum, value: seen.counters[keyPath: outgoing])]
            )
        }
        return (
            devices.map { .init(device: $0.name, value: $0.incoming) },
            devices.map { .init(device: $0.name, value: $0.outgoing) }
        )
    }
}

/// The sizes of a domain's disks; a disk that can't be read at the moment keeps its last size.
struct DiskSizes: Hashable, Sendable {
    private var capacities: [String: ByteCount] = [:]
    /// The size of all disks together; `nil` while nothing is known.
    private(set) var total: ByteCount?

    mutating func observe(_ seen: DomainReading) {
        guard let disks = seen.devices?.filter({ $0.kind == .disk }) else {
            total = seen.disk ?? total
            return
        }
        var now: [String: ByteCount] = [:]
        for disk in disks { now[disk.name] = disk.capacity ?? capacities[disk.name] }
        // A domain that does not run may show its disks and none of their sizes.
        guard disks.isEmpty || !now.isEmpty else { return }
        capacities = now
        total = now.values.reduce(.zero) { ByteCount(clamping: $0.bytes.saturatingSum($1.bytes)) }
    }

    func isKnown(_ disk: String) -> Bool { capacities[disk] != nil }
}

extension Int64 {
    /// The sum, or the largest integer if it would overflow.
    func saturatingSum(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other > 0 ? .max : .min) : sum
    }
}
