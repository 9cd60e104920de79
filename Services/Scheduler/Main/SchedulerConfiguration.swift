// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import SchedulerCore
import ServiceKit

/// What `ebb-scheduler` reads from its settings.
struct SchedulerConfiguration: Sendable {
    let core: SchedulerSettings
    /// N.
    let windowLength: Int
    /// The longest N that a tenant may choose.
    let longestWindow: Int
    /// After how long a silent instance of Scheduler is dead.
    let timeToLive: Duration
    /// How often it is checked whether a managed policy must be chosen again.
    let managedInterval: Duration
    let permitLifetime: Duration
    /// How long Monitor may take for a command.
    let commandTimeout: Duration

    init(_ settings: Settings) throws(StartupError) {
        var core = SchedulerSettings.platform
        core.samplingInterval = settings.duration("scheduler.samplingInterval").wholeNanoseconds
        core.cooldownUp = settings.duration("scheduler.cooldownUp").wholeNanoseconds
        core.cooldownDown = settings.duration("scheduler.cooldownDown").wholeNanoseconds
        core.stealBound = settings.share("scheduler.stealBound")
        core.retryAfterNoRoom = settings.duration("scheduler.retryAfterNoRoom").wholeNanoseconds
        core.weights = PlacementWeights(
            responsePPM: Int64(settings.integer("scheduler.weightResponse")),
            cpuPPM: Int64(settings.integer("scheduler.weightCPU")),
            memoryPPM: Int64(settings.integer("scheduler.weightMemory")))
        core.memory.minimumAvailable = ByteCount(clamping: Int64(settings.integer("scheduler.minimumAvailableMemory")))
        core.unknownBound = settings.share("scheduler.unknownBound")
        core.moves.budget = MigrationBudget(
            inPerHost: settings.integer("scheduler.movesInPerHost"),
            outPerHost: settings.integer("scheduler.movesOutPerHost"),
            perCluster: settings.integer("scheduler.movesPerCluster"),
            restNanoseconds: settings.duration("scheduler.moveRest").wholeNanoseconds)
        core.moves.minimumImprovement = settings.share("scheduler.minimumImprovement")
        core.freeze.failedShare = settings.share("scheduler.freezeFailedShare")
        core.freeze.changedShare = settings.share("scheduler.freezeChangedShare")
        do {
            try core.validate()
        } catch {
            throw .configuration("scheduler: \(error)")
        }
        self.core = core
        windowLength = settings.integer("scheduler.windowLength")
        longestWindow = settings.integer("scheduler.longestWindow")
        timeToLive = settings.duration("scheduler.timeToLive")
        managedInterval = settings.duration("scheduler.managedInterval")
        permitLifetime = settings.duration("scheduler.permitLifetime")
        commandTimeout = settings.duration("scheduler.commandTimeout")
    }
}

extension Settings {
    /// A setting in parts per million.
    fileprivate func share(_ key: String) -> Utilization { Utilization(ppm: Int64(integer(key))) }
}
