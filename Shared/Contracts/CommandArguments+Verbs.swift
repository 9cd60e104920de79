// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

// Whoever gives a command makes its arguments by one of these.
extension CommandArguments {
    private init(_ fill: (inout CommandArguments) -> Void) {
        self.init()
        fill(&self)
    }

    /// `resize`: what is `nil` stays as it is.
    ///
    /// - Parameter cpuCapPPM: what its vCPUs may use together afterwards, in parts per million of one core; 0: no cap.
    package static func size(
        vcpus: VCPUCount? = nil, cpuCapPPM: Int64? = nil, memory: ByteCount? = nil
    ) -> CommandArguments {
        CommandArguments {
            $0.vcpus = vcpus?.count
            $0.cpuCapPPM = cpuCapPPM
            $0.memoryBytes = memory?.bytes
        }
    }

    /// `cap`: in parts per million of one core; 0 lifts it.
    package static func cap(ppm: Int64) -> CommandArguments { CommandArguments { $0.cpuCapPPM = ppm } }

    /// `network-cap`: 0 lifts it.
    package static func networkCap(bytesPerSecond: Int64) -> CommandArguments {
        CommandArguments { $0.bytesPerSecond = bytesPerSecond }
    }

    /// `migrate`: what is `nil`, the host's Monitor chooses.
    ///
    /// - Parameter forcedAlthough: what spoke against the move; `nil`: nothing.
    package static func migration(
        to target: HostID, bandwidthBytesPerSecond: Int64? = nil, maximumDowntimeMilliseconds: Int64? = nil,
        autoConverges: Bool? = nil, timeLimitSeconds: Int64? = nil, forcedAlthough: String? = nil
    ) -> CommandArguments {
        CommandArguments {
            $0.target = target.name
            $0.bandwidthBytesPerSecond = bandwidthBytesPerSecond
            $0.maximumDowntimeMilliseconds = maximumDowntimeMilliseconds
            $0.autoConverges = autoConverges
            $0.timeLimitSeconds = timeLimitSeconds
            $0.forcedAlthough = forcedAlthough
        }
    }

    /// `snapshot`, `revert` and `delete-snapshot`.
    package static func snapshot(named name: String) -> CommandArguments { CommandArguments { $0.name = name } }

    /// `shutdown`: how long the guest may take, and whether its power is cut after that.
    package static func shutdown(graceSeconds: Int64, thenDestroys: Bool) -> CommandArguments {
        CommandArguments {
            $0.graceSeconds = graceSeconds
            $0.thenDestroys = thenDestroys ? true : nil
        }
    }

    /// `delete`.
    package static func deletion(keepsDisk: Bool) -> CommandArguments {
        CommandArguments { $0.keepsDisk = keepsDisk ? true : nil }
    }

    /// `adopt`: for whom.
    package static func adoption(for tenant: TenantID) -> CommandArguments {
        CommandArguments { $0.tenant = tenant.name }
    }

    /// `prepare`: what the domain may grow to; what is `nil` stays as it is.
    package static func ceiling(vcpus: Int?, memoryBytes: Int64?) -> CommandArguments {
        CommandArguments {
            $0.maximumVCPUs = vcpus
            $0.maximumMemoryBytes = memoryBytes
        }
    }
}
