// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import Testing

@Suite("URIs of hypervisors")
struct HypervisorURITests {
    @Test(
        "the daemon's address follows from transport, host and port",
        arguments: [
            ("qemu+tcp://10.211.77.2/system", "10.211.77.2", 16_509),
            ("qemu+tls://10.211.77.2:7000/system?pkipath=/srv/pki", "10.211.77.2", 7_000),
            ("qemu+tls://host-b.example/system", "host-b.example", 16_514),
            ("qemu://host-b/system", "host-b", 16_514),
            ("xen+ssh://root@dom0.example/", "dom0.example", 22),
            ("xen+tcp://[fd00::2]:16509/", "fd00::2", 16_509),
            ("xen+tcp://[fd00::2]/", "fd00::2", 16_509),
        ])
    func endpoint(text: String, host: String, port: Int) throws {
        let endpoint = try #require(try HypervisorURI(text).endpoint)
        #expect(endpoint.host == host)
        #expect(Int(endpoint.port) == port)
    }

    @Test(
        "a local hypervisor has no address",
        arguments: ["test:///default", "qemu:///system", "qemu+unix:///system", "xen:///"])
    func local(text: String) throws {
        let uri = try HypervisorURI(text)
        #expect(uri.endpoint == nil)
        #expect(uri.transferURI == nil)
        #expect(uri.localPaths == [])
    }

    @Test("memory is sent to the address by which the target is managed")
    func transferURI() throws {
        #expect(try HypervisorURI("qemu+tls://10.0.0.7:9999/system").transferURI == "tcp://10.0.0.7")
        #expect(try HypervisorURI("xen+tcp://[fd00::2]/").transferURI == "tcp://[fd00::2]")
    }

    @Test(
        "a connection is encrypted by its transport; to another machine that is TLS without a name",
        arguments: [
            ("xen+tcp://10.0.0.7/", false), ("xen+tls://10.0.0.7/", true), ("xen+ssh://root@10.0.0.7/", true),
            ("xen://10.0.0.7/", true), ("xen:///", false),
        ])
    func encryption(text: String, isEncrypted: Bool) throws {
        #expect(try HypervisorURI(text).isEncrypted == isEncrypted)
    }

    @Test(
        "what is no such URI, or could run a program, open a file or lead elsewhere, is refused and the part named",
        arguments: [
            ("", "driver[+transport]"), ("qemu", "driver[+transport]"), ("://host/", "driver ''"),
            ("http://10.0.0.1", "driver 'http'"), ("vbox:///session", "driver 'vbox'"),
            ("QEMU:///system", "driver 'QEMU'"),
            ("qemu+ext://host/system", "transport 'ext'"), ("qemu+tcp+ssh://host/system", "transport 'tcp+ssh'"),
            ("qemu+tsl://10.0.0.1/system", "transport 'tsl'"), ("qemu+tcp:///system", "'tcp' needs a host"),
            ("qemu+unix://host/system", "'unix'"), ("qemu+tcp://host:0/system", "'host:0'"),
            ("qemu+tcp://host:70000/system", "'host:70000'"), ("qemu+tcp://host:+1/system", "'host:+1'"),
            ("xen://[::1]x/", "'[::1]x'"), ("qemu+tls://10.0.0.1/a b", "'/a b'"),
            // ssh takes what begins with a hyphen as an option
            ("qemu+ssh://-oProxyCommand=id/system", "'-oProxyCommand=id'"), ("qemu+ssh://-v@host/system", "user '-v'"),
            ("qemu+ssh://a;id@host/system", "user 'a;id'"), ("qemu+ssh://@host/system", "user ''"),
            ("qemu+ssh://h/system?command=/bin/sh", "'command'"), ("qemu+ssh://h/system?netcat=/bin/sh", "'netcat'"),
            ("qemu+ssh://h/system?no_tty=1&command=x", "'command'"),
            ("qemu+ssh://h/system?no_tty=1;command=x", "'no_tty'"),
            ("qemu+ssh://h/system?%63ommand=x", "'%63ommand'"), ("qemu+ssh://h/system?Command=x", "'Command'"),
            ("qemu+tls://h/system?name=qemu:///embed", "'name'"),
            ("qemu+tls://h/system?no_verify=1", "'no_verify'"), ("qemu+ssh://h/system?no_tty=1&no_tty=0", "twice"),
            ("qemu+ssh://h/system?no_tty=yes", "0 or 1"), ("qemu+ssh://h/system?no_tty", "0 or 1"),
            ("qemu+tcp://h/system?no_tty=1", "'tcp'"), ("qemu+ssh://h/system?keyfile=key", "absolute path"),
            ("qemu+ssh://h/system?keyfile=/srv/../etc/key", "absolute path"),
            ("qemu+ssh://h/system?socket=/run/$(id)", "absolute path"), ("test:///default?keyfile=/a", "'none'"),
            ("qemu:///session", "/session"), ("qemu:///embed?root=/tmp", "'root'"), ("qemu+tls://h", "/system"),
            ("qemu+tls://h/system#x", "/system#x"), ("xen+tls://h/embed", "/embed"),
            ("test://h/etc/passwd", "/etc/passwd"),
            ("test:///a/../b", "/a/../b"), ("test:///a%2e", "/a%2e"), ("test:///", "'/'"),
            ("fleet:///h1", "address"), ("fleet://127.0.0.1/h1", "port"), ("fleet://127.0.0.1:7400/", "simulated host"),
            ("fleet://127.0.0.1:7400/h1/h2", "simulated host"), ("fleet+tcp://127.0.0.1:7400/h1", "transports"),
            ("fleet://ipc:7400:1/h1", "'ipc:7400:1'"), ("qemu:///system\u{1B}[2J", "?[2J"),
        ])
    func refused(text: String, part: String) {
        let error = #expect(throws: HypervisorURIError.self) { try HypervisorURI(text) }
        #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
    }

    @Test(
        "files of Monitor's own machine that a URI names are listed, and a socket behind ssh is none",
        arguments: [
            ("test:///srv/hosts/a.xml", ["/srv/hosts/a.xml"]), ("qemu+tls://h/system?pkipath=/srv/pki", ["/srv/pki"]),
            ("qemu+ssh://h/system?keyfile=/srv/key&socket=/run/libvirt/sock", ["/srv/key"]),
            ("qemu+libssh2://h/system?known_hosts=/srv/known&sshauth=agent,privkey", ["/srv/known"]),
            ("qemu+unix:///system?socket=/run/other/sock", ["/run/other/sock"]), ("test:///default?", []),
        ])
    func localPaths(text: String, paths: [String]) throws {
        #expect(try HypervisorURI(text).localPaths == paths)
    }

    @Test("a URI of more than 512 bytes is refused")
    func long() {
        #expect(throws: HypervisorURIError.self) { try HypervisorURI("test:///" + String(repeating: "a", count: 505)) }
    }
}
