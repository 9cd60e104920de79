// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import ResourceModel
internal import Testing
internal import UserGatewayCore

@Suite("Script that prepares a host")
struct HostPreparationTests {
    @Test(
        "the script is a shell's, has no placeholder left, and a linter finds nothing in it",
        arguments: HostPreparation.Hypervisor.allCases, ["host-a.example", "10.0.0.1", "fd00::1"])
    func isSound(hypervisor: HostPreparation.Hypervisor, address: String) throws {
        let preparation = try HostPreparation(
            address: try #require(HostAddress(address)), hypervisor: hypervisor,
            peers: ["10.0.0.2", "10.0.0.3"].compactMap { HostAddress($0) },
            monitors: ["mon.example"].compactMap { HostAddress($0) })
        let script = preparation.script
        #expect(script.hasPrefix("#!/bin/sh\n"))
        #expect(script.wholeMatch(of: /(?s).*@[A-Z]+@.*/) == nil)
        #expect(script.contains("ADDRESS='\(address)'") && script.contains("PEERS='10.0.0.2 10.0.0.3'"))
        #expect(script.contains(address == "host-a.example" ? "dns_name = " : "ip_address = "))
        try Sandbox.with { sandbox in
            try sandbox.write(script, to: "prepare.sh")
            for tool in [["sh", "-n"], ["shellcheck", "-s", "sh"]] {
                let result = try sandbox.run(tool + ["prepare.sh"])
                #expect(result.status == 0, "\(tool): \(result.output)")
            }
        }
    }

    @Test("it says with which URI the host is added afterwards")
    func namesURI() throws {
        #expect(try preparation("host-a.example").uri == "qemu+tls://host-a.example/system")
        #expect(try preparation("fd00::1", .xen).uri == "xen+tls://[fd00::1]/system")
    }

    @Test("a machine is no peer of itself, and the same script comes of the same machines in any order")
    func isCanonical() throws {
        let all = ["b", "a", "host-a", "b"].compactMap { HostAddress($0) }
        let address = try #require(HostAddress("host-a"))
        let first = try HostPreparation(address: address, peers: all)
        #expect(first.peers.map(\.text) == ["a", "b"])
        #expect(try HostPreparation(address: address, peers: all.reversed()).script == first.script)
    }

    @Test(
        "what would mean something to a shell is no address",
        arguments: [
            "", "-a", "a b", "a;b", "$(reboot)", "`reboot`", "a'b", "a\"b", "a\nb", "a/b", "a@b", "[::1]", "a:1", "...",
            "host:22", String(repeating: "a", count: 254),
        ])
    func refusesAddresses(text: String) { #expect(HostAddress(text) == nil) }

    @Test(
        "a folder that is none or needs quoting is refused with a right one",
        arguments: ["", "/", "relative", "/a b", "/a'b", "/a/../b", "/$(reboot)", "/a\nb", "/a;b"])
    func refusesFolders(pool: String) throws {
        let address = try #require(HostAddress("host-a"))
        let error = #expect(throws: MethodError.self) { try HostPreparation(address: address, pool: pool) }
        #expect(error?.reason == .invalid && error?.hint?.contains("/var/lib/ebb/disks") == true)
    }

    @Test(
        "the address in an endpoint of the bus is found",
        arguments: [
            ("tcp://10.0.0.9:7401", "10.0.0.9"), ("tcp://[fd00::1]:7401", "fd00::1"), ("tcp://10.0.0.9", nil),
            ("ipc:///run/ebb", nil), ("x", nil),
        ] as [(String, String?)])
    func readsEndpoints(endpoint: String, address: String?) {
        #expect(HostAddress(endpoint: endpoint)?.text == address)
    }

    @Test("it asks for a signature first, is content with the right one, and changes nothing when it runs again")
    func converges() throws {
        try Sandbox.with { sandbox in
            try sandbox.write(try preparation("host-a.example").script, to: "prepare.sh")
            try sandbox.makeSystem()
            let first = try sandbox.prepare()
            #expect(first.status == 3, "\(first.output)")
            #expect(first.output.contains("REMAINS: have the certificate signed"))
            #expect(!sandbox.calls.contains("enable --now libvirtd.socket libvirtd-tls.socket"))
            let configuration = sandbox.read("root/etc/libvirt/libvirtd.conf")
            #expect(configuration.contains("host_uuid = \"") && configuration.contains("# of the distribution"))
            #expect(sandbox.read("root/etc/libvirt/libvirtd.conf.before-ebb") == Sandbox.distribution)

            try sandbox.sign("host-a.example")
            let second = try sandbox.prepare()
            #expect(!second.output.contains("certificate"), "\(second.output)")
            #expect(sandbox.calls.contains("enable --now libvirtd.socket libvirtd-tls.socket"))
            let state = try sandbox.state()
            let third = try sandbox.prepare()
            #expect(third.status == second.status)
            #expect(try sandbox.state() == state)
            #expect(
                !sandbox.calls.contains("enable --now") && !sandbox.calls.contains("pool-define"), "\(sandbox.calls)")
        }
    }

    @Test("a certificate of another authority is refused")
    func refusesForeignCertificate() throws {
        try Sandbox.with { sandbox in
            try sandbox.write(try preparation("host-a.example").script, to: "prepare.sh")
            try sandbox.makeSystem()
            _ = try sandbox.prepare()
            try sandbox.sign("host-a.example")
            try sandbox.makeAuthority()
            _ = try sandbox.run(["cp", "cacert.pem", "root/etc/pki/CA/cacert.pem"])
            let result = try sandbox.prepare()
            #expect(result.status == 1 && result.output.contains("was not signed by"), "\(result.output)")
        }
    }

    private func preparation(
        _ address: String, _ hypervisor: HostPreparation.Hypervisor = .qemu
    ) throws -> HostPreparation {
        try HostPreparation(address: try #require(HostAddress(address)), hypervisor: hypervisor)
    }
}
