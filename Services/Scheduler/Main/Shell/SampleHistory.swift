// SPDX-License-Identifier: Apache-2.0

import Contracts
import ResourceModel
import SchedulerCore
import Store

/// The latest samples of every host, whichever instance decides for it now: a take-over begins with them.
struct SampleHistory: Sendable {
    struct Entry: Sendable {
        var sample: HostSample
        let position: SamplePosition

        init(sample: HostSample, position: SamplePosition) {
            self.sample = sample
            self.position = position
        }

        /// A report as Logger stored it.
        init(_ report: LoggedReport) {
            self.init(
                sample: report.sample,
                position: SamplePosition(
                    epoch: report.stream.epoch, sequence: UInt64(clamping: report.sequence)))
        }
    }

    private var entries: [HostID: [Entry]] = [:]
    private let limit: Int

    /// - Parameter limit: samples kept per host.
    init(limit: Int) { self.limit = limit }

    mutating func append(_ entry: Entry) {
        var list = entries[entry.sample.host] ?? []
        list.append(entry)
        if list.count > limit { list.removeFirst(list.count - limit) }
        entries[entry.sample.host] = list
    }

    /// The samples of these hosts, oldest first.
    func samples(of hosts: Set<HostID>) -> [Entry] {
        hosts.sorted().flatMap { entries[$0] ?? [] }
            .sorted { ($0.sample.sampledAt, $0.sample.host) < ($1.sample.sampledAt, $1.sample.host) }
    }
}
