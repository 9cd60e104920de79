// SPDX-License-Identifier: Apache-2.0

/// What a domain's vCPUs may use together, as a host says or as somebody asks.
///
/// That no cap can be read is not the same as that there is none: an unknown cap must never count as the whole size.
package enum CPUCap: Hashable, Sendable, Codable {
    /// The host does not say, or could not be asked.
    case unknown
    /// The domain may use all of its vCPUs.
    case none
    /// The domain may use `ppm` parts per million of one core, more than zero.
    case limit(ppm: Int64)

    /// - Parameter ppm: in parts per million of one core; zero or less means that there is no cap.
    package init(ppm: Int64) { self = ppm > 0 ? .limit(ppm: ppm) : .none }

    /// As a report or a stored sample says it. Those of former versions say nothing of caps, and had no utilisation of a
    /// domain under one: where the utilisation is known, there was none.
    package init(reported ppm: Int64?, isUtilizationKnown: Bool) {
        self = ppm.map { CPUCap(ppm: $0) } ?? (isUtilizationKnown ? .none : .unknown)
    }

    /// What `init(reported:isUtilizationKnown:)` reads: nothing where the utilisation says that there is none.
    package func reported(isUtilizationKnown: Bool) -> Int64? {
        switch self {
        case .unknown: nil
        case .none: isUtilizationKnown ? nil : 0
        case .limit(let ppm): ppm
        }
    }

    /// The limit in parts per million of one core; `nil` without a cap, and while it is unknown.
    package var limitPPM: Int64? {
        guard case .limit(let ppm) = self else { return nil }
        return ppm
    }

    /// What so many vCPUs may use under this cap, in whole thousandths, rounded down, at least one; `nil` while the cap is
    /// unknown.
    package func capacity(of vcpus: VCPUCount) -> Capacity? {
        switch self {
        case .unknown: nil
        case .none: Capacity(vcpus)
        case .limit(let ppm): min(Capacity(vcpus), max(Capacity(clamping: 1), Capacity(clamping: ppm / 1_000)))
        }
    }

    /// What it leaves of so many vCPUs; `nil`: all of them, or the cap is unknown.
    package func binding(of vcpus: VCPUCount) -> Capacity? {
        capacity(of: vcpus).flatMap { $0 < Capacity(vcpus) ? $0 : nil }
    }

    /// Whether a host that shows this cap enforces what was asked; `nil` while it is unknown.
    ///
    /// - Parameters:
    ///   - asked: in parts per million of one core; zero: no cap.
    ///   - granule: how far apart the caps are that the host can tell apart, in the same unit.
    package func fulfils(asked: Int64, granule: Int64) -> Bool? {
        switch self {
        case .unknown: nil
        case .none: asked <= 0
        case .limit(let ppm): asked > 0 && (max(ppm, asked) - min(ppm, asked)) < granule
        }
    }
}

extension CPUCap: CustomStringConvertible {
    /// In vCPUs, as people read it: `0.25 vCPU`, `1.5 vCPUs`, `no cap`, `an unknown cap`.
    package var description: String {
        switch self {
        case .unknown: "an unknown cap"
        case .none: "no cap"
        case .limit(let ppm): decimalText(ppm.magnitude, digits: 6) + (ppm > 1_000_000 ? " vCPUs" : " vCPU")
        }
    }
}
