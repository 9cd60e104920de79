// SPDX-License-Identifier: Apache-2.0

extension SchedulerState {
    /// Somebody changed what the platform decides: it holds from the next evaluation of each domain on.
    package mutating func settingsChanged(_ settings: SchedulerSettings) { self.settings = settings }
}
