// SPDX-License-Identifier: Apache-2.0

/// A time of each day, in UTC, in which nothing is done automatically, for instance while backups run.
package struct Blackout: JSONDocument, Hashable {
    /// The second of the day at which it begins: 0 to 86 399.
    package var startSecond: Int64
    /// 1 to 86 400; it may pass midnight.
    package var lengthSeconds: Int64
    /// Days on which it begins, 0 is Monday; empty: every day.
    package var weekdays: [Int]

    package init(startSecond: Int64, lengthSeconds: Int64, weekdays: [Int] = []) {
        self.startSecond = startSecond
        self.lengthSeconds = lengthSeconds
        self.weekdays = weekdays.sorted()
    }
}
