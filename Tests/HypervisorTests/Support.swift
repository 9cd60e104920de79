// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import Hypervisor
import Logging
import ResourceModel

extension DomainID {
    /// A new random one: tests share the process's one `test:///default` host.
    static func fresh() -> DomainID {
        var generator = SystemRandomNumberGenerator()
        return DomainID(.random(using: &generator))
    }
}

extension MutatingCall {
    static func fresh(timeout: Duration = .seconds(10)) -> MutatingCall {
        MutatingCall(id: DomainID.fresh().uuid, epoch: 1, timeout: timeout)
    }
}

extension DomainSpecification {
    static func small(
        _ domain: DomainID, name: String, vcpus: VCPUCount = 1, maximumVCPUs: VCPUCount = 4
    ) -> DomainSpecification {
        DomainSpecification(
            domain: domain, name: name, tenant: "acme", maximumVCPUs: maximumVCPUs, vcpus: vcpus,
            memory: .mebibytes(256), disk: .gibibytes(1),
            boot: BootSource(diskPath: "/images/web1.qcow2", bridge: "br0"))
    }
}

let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

/// Runs `body` with a hypervisor of its own and closes it afterwards.
func withHypervisor<Value>(
    _ uri: String = "test:///default", limits: LibvirtLimits = LibvirtLimits(),
    _ body: (LibvirtHypervisor) async throws -> Value
) async throws -> Value {
    let hypervisor = LibvirtHypervisor(uri: uri, host: "host-a", log: quiet, limits: limits)
    do {
        let value = try await body(hypervisor)
        await hypervisor.close()
        return value
    } catch {
        await hypervisor.close()
        throw error
    }
}

/// Runs `body` with a domain that is gone afterwards.
func withDomain<Value>(
    on hypervisor: LibvirtHypervisor, vcpus: VCPUCount = 1, _ body: (DomainID) async throws -> Value
) async throws -> Value {
    let domain = DomainID.fresh()
    _ = try await hypervisor.create(.small(domain, name: "vm-\(domain)", vcpus: vcpus), .fresh())
    let outcome: Result<Value, any Error>
    do { outcome = .success(try await body(domain)) } catch { outcome = .failure(error) }
    _ = try? await hypervisor.perform(.destroy, on: domain, .fresh())
    _ = try? await hypervisor.perform(.undefine, on: domain, .fresh())
    return try outcome.get()
}

/// Listens on a free port of the loopback interface and, unless it accepts, leaves every connection unanswered in its
/// backlog: what a host looks like whose daemon hangs.
final class SilentListener {
    let port: UInt16
    private let descriptor: Int32

    struct Failure: Error {}

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                guard bind(descriptor, pointer, size) == 0, listen(descriptor, 16) == 0 else { return Int32(-1) }
                return getsockname(descriptor, pointer, &size)
            }
        }
        guard descriptor >= 0, status == 0 else { throw Failure() }
        port = UInt16(bigEndian: address.sin_port)
    }

    func close() { Glibc.close(descriptor) }
}

/// Asks until there is an answer. For real processes that tell nobody when they are ready.
@discardableResult
func eventually<Value>(within limit: Duration, _ body: () async throws -> Value?) async throws -> Value {
    let deadline = ContinuousClock.now + limit
    while ContinuousClock.now < deadline {
        if let value = try await body() { return value }
        try await Task.sleep(for: .milliseconds(100))
    }
    throw NeverHappened()
}

struct NeverHappened: Error {}
