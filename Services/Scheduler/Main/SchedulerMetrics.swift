// SPDX-License-Identifier: Apache-2.0

import CoreMetrics

/// What `ebb-scheduler` counts.
struct SchedulerMetrics: Sendable {
    /// `ebb_scheduler_samples_total`: host samples taken.
    let samples = Counter(label: "ebb_scheduler_samples_total")
    /// `ebb_scheduler_lost_messages_total`: messages that could not be had again.
    let lost = Counter(label: "ebb_scheduler_lost_messages_total")
    /// `ebb_scheduler_evaluation_duration_seconds`: the time from a host's sample until its directives are handed on.
    let evaluation = Timer(label: "ebb_scheduler_evaluation_duration_seconds")

    /// `ebb_scheduler_decisions_total{verdict,reason}`: decisions recorded.
    func decision(verdict: String, reason: String) {
        Counter(label: "ebb_scheduler_decisions_total", dimensions: [("verdict", verdict), ("reason", reason)])
            .increment()
    }

    /// `ebb_scheduler_actions_total{outcome}`: commands that decisions led to.
    func action(outcome: String) {
        Counter(label: "ebb_scheduler_actions_total", dimensions: [("outcome", outcome)]).increment()
    }
}
