// SPDX-License-Identifier: Apache-2.0

import Messages
import Metrics

/// What `ebb-billing` counts.
struct BillingMetrics: Sendable {
    /// `ebb_billing_answer_duration_seconds{type}`: from a request to its reply or failure.
    func answering(_ type: MessageType) -> Timer {
        Timer(label: "ebb_billing_answer_duration_seconds", dimensions: [("type", type.name)])
    }
}
