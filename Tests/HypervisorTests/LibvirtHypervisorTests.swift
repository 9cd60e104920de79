// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import Logging
import ResourceModel
import Testing

@testable import Hypervisor

/// All against libvirt's own test driver, a real libvirt connection in this process. Serialised: `test:///default` is
/// one host for the whole process.
@Suite(.serialized) struct LibvirtHypervisorTests {
    @Test("what a driver lacks is found out by trying")
    func capabilities() async throws {
        let capabilities = try await withHypervisor { try await $0.capabilities() }
        #expect(capabilities.driver == "Test")
        #expect(!capabilities.hasBulkStatistics)
        #expect(!capabilities.hasHostMemoryStatistics)
        #expect(!capabilities.canMigrate)
        #expect(capabilities.canUnplugVCPUs)
    }

    @Test("a driver without bulk statistics is sampled call by call")
    func sampleOneByOne() async throws {
        try await withHypervisor { hypervisor in
            let reading = try await hypervisor.sample()
            #expect(reading.cpuCount == 16)
            #expect(reading.memory == .mebibytes(3_072))
            #expect(reading.controlDomainCPUTimeNanoseconds == nil)
            let domain = try #require(reading.domains.first { $0.name == "test" })
            #expect(domain.state == .running)
            #expect(domain.hypervisorID == 1)
            #expect(domain.maximumVCPUs == 2)
            #expect(domain.grantedVCPUs == 2)
            #expect(domain.confirmedVCPUs == 2)
            #expect(domain.vcpuTimeNanoseconds?.count == 2)
            #expect(domain.memory?.maximum == .mebibytes(8_192))
            #expect(domain.memory?.allocated == .mebibytes(2_048))
            #expect(domain.memory?.used == .mebibytes(1_024))
            #expect((domain.counters.cpuTimeNanoseconds ?? 0) > 0)
        }
    }

    @Test("what the driver does not tell is unknown, not zero")
    func unknownIsNil() async throws {
        try await withHypervisor { hypervisor in
            let domain = try #require(try await hypervisor.sample().domains.first { $0.name == "test" })
            #expect(domain.counters.stealTimeNanoseconds == nil)
            #expect(domain.incarnationStart == nil)
            #expect(domain.sizeEffectiveAt == nil)
        }
    }

    @Test("a host from a file has its own size and domains")
    func fileHost() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "ebb-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let domains = (1...3).map { number in
            """
            <domain type='test'><name>vm\(number)</name><memory>262144</memory><vcpu current='1'>4</vcpu>
            <os><type>hvm</type></os></domain>
            """
        }
        let host = "<cpu><mhz>2000</mhz><model>x</model><active>8</active><nodes>1</nodes><sockets>2</sockets>"
        let xml =
            "<node>\(domains.joined())\(host)<cores>4</cores><threads>1</threads></cpu><memory>8388608</memory></node>"
        let file = directory.appending(path: "host.xml")
        try Data(xml.utf8).write(to: file)
        try await withHypervisor("test://\(file.path)") { hypervisor in
            let reading = try await hypervisor.sample()
            #expect(reading.cpuCount == 8)
            #expect(reading.memory == .gibibytes(8))
            #expect(reading.domains.map(\.name).sorted() == ["vm1", "vm2", "vm3"])
            #expect(reading.domains.allSatisfy { $0.grantedVCPUs == 1 && $0.maximumVCPUs == 4 })
        }
    }

    @Test("a created domain runs at its size and knows its tenant and the name its tenant gave it")
    func create() async throws {
        try await withHypervisor { hypervisor in
            let domain = DomainID.fresh()
            let specification = DomainSpecification.small(domain, name: "web1", vcpus: 2)
            let effect = try await hypervisor.create(specification, .fresh())
            let again = try await hypervisor.create(specification, .fresh())
            let description = try #require(try await hypervisor.inventory().first { $0.domain == domain })
            _ = try await hypervisor.perform(.destroy, on: domain, .fresh())
            _ = try await hypervisor.perform(.undefine, on: domain, .fresh())

            #expect(effect.domain?.state == .running)
            #expect(effect.domain?.grantedVCPUs == 2)
            #expect(again.domain?.hypervisorID == effect.domain?.hypervisorID)
            #expect(description.name == "web1")
            #expect(description.tenant == "acme")
            #expect(description.maximumVCPUs == 4)
            #expect(description.maximumMemory == .mebibytes(256))
        }
    }

    @Test("two tenants may give the same name")
    func sameName() async throws {
        try await withHypervisor { hypervisor in
            let (first, second) = (DomainID.fresh(), DomainID.fresh())
            for (domain, tenant) in [(first, TenantID("acme")), (second, "globex")] {
                let specification = DomainSpecification(
                    domain: domain, name: "same", tenant: tenant, maximumVCPUs: 2, vcpus: 1, memory: .mebibytes(64),
                    disk: .zero)
                _ = try await hypervisor.create(specification, .fresh())
            }
            let names = try await hypervisor.sample().domains.filter { [first, second].contains($0.domain) }.map(\.name)
            for domain in [first, second] {
                _ = try await hypervisor.perform(.destroy, on: domain, .fresh())
                _ = try await hypervisor.perform(.undefine, on: domain, .fresh())
            }
            #expect(names == ["same", "same"])
        }
    }

    @Test("every lifecycle operation may be repeated")
    func lifecycle() async throws {
        try await withHypervisor { hypervisor in
            try await withDomain(on: hypervisor) { domain in
                let steps: [(LifecycleOperation, DomainState)] = [
                    (.start, .running), (.suspend, .paused), (.resume, .running), (.save, .saved),
                    (.restore, .running), (.destroy, .shutoff), (.start, .running), (.shutdown, .shutoff),
                ]
                for (operation, state) in steps {
                    for _ in 1...2 {
                        let effect = try await hypervisor.perform(operation, on: domain, .fresh())
                        #expect(effect.domain?.state == state, "after \(operation)")
                    }
                    let seen = try await hypervisor.sample().domains.first { $0.domain == domain }
                    #expect(seen?.state == state)
                    #expect((seen?.hypervisorID == nil) == !state.isActive)
                }
                for _ in 1...2 {
                    #expect(try await hypervisor.perform(.undefine, on: domain, .fresh()).domain == nil)
                }
                #expect(try await !hypervisor.inventory().contains { $0.domain == domain })
            }
        }
    }

    @Test("a resize is absolute and returns what is seen")
    func resize() async throws {
        try await withHypervisor { hypervisor in
            try await withDomain(on: hypervisor) { domain in
                for count: VCPUCount in [3, 3, 1, 4] {
                    let effect = try await hypervisor.resize(domain, vcpus: count, .fresh())
                    #expect(effect.domain?.grantedVCPUs == count)
                    #expect(effect.domain?.confirmedVCPUs == count)
                    let seen = try await hypervisor.sample().domains.first { $0.domain == domain }
                    #expect(seen?.confirmedVCPUs == count)
                }
            }
        }
    }

    @Test("each kind of failure has its code and names its culprit")
    func typedErrors() async throws {
        try await withHypervisor { hypervisor in
            let stranger = DomainID.fresh()
            await expect(code: .noSuchDomain) { try await hypervisor.perform(.start, on: stranger, .fresh()) }
            await expect(code: .noSuchDomain) { try await hypervisor.resize(stranger, vcpus: 2, .fresh()) }
            try await withDomain(on: hypervisor) { domain in
                await expect(code: .invalid, saying: "1...4") {
                    try await hypervisor.resize(domain, vcpus: 5, .fresh())
                }
                await expect(code: .refused, saying: "running") {
                    try await hypervisor.perform(.undefine, on: domain, .fresh())
                }
                await expect(code: .unsupported) {
                    let target = MigrationTarget(host: "host-b", uri: "test+tcp://192.0.2.1/default", epoch: 1)
                    return try await hypervisor.migrate(domain, to: target, .fresh())
                }
                await expect(code: .invalid, saying: "names no host") {
                    let target = MigrationTarget(host: "host-b", uri: "test:///default", epoch: 1)
                    return try await hypervisor.migrate(domain, to: target, .fresh())
                }
                _ = try await hypervisor.perform(.destroy, on: domain, .fresh())
                await expect(code: .refused, saying: "no saved state") {
                    try await hypervisor.perform(.restore, on: domain, .fresh())
                }
            }
        }
    }

    @Test("events of the host arrive in order, and the stream ends with the connection", .timeLimit(.minutes(1)))
    func events() async throws {
        let hypervisor = LibvirtHypervisor(uri: "test:///default", host: "host-a", log: quiet)
        var events = hypervisor.events.makeAsyncIterator()
        _ = try await hypervisor.sample()
        let domain = DomainID.fresh()
        _ = try await hypervisor.create(.small(domain, name: "eventful"), .fresh())
        for operation: LifecycleOperation in [.suspend, .resume, .destroy, .undefine] {
            _ = try await hypervisor.perform(operation, on: domain, .fresh())
        }
        var seen: [String] = []
        while let event = await events.next() {
            guard case .lifecycle(domain, _, let detail) = event else { continue }
            seen.append(detail)
            if detail == "undefined" { break }
        }
        await hypervisor.close()
        #expect(seen == ["defined", "started", "suspended", "resumed", "destroyed", "undefined"])
        #expect(await events.next() == nil)
    }

    @Test("after close every call fails as closed and there are no more events")
    func closed() async throws {
        let hypervisor = LibvirtHypervisor(uri: "test:///default", host: "host-a", log: quiet)
        _ = try await hypervisor.sample()
        await hypervisor.close()
        await expect(code: .closed) { try await hypervisor.sample() }
        for await event in hypervisor.events { Issue.record("unexpected \(event)") }
    }

    @Test("a local host's response time is a round trip, not a guess")
    func responseTime() async throws {
        let response = try await withHypervisor { try await $0.responseTime() }
        #expect(response.nanoseconds > 0)
        #expect(response.method == .simulated)
    }
}

/// Expects a `HypervisorError` of one code whose message contains `text`.
func expect<Value>(
    code: HypervisorError.Code, saying text: String = "", sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Value
) async {
    do {
        _ = try await body()
        Issue.record("did not throw", sourceLocation: sourceLocation)
    } catch let error as HypervisorError {
        #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
        if !text.isEmpty { #expect(error.message.contains(text), "\(error)", sourceLocation: sourceLocation) }
    } catch {
        Issue.record("threw \(error)", sourceLocation: sourceLocation)
    }
}

struct ConnectionHandleTests {
    @Test("a CPU's model is spelt out by libvirt's own map: AMD's EPYC has svm, and the feature it lacks is not there")
    func expansion() throws {
        let handle = try ConnectionHandle(uri: "test:///default")
        let cpu = try ComparedCPU(arch: "x86_64", model: "EPYC", vendor: "AMD", feature: []).xml()
        let features = HostCapabilities.features(ofCPU: try handle.expanded(cpu: cpu))
        #expect(features.contains("svm") && features.contains("sse4a"))
        #expect(!features.contains("vmx"))
    }
}
