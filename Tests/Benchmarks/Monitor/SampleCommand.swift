// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BenchSupport
import Foundation
import Hypervisor
import ResourceModel

/// `MonitorBench sample`: what one cycle of Ebb's sampler costs through libvirt.
struct Sample: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "CPU per domain and cycle of sampling a libvirt host.")

    struct Measurement: Encodable {
        let domains: Int
        /// Domains whose CPU time was read.
        let measured: Int
        let cpuMicrosecondsPerDomain: Double
        let daemonMicrosecondsPerDomain: Double
        let wallMicrosecondsPerDomain: Double
    }

    @Option(help: "The host, as libvirt takes it.") var uri: String
    @Option(help: "Cycles to measure.") var cycles = 10
    @Option(help: "From one cycle to the next, in milliseconds.") var intervalMs = 1_000
    @Option(help: "The libvirtd behind it, whose CPU time is measured too.") var daemonPid: Int?

    func run() async throws {
        var limits = LibvirtLimits()
        limits.callTimeout = .seconds(60)
        let hypervisor = LibvirtHypervisor(uri: uri, host: "host-1", log: log, limits: limits)
        // Connecting, finding out what the driver can do and reading definitions happen once.
        for _ in 0..<2 { _ = try await hypervisor.sample() }
        var (domains, measured, cpu, daemon, wall) = (0, 0, Int64(0), Int64(0), Int64(0))
        for _ in 0..<cycles {
            let before = (processCPUNanoseconds(), daemonNanoseconds(), monotonicNanoseconds())
            let reading = try await hypervisor.sample()
            wall += monotonicNanoseconds() - before.2
            try await Task.sleep(for: .milliseconds(intervalMs))
            cpu += processCPUNanoseconds() - before.0
            daemon += daemonNanoseconds() - before.1
            domains += reading.domains.count
            measured = reading.domains.filter { $0.counters.cpuTimeNanoseconds != nil }.count
        }
        guard domains > 0 else { throw ValidationError("the host at \(uri) has no domains") }
        func perDomain(_ nanoseconds: Int64) -> Double { Double(nanoseconds) / Double(domains) / 1e3 }
        try answer(
            Measurement(
                domains: domains / cycles, measured: measured, cpuMicrosecondsPerDomain: perDomain(cpu),
                daemonMicrosecondsPerDomain: perDomain(daemon), wallMicrosecondsPerDomain: perDomain(wall)))
        await hypervisor.close()
    }

    private func daemonNanoseconds() -> Int64 { daemonPid.map(cpuNanoseconds(ofProcess:)) ?? 0 }
}

/// CPU time of all threads that a process has now, in nanoseconds.
func cpuNanoseconds(ofProcess pid: Int) -> Int64 {
    let folder = "/proc/\(pid)/task"
    let threads = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return threads.reduce(0) { sum, thread in
        let text = try? String(contentsOfFile: "\(folder)/\(thread)/schedstat", encoding: .utf8)
        return sum + (text?.split(separator: " ").first.flatMap { Int64($0) } ?? 0)
    }
}
