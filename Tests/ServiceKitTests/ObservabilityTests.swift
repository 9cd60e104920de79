// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import Foundation
import Logging
import ResourceModel
import Synchronization
import Testing

@testable import ServiceKit

@Suite("Observability")
struct ObservabilityTests {
    @Test("metrics are written in Prometheus' text format, sorted, escaped and with cumulative buckets")
    func prometheus() {
        let registry = PrometheusRegistry()
        let factory = PrometheusMetricsFactory(registry: registry)
        registry.describe("ebb_polls_total", "Polls of hosts.")
        factory.makeCounter(label: "ebb_polls_total", dimensions: [("host", "a\"b")]).increment(by: 2)
        factory.makeMeter(label: "ebb.hosts", dimensions: []).set(Int64(3))
        let timer = factory.makeTimer(label: "ebb_poll_duration_seconds", dimensions: [])
        timer.recordNanoseconds(4_000_000)
        timer.recordNanoseconds(30_000_000_000)
        let text = registry.text()
        #expect(text.contains("# HELP ebb_polls_total Polls of hosts.\n# TYPE ebb_polls_total counter\n"))
        #expect(text.contains("ebb_polls_total{host=\"a\\\"b\"} 2\n"))
        #expect(text.contains("# TYPE ebb_hosts gauge\nebb_hosts 3\n"))
        #expect(text.contains("ebb_poll_duration_seconds_bucket{le=\"0.0025\"} 0\n"))
        #expect(text.contains("ebb_poll_duration_seconds_bucket{le=\"0.005\"} 1\n"))
        #expect(text.contains("ebb_poll_duration_seconds_bucket{le=\"+Inf\"} 2\n"))
        #expect(text.hasSuffix("\n"))
    }

    @Test("a log line is one JSON object with the metadata sorted and control characters escaped")
    func jsonLog() {
        let lines = Mutex<[String]>([])
        var log = Logger(label: "monitor") { label in
            JSONLogHandler(label: label, level: .info) { line in lines.withLock { $0.append(line) } }
        }
        log[metadataKey: "host.id"] = "h1"
        log.info("a \"quoted\"\nmessage", metadata: ["attempt": "2"])
        log.debug("not shown")
        let written = lines.withLock { $0 }
        #expect(written.count == 1)
        let expected =
            #""severity":"INFO","body":"a \"quoted\"\nmessage","service.name":"monitor","attempt":"2","host.id":"h1"}"#
        #expect(written.first?.hasSuffix(expected) == true)
    }

    @Test("a log line has nothing in it that steers a terminal, whatever was logged, and keeps its value")
    func hostileLog() throws {
        let lines = Mutex<[String]>([])
        let log = Logger(label: "monitor") { label in
            JSONLogHandler(label: label, level: .info) { line in lines.withLock { $0.append(line) } }
        }
        let hostile = "a\u{1B}[2J\u{9B}m\u{7F}\u{202E}\u{2028}\u{E0041}\r\nb"
        log.info("\(hostile)", metadata: ["\(hostile)": "\(hostile)"])
        let line = try #require(lines.withLock { $0 }.first)
        #expect(!line.unicodeScalars.contains { $0.isSteering }, "\(line.debugDescription)")
        let fields = try JSONDecoder().decode([String: String].self, from: Data(line.utf8))
        #expect(fields["body"] == hostile && fields[hostile] == hostile)
        let health = Health()
        health.report("database", fault: "gone\n[+]database ok")
        #expect(health.report == "[-]database gone [+]database ok\n")
    }

    @Test("a service is ready while every check is fine, and never again once it drains")
    func health() {
        let health = Health()
        health.report("database", fault: "can't be reached")
        #expect(!health.isReady)
        health.report("database", fault: nil)
        #expect(health.isReady)
        #expect(health.report == "[+]database ok\n")
        health.drain()
        #expect(!health.isReady)
    }
}
