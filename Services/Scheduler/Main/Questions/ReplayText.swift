// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import SchedulerCore

/// A replay in words and lines, for people.
enum ReplayText {
    static func of(_ result: ReplayResult, policy: ScalingPolicy, windowLength: Int) -> String {
        let needed = policy.breachesNeeded(windowLength: windowLength)
        var lines = [
            "U1 \(policy.lower), U2 \(policy.upper), \(needed) of \(windowLength) samples, \(policy.minimumVCPUs) to "
                + "\(policy.maximumVCPUs) vCPUs"
        ]
        lines += result.timeline.map { segment in
            "\(segment.start)  \(duration(segment.end.nanoseconds(since: segment.start)))  "
                + "\(segment.vcpus) vCPUs, \(segment.memory)"
        }
        lines += result.actions.map { action in
            "\(action.at)  \(action.resource.rawValue) from \(action.from) to \(action.to): \(action.reason.rawValue)"
                + (action.isGrantAssumed ? ", room assumed" : "")
                + (action.isFromCapped ? ", demand capped by the size of then" : "")
        }
        lines += [
            "\(result.actions.count) actions in \(duration(result.known)) that are known"
                + (result.unknown > 0 ? ", \(duration(result.unknown)) are not" : ""),
            "overloaded \(duration(result.overloaded)) (\(result.overloadedShare)), idle \(duration(result.idle)) "
                + "(\(result.idleShare)), slack \(result.slack)",
        ]
        if result.capped > 0 {
            lines.append(
                "in \(duration(result.capped)) the size of then capped what was used: more may have been wanted")
        }
        return lines.joined(separator: "\n")
    }

    /// In minutes, or in seconds if it is shorter than a minute.
    static func duration(_ nanoseconds: Int64) -> String {
        let seconds = nanoseconds / 1_000_000_000
        return seconds < 600 ? "\(seconds) s" : "\(seconds / 60) min"
    }
}
