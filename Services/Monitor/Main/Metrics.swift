// SPDX-License-Identifier: Apache-2.0

internal import Metrics
internal import MonitorCore

/// What Monitor counts. Names and labels are stable.
enum MonitorMetrics {
    // The metrics that every poll counts are looked up once.
    private static let answered = Counter(label: "ebb_monitor_polls_total", dimensions: [("result", "ok")])
    private static let failed = Counter(label: "ebb_monitor_polls_total", dimensions: [("result", "failed")])
    private static let duration = Timer(label: "ebb_monitor_poll_duration_seconds")
    private static let reports = Counter(label: "ebb_monitor_published_total", dimensions: [("type", "report")])
    private static let events = Counter(label: "ebb_monitor_published_total", dimensions: [("type", "event")])
    private static let written = Counter(label: "ebb_monitor_facts_total", dimensions: [("result", "written")])

    /// `ebb_monitor_polls_total{result}`: readings asked for; result is `ok` or `failed`.
    static func poll(succeeded: Bool) { (succeeded ? answered : failed).increment() }

    /// `ebb_monitor_poll_duration_seconds`: from asking a host to its answer.
    static func pollDuration(nanoseconds: Int64) { duration.recordNanoseconds(nanoseconds) }

    /// `ebb_monitor_rejected_samples_total{reason}`: figures that were not believed.
    static func rejected(_ reason: RejectedReading.Reason) {
        Counter(label: "ebb_monitor_rejected_samples_total", dimensions: [("reason", reason.rawValue)]).increment()
    }

    /// `ebb_monitor_published_total{type}`: messages published; type is `report` or `event`.
    static func publishedReport() { reports.increment() }
    static func publishedEvent() { events.increment() }

    /// `ebb_monitor_commands_total{verb,result}`: commands that ended; result is `succeeded` or the failure's code.
    static func command(verb: String, result: String) {
        Counter(label: "ebb_monitor_commands_total", dimensions: [("verb", verb), ("result", result)]).increment()
    }

    /// `ebb_monitor_facts_total{result}`: facts for the database; result is `written`, `stale`, `refused` (the database
    /// will never take it) or `dropped` (the queue was full).
    static func factsWritten(_ count: Int) { written.increment(by: count) }
    static func fact(_ result: String) {
        Counter(label: "ebb_monitor_facts_total", dimensions: [("result", result)]).increment()
    }

    /// `ebb_monitor_facts_waiting{host}`: facts that wait for the database.
    static func waiting(_ count: Int, host: String) {
        Gauge(label: "ebb_monitor_facts_waiting", dimensions: [("host", host)]).record(count)
    }

    /// `ebb_monitor_hosts{state}`: owned hosts that are `up` or `unknown`.
    static func hosts(up: Int, unknown: Int) {
        Gauge(label: "ebb_monitor_hosts", dimensions: [("state", "up")]).record(up)
        Gauge(label: "ebb_monitor_hosts", dimensions: [("state", "unknown")]).record(unknown)
    }
}
