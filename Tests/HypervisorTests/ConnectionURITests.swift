// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import Testing

@testable import Hypervisor

struct ConnectionURITests {
    @Test(
        "the daemon's address follows from transport, host and port",
        arguments: [
            ("qemu+tcp://10.211.77.2/system", "10.211.77.2", 16_509),
            ("qemu+tcp://10.211.77.2:7000/system?no_verify=1", "10.211.77.2", 7_000),
            ("qemu+tls://host-b.example/system", "host-b.example", 16_514),
            ("qemu://host-b/system", "host-b", 16_514),
            ("xen+ssh://root@dom0.example/", "dom0.example", 22),
            ("xen+tcp://[fd00::2]:16509/", "fd00::2", 16_509),
            ("xen+tcp://[fd00::2]/", "fd00::2", 16_509),
        ])
    func endpoint(text: String, host: String, port: Int) throws {
        let endpoint = try #require(ConnectionURI(text)?.endpoint)
        #expect(endpoint.host == host)
        #expect(Int(endpoint.port) == port)
    }

    @Test("a local hypervisor has no address", arguments: ["test:///default", "qemu:///system", "qemu+unix:///system"])
    func local(text: String) throws {
        let uri = try #require(ConnectionURI(text))
        #expect(uri.endpoint == nil)
        #expect(uri.transferURI == nil)
    }

    @Test("memory is sent to the address by which the target is managed")
    func transferURI() {
        #expect(ConnectionURI("qemu+tls://10.0.0.7:9999/system")?.transferURI == "tcp://10.0.0.7")
        #expect(ConnectionURI("xen+tcp://[fd00::2]/")?.transferURI == "tcp://[fd00::2]")
    }

    @Test(
        "text that is no such URI is refused",
        arguments: [
            "", "qemu", "://host/", "qemu+tcp+ssh://host/", "qemu+tcp://host:0/", "qemu+tcp://host:70000/",
            "xen://[::1]x/",
        ])
    func refused(text: String) {
        #expect(ConnectionURI(text) == nil)
    }
}

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

    @Test("an unknown driver is refused by name, with what is known")
    func unknown() {
        let error = #expect(throws: HypervisorError.self) {
            try openHypervisor(uri: "vbox:///session", host: "host-a", log: quiet)
        }
        #expect(error?.code == .unsupported)
        #expect(error?.message == "host host-a has driver 'vbox'; known are qemu, test, xen")
    }

    @Test("further drivers are added by connectors")
    func connector() throws {
        let fleet = HypervisorConnector(drivers: ["fleet"]) { uri, host, log in
            LibvirtHypervisor(uri: "test:///default", host: host, log: log)
        }
        _ = try openHypervisor(
            uri: "fleet://127.0.0.1:9000/h1", host: "h1", log: quiet, connectors: [.libvirt(), fleet])
    }

    @Test(
        "a connection is encrypted by its transport; to another machine that is TLS without a name",
        arguments: [
            ("xen+tcp://10.0.0.7/", false), ("xen+tls://10.0.0.7/", true), ("xen+ssh://root@10.0.0.7/", true),
            ("xen://10.0.0.7/", true), ("xen:///", false),
        ])
    func encryption(text: String, isEncrypted: Bool) throws {
        #expect(try #require(ConnectionURI(text)).isEncrypted == isEncrypted)
    }
}
