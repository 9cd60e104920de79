// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// How many files and sockets a process may have open, and for what: connections of one kind must leave enough for the
/// rest.
package enum DescriptorBudget {
    /// What a process has open beside its connections: the bus, logs, libraries.
    package static let reserve = 128

    /// Raises the process's limit of open files to the maximum; returns it.
    package static func raiseLimit() -> Int {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1_024 }
        if limit.rlim_cur < limit.rlim_max {
            var raised = limit
            raised.rlim_cur = limit.rlim_max
            if unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 { limit = raised }
        }
        return Int(clamping: limit.rlim_cur)
    }

    /// How many connections there may be.
    ///
    /// - Parameters:
    ///   - wanted: by the configuration.
    ///   - limit: what the process may open.
    ///   - others: what other parts of it have open at most, beside `reserve`.
    package static func connections(wanted: Int, limit: Int, others: Int) -> Int {
        max(1, min(wanted, limit - reserve - others))
    }
}
