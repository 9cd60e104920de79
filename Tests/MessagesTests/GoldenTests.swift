// SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import ResourceModel
import SwiftProtobuf
import Testing

/// What earlier versions wrote is read for ever. A file is added with each new shape and never changed.
@Suite struct GoldenTests {
    @Test("a host report of version 1 is read and written byte for byte")
    func hostReport() throws {
        let bytes = try Self.golden("host-report.bin")
        #expect(try HostReport.decoded(bytes) == Fixture.hostSample)
        #expect(try HostReport.encoded(Fixture.hostSample) == bytes)
        let pressed = try Self.golden("host-report-pressure.bin")
        #expect(try HostReport.decoded(pressed) == Fixture.pressedSample)
        #expect(try HostReport.encoded(Fixture.pressedSample) == pressed)
        let lost = try Self.golden("host-report-loss.bin")
        #expect(try HostReport.decoded(lost) == Fixture.lostSample)
        #expect(try HostReport.encoded(Fixture.lostSample) == lost)
    }

    @Test("envelopes of version 1 are read and written byte for byte")
    func envelopes() throws {
        for (name, envelope) in [
            ("envelope-published.bin", Fixture.publishedEnvelope), ("envelope-failure.bin", Fixture.failureEnvelope),
        ] {
            let bytes = try Self.golden(name)
            #expect(try Envelope(decoding: bytes) == envelope)
            #expect(envelope.encoded() == bytes)
        }
    }

    @Test("heartbeats and replays of version 1 are read and written byte for byte")
    func streams() throws {
        try Self.check("heartbeat.bin", Fixture.heartbeat)
        try Self.check("replay-request.bin", Fixture.replayRequest)
        try Self.check("replay-reply.bin", Fixture.replayReply)
    }

    @Test("commands of version 1 are read and written byte for byte")
    func commands() throws {
        try Self.check("execute-command.bin", Fixture.executeCommand)
        try Self.check("set-policy.bin", Fixture.setPolicy)
        try Self.check("domain-event.bin", Fixture.domainEvent)
    }

    private static func check<M: SwiftProtobuf.Message & Equatable>(_ name: String, _ message: M) throws {
        let bytes = try golden(name)
        #expect(try MessageCodec.decoded(M.self, from: bytes) == message)
        #expect(MessageCodec.encoded(message) == bytes)
    }

    private static func golden(_ name: String) throws -> [UInt8] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/v1")
        return try [UInt8](Data(contentsOf: folder.appending(path: name)))
    }
}
