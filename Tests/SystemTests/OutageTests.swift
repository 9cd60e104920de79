// SPDX-License-Identifier: Apache-2.0

import Foundation
import Store
import TestSupport
import Testing

extension SystemTests {
    /// Without the database nothing ends: services wait, say so, and go on.
    @Suite("The database comes and goes", .serialized)
    struct OutageTests {
        static let services = ["monitor", "scheduler", "billing", "logger", "usergateway"]

        @Test(
            "a service that starts before the database waits and says why", .timeLimit(.minutes(3)), arguments: services
        )
        func startsFirst(service: String) async throws {
            try await PostgresCluster.withOwn { cluster in
                try await withDatabase(in: cluster) { database in
                    try await cluster.stopServer()
                    try await withFolder { folder in
                        let program = try RunningProgram(
                            service: service, dsn: database.dsn(role: "ebb_\(service)"),
                            settings: ["gateway.bind": "127.0.0.1:0"], adminPort: try PostgresCluster.freePort(),
                            folder: folder)
                        defer { program.end() }
                        let reason = try await program.waitForReadiness(503)
                        #expect(reason.hasPrefix("[-]database "), "\(reason)")
                        try await eventually(within: .seconds(30), "the reason on /readyz") {
                            try await program.readiness()?.text.contains("can't be reached") == true
                        }
                        try await cluster.startServer()
                        #expect(try await program.waitForReadiness(200).contains("[+]database ok"))
                        #expect(try await program.stop() == 0, "\(program.output)")
                    }
                }
            }
        }

        @Test("services outlive PostgreSQL's death and go on by themselves", .timeLimit(.minutes(5)))
        func outlives() async throws {
            try await PostgresCluster.withOwn { cluster in
                try await withDatabase(in: cluster) { database in
                    // A test server forgets its last commits when it is killed; this one must not, as no real one does.
                    let durable = Query(unsafeSQL: "ALTER DATABASE \(database.name) SET synchronous_commit = on")
                    _ = try await database.withStore { try await $0.query(durable) }
                    try await withFolder { folder in
                        let system = try await RunningSystem(database, folder: folder)
                        defer { system.end() }
                        try await system.prepare()
                        try await system.createVM("before")
                        let identifiers = system.services.map(\.identifier)

                        try await cluster.killServer()
                        for service in system.services { try await service.waitForReadiness(503) }
                        let late = try await system.client(["vm", "list"])
                        #expect(late.status == 75, "\(late.errors)")
                        try await cluster.startServer()

                        for service in system.services { try await service.waitForReadiness(200) }
                        try await system.createVM("after")
                        try await system.waitForNewSample(of: "before")
                        #expect(system.services.map(\.identifier) == identifiers)
                        for service in system.services {
                            #expect(service.isRunning)
                            #expect(try await service.stop() == 0, "\(service.output)")
                        }
                    }
                }
            }
        }

        @Test("sizes that can't be are refused by their names, and every service goes on", .timeLimit(.minutes(3)))
        func extremes() async throws {
            try await withDatabase { database in
                try await withFolder { folder in
                    let system = try await RunningSystem(database, folder: folder)
                    defer { system.end() }
                    try await system.prepare()
                    let vms = ["9223372036854775807", "9223372036854775808", "-1", "1e30"].map { number in
                        #"{"jsonrpc":"2.0","id":1,"method":"vm.create","params":{"name":"bad","tenant":"acme","vcpus":1,"#
                            + #""memoryBytes":268435456,"diskBytes":1073741824,"maxMemoryBytes":\#(number)}}"#
                    }
                    let host =
                        #"{"jsonrpc":"2.0","id":1,"method":"host.add","params":{"host":"bad","cluster":"test","#
                        + #""uri":"fleet://127.0.0.1:1/bad","reservedMemoryBytes":9223372036854775807}}"#
                    let answers = try await system.answers(to: vms + [host])
                    #expect(answers.count == 5)
                    for answer in answers.prefix(4) {
                        #expect(answer.contains("\"error\"") && answer.contains("'maxMemoryBytes'"), "\(answer)")
                    }
                    #expect(answers.last?.contains("'reservedMemoryBytes'") == true, "\(answers)")
                    // Its room is Scheduler's to give.
                    try await system.createVM("good")
                    for service in system.services {
                        #expect(service.isRunning)
                        #expect(try await service.readiness()?.status == 200)
                    }
                }
            }
        }

        @Test("the client tells apart what isn't there and what isn't allowed", .timeLimit(.minutes(3)))
        func clientCodes() async throws {
            try await withDatabase { database in
                try await withFolder { folder in
                    let system = try await RunningSystem(database, folder: folder)
                    defer { system.end() }
                    try await system.prepare()
                    expectSentence(try await system.client(["vm", "show", "nobody"]), code: 3, naming: "nobody")
                    expectSentence(
                        try await system.client(
                            ["policy", "set", "nobody", "--lower", "15%", "--upper", "80%", "--ratio", "7/10"]),
                        code: 3, naming: "nobody")
                    let stranger = "ebb_" + String(repeating: "A", count: 43)
                    expectSentence(try await system.client(["vm", "list"], token: stranger), code: 77)
                }
            }
        }
    }
}
