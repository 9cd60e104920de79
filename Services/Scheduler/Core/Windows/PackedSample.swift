// SPDX-License-Identifier: Apache-2.0

import ResourceModel

/// A known sample as a window keeps it: in 48 bytes, because every cycle reads a window of each domain.
struct PackedSample: Sendable {
    let sampledAt: Timestamp
    private let size: Int64
    private let position: SamplePosition
    /// `noSteal`: not known.
    private let stealPPM: Int64
    private let utilizationPPM: Int32
    let unknownBefore: Int32

    private static let noSteal = Int64.min

    /// Utilisation is at most 100 %, so that 32 bits hold it.
    @inline(__always)
    init(_ sample: WindowSample, unknownBefore: Int32) {
        sampledAt = sample.sampledAt
        size = sample.size
        position = sample.position
        stealPPM = sample.steal?.ppm ?? Self.noSteal
        utilizationPPM = Int32(clamping: sample.utilization.ppm)
        self.unknownBefore = unknownBefore
    }

    var utilization: Utilization { Utilization(ppm: Int64(utilizationPPM)) }

    var sample: WindowSample {
        WindowSample(
            sampledAt: sampledAt, utilization: utilization, size: size,
            steal: stealPPM == Self.noSteal ? nil : Utilization(ppm: stealPPM), position: position,
            unknownBefore: Int(unknownBefore))
    }
}
