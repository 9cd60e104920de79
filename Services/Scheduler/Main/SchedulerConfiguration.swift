// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import SchedulerCore
import ServiceKit

/// What `ebb-scheduler` reads from its settings.
struct SchedulerConfiguration: Sendable {
    let core: SchedulerSettings
    /// N.
    let windowLength: Int
    /// After how long a silent instance of Scheduler is dead.
    let timeToLive: Duration
    let permitLifetime: Duration
    /// How long Monitor may take for a command.
    let commandTimeout: Duration

    init(_ settings: Settings) throws(StartupError) {
        var core = SchedulerSettings.platform
        core.samplingInterval = settings.duration("scheduler.samplingInterval").wholeNanoseconds
        core.cooldownUp = settings.duration("scheduler.cooldownUp").wholeNanoseconds
        core.cooldownDown = settings.duration("scheduler.cooldownDown").wholeNanoseconds
        core.stealBound = Utilization(ppm: Int64(settings.integer("scheduler.stealBound")))
        core.retryAfterNoRoom = settings.duration("scheduler.retryAfterNoRoom").wholeNanoseconds
        core.weights = PlacementWeights(
            responsePPM: Int64(settings.integer("scheduler.weightResponse")),
            cpuPPM: Int64(settings.integer("scheduler.weightCPU")),
            memoryPPM: Int64(settings.integer("scheduler.weightMemory")))
        do {
            try core.validate()
        } catch {
            throw .configuration("scheduler: \(error)")
        }
        self.core = core
        windowLength = settings.integer("scheduler.windowLength")
        timeToLive = settings.duration("scheduler.timeToLive")
        permitLifetime = settings.duration("scheduler.permitLifetime")
        commandTimeout = settings.duration("scheduler.commandTimeout")
    }
}
