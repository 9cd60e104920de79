// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResourceModel
import Testing

@testable import Hypervisor

struct HypervisorFactoryTests {
    @Test(
        "a URI opens the hypervisor of its driver",
        arguments: [
            "test:///default", "qemu+tcp://192.0.2.1/system", "xen+ssh://dom0/",
        ])
    func known(uri: String) throws {
        let hypervisor = try openHypervisor(uri: uri, host: "host-a", log: quiet)
        #expect(hypervisor is LibvirtHypervisor)
    }

    @Test("a driver without a connector is refused by name, with what is known")
    func unknown() {
        let error = #expect(throws: HypervisorError.self) {
            try openHypervisor(uri: "fleet://127.0.0.1:7400/h1", host: "host-a", log: quiet)
        }
        #expect(error?.code == .unsupported)
        #expect(error?.message == "host host-a has driver 'fleet'; known are qemu, test, xen")
    }

    @Test("further drivers are added by connectors")
    func connector() throws {
        let fleet = HypervisorConnector(drivers: [.fleet]) { uri, host, log in
            LibvirtHypervisor(uri: "test:///default", host: host, log: log)
        }
        _ = try openHypervisor(
            uri: "fleet://127.0.0.1:9000/h1", host: "h1", log: quiet, connectors: [.libvirt(), fleet])
    }

    @Test("a URI that could run a program or open any file opens nothing, and the error names the host and the part")
    func refusals() throws {
        let program = #expect(throws: HypervisorError.self) {
            try openHypervisor(uri: "qemu+ssh://h/system?command=/bin/sh", host: "host-a", log: quiet)
        }
        #expect(program?.code == .invalid)
        #expect(program?.message.contains("host-a") == true && program?.message.contains("'command'") == true)
        let file = #expect(throws: HypervisorError.self) {
            try openHypervisor(uri: "test:///etc/passwd", host: "host-a", log: quiet)
        }
        #expect(file?.code == .refused)
        #expect(file?.message.contains("monitor.folders") == true && file?.message.contains("/etc/passwd") == true)
    }

    @Test("a file may be named in a configured folder alone, and no link leads out of it")
    func folders() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "ebb-uri-\(UUID().uuidString)")
        let inside = folder.appending(path: "allowed")
        try FileManager.default.createDirectory(at: inside, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for place in [inside.appending(path: "host.xml"), folder.appending(path: "outside.xml")] {
            try Data("<node/>".utf8).write(to: place)
        }
        try FileManager.default.createSymbolicLink(
            at: inside.appending(path: "link.xml"), withDestinationURL: folder.appending(path: "outside.xml"))
        let opens = { (name: String) throws in
            _ = try openHypervisor(
                uri: "test://\(name)", host: "h", log: quiet, connectors: [.libvirt(folders: [inside.path])])
        }
        try opens(inside.appending(path: "host.xml").path)
        for name in ["allowed/link.xml", "outside.xml", "allowed/missing.xml", "allowed-too/host.xml"] {
            let error = #expect(throws: HypervisorError.self) { try opens(folder.appending(path: name).path) }
            #expect(error?.code == .refused, "\(name)")
        }
    }
}
