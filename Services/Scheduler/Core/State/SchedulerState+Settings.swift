// SPDX-License-Identifier: Apache-2.0

extension SchedulerState {
    /// Takes changed settings; they hold from the next evaluation of each domain on.
    package mutating func settingsChanged(_ settings: SchedulerSettings) { self.settings = settings }
}
