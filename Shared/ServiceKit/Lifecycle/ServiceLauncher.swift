// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import CoreMetrics
internal import Dispatch
internal import Foundation
internal import Logging
internal import ResourceModel
internal import ServiceLifecycle
package import Store
internal import Synchronization
internal import UnixSignals

/// Starts a service from its flags, and stops it again.
package enum ServiceLauncher {
    /// Runs until SIGTERM or SIGINT, or until a part fails for good; then it prints one sentence and exits with its
    /// code.
    ///
    /// `serve` runs once the database answers and the edges are up; it is cancelled at shutdown and must return then.
    package static func run(
        _ service: ServiceKind, _ options: ServiceOptions,
        serve: @escaping @Sendable (ServiceRuntime) async throws -> Void
    ) async throws {
        do {
            let settings = try await Settings.load(
                of: service, file: options.config, assignments: options.assignments,
                environment: ProcessInfo.processInfo.environment)
            if options.checkConfig {
                FileHandle.standardOutput.write(Data((terminalProse(settings.describe(service)) + "\n").utf8))
                return
            }
            try await run(service, settings, serve: serve)
        } catch let error as StartupError {
            say(error, service)
            throw ExitCode(error.code.rawValue)
        }
    }

    /// If root started the process, makes it run as the user that a setting names, for good; ends the process with one
    /// sentence if it can't. A process calls it from its first thread, before it starts anything.
    package static func leaveRoot(_ service: ServiceKind, _ options: ServiceOptions, for key: String) {
        guard RunAsUser.isRoot else { return }
        let loaded = Mutex<Result<Settings, any Error>?>(nil)
        let isLoaded = DispatchSemaphore(value: 0)
        Task {
            let result: Result<Settings, any Error>
            do {
                result = .success(
                    try await Settings.load(
                        of: service, file: options.config, assignments: options.assignments,
                        environment: ProcessInfo.processInfo.environment))
            } catch { result = .failure(error) }
            loaded.withLock { $0 = result }
            isLoaded.signal()
        }
        isLoaded.wait()
        // `run` reads the settings again and says what is wrong with them.
        guard case .success(let settings) = loaded.withLock({ $0 }) else { return }
        do {
            try RunAsUser.become(settings.text(key), by: key)
        } catch {
            say(error, service)
            exit(error.code.rawValue)
        }
    }

    /// Why a service ends, on one line of standard error.
    private static func say(_ error: StartupError, _ service: ServiceKind) {
        JSONLogHandler.standardError("ebb-\(service.rawValue): \(terminalLine(error.message))")
    }

    private static func run(
        _ service: ServiceKind, _ settings: Settings, serve: @escaping @Sendable (ServiceRuntime) async throws -> Void
    ) async throws {
        let level = Logger.Level(rawValue: settings.text("log.level")) ?? .info
        var generator = SystemRandomNumberGenerator()
        let credential = InstanceCredential(InstanceID(UUID128.random(using: &generator)), using: &generator)
        LoggingSystem.bootstrap { label in JSONLogHandler(label: label, level: level) }
        var log = Logger(label: service.rawValue)
        log[metadataKey: "service.instance.id"] = "\(credential.id)"
        let registry = PrometheusRegistry()
        MetricsSystem.bootstrap(PrometheusMetricsFactory(registry: registry))
        let health = Health()
        health.report("database", fault: "not reached yet")
        health.report("bus", fault: "not bound yet")
        if service == .usergateway { health.report("listener", fault: "not listening yet") }
        // Libraries log at info what only a debugger needs.
        var quiet = log
        quiet.logLevel = max(level, .notice)
        var limits = AdminLimits()
        limits.connections = settings.integer("admin.connections")
        let admin = try AdminServer(
            address: settings.text("admin.bind"), health: health, registry: registry,
            version: "ebb-\(service.rawValue) \(ReleaseVersion.text)", log: quiet, limits: limits)
        let body = ServiceBody(
            service: service, credential: credential, settings: settings, health: health, admin: admin, log: log,
            serve: serve)
        var configuration = ServiceGroupConfiguration(
            services: [
                .init(service: admin, successTerminationBehavior: .gracefullyShutdownGroup),
                .init(service: body, successTerminationBehavior: .gracefullyShutdownGroup),
            ],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet)
        configuration.maximumGracefulShutdownDuration = .seconds(10)
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch let error as StartupError {
            throw error
        } catch {
            throw StartupError(.software, "it can't go on: \(error)")
        }
        log.notice("stopped")
    }
}
