// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel

extension Blackout {
    var isValid: Bool {
        (0..<86_400).contains(startSecond) && (1...86_400).contains(lengthSeconds)
            && weekdays.allSatisfy { (0...6).contains($0) }
    }

    /// When it ends, if `instant` lies in it.
    func end(at instant: Timestamp) -> Timestamp? {
        let second = instant.nanoseconds / 1_000_000_000
        let today = second / 86_400
        for day in [today, today - 1] where beginsOn(day) {
            let start = day * 86_400 + startSecond
            if second >= start, second < start + lengthSeconds {
                return Timestamp(nanoseconds: (start + lengthSeconds) * 1_000_000_000)
            }
        }
        return nil
    }

    /// 1970-01-01 was a Thursday.
    private func beginsOn(_ day: Int64) -> Bool { weekdays.isEmpty || weekdays.contains(Int((day + 3) % 7)) }
}
