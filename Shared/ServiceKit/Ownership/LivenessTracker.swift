// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// Who is alive, as one observer sees it: an instance is dead when its heartbeat counter did not change for the TTL on
/// the observer's own monotonic clock *while the database answered*. A database that pauses expires nobody.
package struct LivenessTracker: Sendable {
    private struct Entry {
        var heartbeat: Int64
        /// Time since the counter last changed, counted only while the database answered.
        var silentNanoseconds: Int64
    }

    private let timeToLiveNanoseconds: Int64
    private var entries: [InstanceID: Entry] = [:]
    private var lastAnswer: Int64?

    package init(timeToLive: Duration) { timeToLiveNanoseconds = timeToLive.wholeNanoseconds }

    /// The database answered with these rows. `elapsedLimit` is how much the time between two answers may count at
    /// most: time in which the database did not answer says nothing about any instance.
    package mutating func observe(
        _ heartbeats: [InstanceID: Int64], atMonotonicNanoseconds now: Int64, elapsedLimitNanoseconds: Int64
    ) {
        let elapsed = lastAnswer.map { min(max(0, now - $0), elapsedLimitNanoseconds) } ?? 0
        lastAnswer = now
        for (instance, heartbeat) in heartbeats {
            if var entry = entries[instance], entry.heartbeat == heartbeat {
                entry.silentNanoseconds += elapsed
                entries[instance] = entry
            } else {
                entries[instance] = Entry(heartbeat: heartbeat, silentNanoseconds: 0)
            }
        }
        entries = entries.filter { heartbeats[$0.key] != nil }
    }

    package var alive: [InstanceID] {
        entries.filter { $0.value.silentNanoseconds < timeToLiveNanoseconds }.map(\.key).sorted()
    }

    package var dead: [InstanceID] { dead(forTimesToLive: 1) }

    /// The instances that have been silent for `count` times the TTL, so that their rows can be deleted.
    package func dead(forTimesToLive count: Int64) -> [InstanceID] {
        entries.filter { $0.value.silentNanoseconds >= timeToLiveNanoseconds * count }.map(\.key).sorted()
    }
}
