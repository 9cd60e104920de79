// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import ResourceModel
import Testing

@testable import Hypervisor

/// A domain that somebody else defined, on a real host: what is taken back of it, and states that only a real guest
/// comes into.
struct LabStates {
    let lab: Lab
    let host: LibvirtHypervisor
    private let domain = DomainID.fresh()

    init(lab: Lab, host: LibvirtHypervisor) {
        self.lab = lab
        self.host = host
    }

    private var xml: String {
        """
        <domain type='qemu'>
          <name>foreign-\(domain)</name><uuid>\(domain)</uuid>
          <memory unit='MiB'>192</memory><vcpu placement='static' current='2'>4</vcpu>
          <os><type arch='x86_64' machine='q35'>hvm</type><kernel>\(lab.kernel)</kernel><initrd>\(lab.initrd)</initrd>
            <cmdline>console=ttyS0 quiet</cmdline></os>
          <features><acpi/></features>
          <cpu mode='custom'><model>qemu64</model><numa><cell id='0' cpus='0-1' memory='98304' unit='KiB'/>
            <cell id='1' cpus='2-3' memory='98304' unit='KiB'/></numa></cpu>
          <pm><suspend-to-mem enabled='yes'/></pm><on_crash>preserve</on_crash>
          <devices>
            <panic model='isa'/><serial type='file'><source path='/var/log/libvirt/qemu/\(domain).log'/></serial>
            <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
            <memballoon model='virtio'><stats period='2'/></memballoon>
          </devices>
        </domain>
        """
    }

    func run() async throws {
        let outcome: Result<Void, any Error>
        do {
            try await definitions()
            try await states()
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        _ = try? await host.perform(.destroy, on: domain, .fresh())
        _ = try? await host.delete(domain, keepsDisk: false, .fresh())
        try outcome.get()
    }

    /// Preparing is whole or not at all; releasing leaves what was attached since.
    private func definitions() async throws {
        try await host.commands.call("define", timeout: .seconds(20)) { [xml] connection throws(HypervisorError) in
            _ = try connection.handle.define(xml)
        }
        let adopted = try await host.definition(of: domain)
        _ = try await host.label(domain, DomainLabel(name: "db", tenant: "acme"), .fresh())
        let labelled = try await host.definition(of: domain)
        let much = DomainCeiling(maximumVCPUs: 12, maximumMemory: .gibibytes(1))
        await expect(code: .refused, saying: "NUMA") { try await host.preparation(of: domain, for: much) }
        await expect(code: .refused, saying: "NUMA") { try await host.prepare(domain, for: much, .fresh()) }
        #expect(try await host.definition(of: domain) == labelled)
        // What Ebb itself does not know of is the driver's to refuse, before anything is changed.
        let absurd = DomainCeiling(maximumVCPUs: 5_000, maximumMemory: nil)
        await expect(code: .refused) { try await host.preparation(of: domain, for: absurd) }
        await expect(code: .refused) { try await host.prepare(domain, for: absurd, .fresh()) }
        #expect(try await host.definition(of: domain) == labelled)
        let ceiling = DomainCeiling(maximumVCPUs: 6, maximumMemory: nil)
        let preview = try await host.preparation(of: domain, for: ceiling)
        #expect(try await host.prepare(domain, for: ceiling, .fresh()) == preview)
        try await lab.run("disk", "late-\(domain).qcow2", "16M")
        try await lab.run(
            "virsh", "host-b", "attach-disk", "\(domain)", "\(try await imagePath("late-\(domain).qcow2"))", "vdb",
            "--config", "--subdriver", "qcow2")
        _ = try await host.release(domain, OwnParts(adoptedAs: adopted), .fresh())
        let text = try await host.definition(of: domain)
        let released = try #require(DefinedDomain(xml: text))
        #expect(released.diskFiles.contains { $0.hasSuffix("late-\(domain).qcow2") })
        #expect(released.maximumVCPUs == 4 && released.fixedVCPUs == [1] && released.tenant == nil)
        #expect(text.contains("suspend-to-mem") && text.contains("preserve") && text.contains("<cell"))
    }

    private func imagePath(_ name: String) async throws -> String {
        try await lab.run("virsh", "host-b", "pool-refresh", "images")
        return try await lab.run("virsh", "host-b", "vol-path", name, "--pool", "images")
    }

    /// A guest that goes to sleep by itself is woken; one that crashes and is kept is ended.
    private func states() async throws {
        _ = try await host.perform(.start, on: domain, .fresh(timeout: .seconds(60)))
        try await eventually(within: .seconds(180)) { try? await lab.run("guest", "\(domain)", "true") }
        // The guest is asleep before it can answer.
        _ = try? await lab.run(
            "guest", "\(domain)", "sh", "-c", "(sleep 1; echo mem >/sys/power/state) >/dev/null 2>&1 &")
        try await become(.pmSuspended)
        await expect(code: .refused) { try await host.perform(.start, on: domain, .fresh()) }
        _ = try await host.perform(.wakeUp, on: domain, .fresh(timeout: .seconds(30)))
        try await become(.running)
        try await eventually(within: .seconds(60)) { try? await lab.run("guest", "\(domain)", "true") }
        _ = try? await lab.run(
            "guest", "\(domain)", "sh", "-c", "(sleep 1; echo 1 >/proc/sys/kernel/sysrq; echo c >/proc/sysrq-trigger) &"
        )
        try await become(.crashed)
        let seen = try await host.look(at: domain)
        #expect(seen.stateReason == .panicked && seen.hypervisorID != nil && seen.memory?.allocated != nil)
        await expect(code: .refused, saying: "running") { try await host.delete(domain, keepsDisk: false, .fresh()) }
        let ended = try await host.perform(.destroy, on: domain, .fresh(timeout: .seconds(30)))
        #expect(ended.domain?.state == .shutoff)
    }

    private func become(_ state: DomainState) async throws {
        try await eventually(within: .seconds(60)) { try await host.look(at: domain).state == state ? true : nil }
    }
}
