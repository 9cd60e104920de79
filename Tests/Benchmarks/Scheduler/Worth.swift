// SPDX-License-Identifier: Apache-2.0

/// What a rule came to over many VM-days.
struct Worth {
    /// vCPUs, summed over readings.
    private(set) var allocated: Int64 = 0
    /// Hundredths of a vCPU, summed over readings.
    private(set) var used: Int64 = 0
    private(set) var overloaded: Int64 = 0
    private(set) var resizes: Int64 = 0
    private var readings: Int64 = 0
    private var days: Int64 = 0

    /// 1 − used / allocated, over all machines together.
    var slack: Double { allocated == 0 ? 0 : 1 - Double(used) / 100 / Double(allocated) }
    /// Share of readings with more demand than size, in percent.
    var overloadedPercent: Double { readings == 0 ? 0 : 100 * Double(overloaded) / Double(readings) }
    var resizesPerDay: Double { days == 0 ? 0 : Double(resizes) / Double(days) }

    /// Adds one VM-day: the size that was there at each reading.
    mutating func add(_ machine: Machine, sizes: [Int64]) {
        for (demand, size) in zip(machine.demand, sizes) {
            allocated += size
            used += min(demand, 100 * size)
            if demand > 100 * size { overloaded += 1 }
        }
        resizes += Int64(zip(sizes, sizes.dropFirst()).count { $0 != $1 })
        readings += Int64(machine.demand.count)
        days += 1
    }
}

/// One VM-day: what it wanted at each reading, in hundredths of a vCPU, when 100 % are 8 vCPUs.
struct Machine {
    let demand: [Int64]

    static let largest: Int64 = 8
    /// At the beginning of every rule that does not choose its own.
    static let first: Int64 = 2

    init(_ readings: [Int64]) { demand = readings.map { $0 * Self.largest } }

    /// The smallest size that is enough.
    static func size(for demand: Int64) -> Int64 { min(max((demand + 99) / 100, 1), largest) }
}

/// The reference points: what others do, and what can't be passed.
enum Reference: CaseIterable {
    case peak, percentile, recentPeak, oneReading, clairvoyant

    var name: String {
        switch self {
        case .peak: "fixed at each VM's own peak (knows the day)"
        case .percentile: "fixed at its own 95th percentile (knows the day)"
        case .recentPeak: "peak of the last 12 readings"
        case .oneReading: "one reading over the line, ±1 (20/80)"
        case .clairvoyant: "clairvoyant, every reading (the limit)"
        }
    }

    /// Slack, overloaded percent and resizes of the independent sample of 1 500 VM-days.
    var published: (slack: Double, overloaded: Double, resizes: Double) {
        switch self {
        case .peak: (0.803, 0, 0)
        case .percentile: (0.635, 1.7, 0)
        case .recentPeak: (0.646, 2.3, 13)
        case .oneReading: (0.602, 4.1, 37)
        case .clairvoyant: (0.448, 0, 66)
        }
    }

    func sizes(_ machine: Machine) -> [Int64] {
        let demand = machine.demand
        switch self {
        case .peak: return fixed(demand.max() ?? 0, demand.count)
        case .percentile:
            let rank = (demand.count * 95 + 99) / 100
            return fixed(demand.sorted()[max(0, rank - 1)], demand.count)
        case .recentPeak:
            return demand.indices.map { index in
                let recent = demand[max(0, index - 12)..<index]
                return recent.max().map(Machine.size) ?? Machine.first
            }
        case .oneReading: return oneReading(demand)
        case .clairvoyant: return demand.map(Machine.size)
        }
    }

    private func fixed(_ demand: Int64, _ count: Int) -> [Int64] {
        Array(repeating: Machine.size(for: demand), count: count)
    }

    private func oneReading(_ demand: [Int64]) -> [Int64] {
        var size = Machine.first
        return demand.map { wanted in
            defer {
                let used = min(wanted, 100 * size)
                if used > 80 * size {
                    size = min(size + 1, Machine.largest)
                } else if used < 20 * size {
                    size = max(size - 1, 1)
                }
            }
            return size
        }
    }
}
