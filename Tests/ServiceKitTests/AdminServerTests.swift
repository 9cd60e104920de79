// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import Foundation
import FoundationNetworking
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

    private func server(_ health: Health = Health(), bind: String = "127.0.0.1:0") throws -> AdminServer {
        let registry = PrometheusRegistry()
        PrometheusMetricsFactory(registry: registry).makeCounter(label: "ebb_polls_total", dimensions: [])
            .increment(by: 7)
        return try AdminServer(
            address: bind, health: health, registry: registry, version: "ebb-monitor 1.2.3", log: Logger(label: "test"))
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

    @Test("writes dates as HTTP wants them")
    func dates() {
        #expect(AdminServer.date(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(AdminServer.date(0) == "Thu, 01 Jan 1970 00:00:00 GMT")
        #expect(AdminServer.date(1_709_210_096) == "Thu, 29 Feb 2024 12:34:56 GMT")
    }
}
