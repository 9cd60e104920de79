// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import Foundation
import FoundationNetworking
import Glibc
import Logging
import Testing

@testable import ServiceKit

@Suite("The port for operators", .timeLimit(.minutes(1)))
struct AdminServerTests {
    private struct Answer {
        let status: Int
        let text: String
        let headers: HTTPURLResponse
    }

    private func server(
        _ health: Health = Health(), bind: String = "127.0.0.1:0", limits: AdminLimits = AdminLimits()
    ) throws -> AdminServer {
        let registry = PrometheusRegistry()
        PrometheusMetricsFactory(registry: registry).makeCounter(label: "ebb_polls_total", dimensions: [])
            .increment(by: 7)
        return try AdminServer(
            address: bind, health: health, registry: registry, version: "ebb-monitor 1.2.3",
            log: Logger(label: "test"), limits: limits)
    }

    @Test(
        "it is told to others as the address to which it is bound; a wildcard as the address of the bus",
        arguments: [
            ("127.0.0.1:0", "http://127.0.0.1:9"), ("127.0.0.7:8080", "http://127.0.0.7:9"),
            ("10.0.0.5:8080", "http://10.0.0.5:9"), ("localhost:0", "http://localhost:9"),
            ("0.0.0.0:8080", "http://10.9.9.9:9"), ("[::]:8080", "http://10.9.9.9:9"), ("*:1", "http://10.9.9.9:9"),
            ("[::1]:8080", "http://[::1]:9"),
        ])
    func advertises(bind: String, expected: String) {
        #expect(ServiceBody.advertisedAdmin(bind: bind, port: 9, host: "10.9.9.9") == expected)
    }

    private func get(_ path: String, at port: Int, method: String = "GET") async throws -> Answer {
        var request = URLRequest(url: try #require(URL(string: "http://127.0.0.1:\(port)\(path)")))
        request.httpMethod = method
        let (data, response) = try await URLSession(configuration: .ephemeral).data(for: request)
        let headers = try #require(response as? HTTPURLResponse)
        return Answer(status: headers.statusCode, text: String(decoding: data, as: UTF8.self), headers: headers)
    }

    private func whileRunning(_ server: AdminServer, _ body: (Int) async throws -> Void) async throws {
        let running = Task { try await server.run() }
        defer { running.cancel() }
        try await body(#require(await server.boundPort()))
    }

    @Test("tells its version, its metrics and that it lives")
    func answers() async throws {
        try await whileRunning(try server()) { port in
            #expect(try await get("/livez", at: port).text == "ok\n")
            #expect(try await get("/version", at: port).text == "ebb-monitor 1.2.3\n")
            let metrics = try await get("/metrics?name=x", at: port)
            #expect(metrics.status == 200)
            #expect(metrics.text.contains("ebb_polls_total 7\n"))
            #expect(
                metrics.headers.value(forHTTPHeaderField: "Content-Type") == "text/plain; version=0.0.4; charset=utf-8")
            let date = try #require(metrics.headers.value(forHTTPHeaderField: "Date"))
            #expect(date.wholeMatch(of: /[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT/) != nil, "\(date)")
        }
    }

    @Test("is ready while every check is fine, and says why not")
    func readiness() async throws {
        let health = Health()
        try await whileRunning(try server(health)) { port in
            health.report("database", fault: "not reached yet")
            let unready = try await get("/readyz", at: port)
            #expect(unready.status == 503)
            #expect(unready.text == "[-]database not reached yet\n")
            health.report("database", fault: nil)
            #expect(try await get("/readyz", at: port).status == 200)
        }
    }

    @Test("refuses other paths and other methods", arguments: [("GET", "/"), ("GET", "/livez/x"), ("POST", "/livez")])
    func refuses(method: String, path: String) async throws {
        try await whileRunning(try server()) { port in
            let answer = try await get(path, at: port, method: method)
            #expect(answer.status == 404)
            #expect(answer.text == "there are GET /livez, /readyz, /metrics and /version\n")
        }
    }

    @Test("names a port that somebody else has")
    func portInUse() async throws {
        try await whileRunning(try server()) { port in
            let second = try server(bind: "127.0.0.1:\(port)")
            await #expect {
                try await second.run()
            } throws: { error in
                (error as? StartupError)?.message.contains("127.0.0.1:\(port)") == true
            }
            #expect(await second.boundPort() == nil)
        }
    }

    @Test("answers one request and closes; what comes behind it is not read")
    func closes() async throws {
        try await whileRunning(try server()) { port in
            let connection = try PlainConnection(port)
            connection.send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\nGET /version HTTP/1.1\r\nHost: x\r\n\r\n")
            let said = try await connection.readToEnd()
            #expect(said.hasPrefix("HTTP/1.1 200 OK\r\n") && said.hasSuffix("\r\n\r\nok\n"), "\(said)")
        }
    }

    @Test("has few connections: the oldest makes room, so that whoever comes next is answered")
    func boundsConnections() async throws {
        var limits = AdminLimits()
        limits.connections = 3
        try await whileRunning(try server(limits: limits)) { port in
            let silent = try (1...8).map { _ in try PlainConnection(port) }
            #expect(try await get("/livez", at: port).text == "ok\n")
            // All but the newest are closed, without a word.
            for connection in silent.prefix(5) { #expect(try await connection.readToEnd() == "") }
        }
    }

    @Test("ends a connection that lasts too long, whatever it sends")
    func boundsTime() async throws {
        var limits = AdminLimits()
        limits.lifetime = .milliseconds(200)
        try await whileRunning(try server(limits: limits)) { port in
            let (silent, slow) = (try PlainConnection(port), try PlainConnection(port))
            slow.send("POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nx")
            #expect(try await silent.readToEnd() == "")
            _ = try await slow.readToEnd()
        }
    }

    @Test("ends a connection that sends too much, in its first line, its headers or its body")
    func boundsRequests() async throws {
        let much = String(repeating: "x", count: 20_000)
        try await whileRunning(try server()) { port in
            for request in ["GET /\(much)", "GET / HTTP/1.1\r\nX: \(much)", "\(much)"] {
                let connection = try PlainConnection(port)
                connection.send(request)
                let said = try await connection.readToEnd()
                #expect(!said.hasPrefix("HTTP/1.1 200"), "\(said)")
            }
            #expect(try await get("/livez", at: port).text == "ok\n")
        }
    }

    @Test("connections leave the rest of the process its files")
    func budgetsDescriptors() {
        #expect(DescriptorBudget.connections(wanted: 1_000, limit: 1_048_576, others: 38) == 1_000)
        #expect(DescriptorBudget.connections(wanted: 1_000, limit: 1_024, others: 38) == 858)
        #expect(DescriptorBudget.connections(wanted: 1_000, limit: 100, others: 38) == 1)
        #expect(DescriptorBudget.raiseLimit() > DescriptorBudget.reserve)
    }

    @Test("writes dates as HTTP wants them")
    func dates() {
        #expect(AdminServer.date(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(AdminServer.date(0) == "Thu, 01 Jan 1970 00:00:00 GMT")
        #expect(AdminServer.date(1_709_210_096) == "Thu, 29 Feb 2024 12:34:56 GMT")
    }
}

/// A connection that says what it is told to, well or badly.
private final class PlainConnection: Sendable {
    private let socket: Int32

    init(_ port: Int) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(result == 0, "error \(errno)")
    }

    deinit { _ = close(socket) }

    func send(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// What the other side says until it closes.
    func readToEnd() async throws -> String {
        var said: [UInt8] = []
        let deadline = ContinuousClock.now + .seconds(20)
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while ContinuousClock.now < deadline {
            let count = recv(socket, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count > 0 { said += buffer[..<count] }
            if count == 0 || count < 0 && errno != EAGAIN { return String(decoding: said, as: UTF8.self) }
            if count < 0 { try await Task.sleep(for: .milliseconds(5)) }
        }
        Issue.record("the connection was not closed")
        return ""
    }
}
