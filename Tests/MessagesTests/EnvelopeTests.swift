// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Messages
import ResourceModel
import Testing

@Suite struct EnvelopeTests {
    @Test("an envelope comes back as it was", arguments: [Fixture.publishedEnvelope, Fixture.failureEnvelope])
    func roundTrip(_ envelope: Envelope) throws {
        #expect(try Envelope(decoding: envelope.encoded()) == envelope)
    }

    @Test("a failure's text is cut to what every receiver takes, between characters")
    func longFailure() throws {
        var envelope = Fixture.failureEnvelope
        envelope.failure?.message = String(repeating: "é", count: 5_000)
        let message = try #require(try Envelope(decoding: envelope.encoded()).failure?.message)
        #expect(message.utf8.count == MessageCodec.maximumTextBytes)
        #expect(message.allSatisfy { $0 == "é" })
    }

    struct Damage: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: MessageError.Code
        let change: @Sendable (inout WireEnvelope) -> Void
    }

    static let damages: [Damage] = [
        Damage(testDescription: "a version of tomorrow", code: .unsupportedVersion) { $0.protocolVersion = 2 },
        Damage(testDescription: "no version", code: .unsupportedVersion) { $0.protocolVersion = 0 },
        Damage(testDescription: "no type", code: .malformed) { $0.type = "" },
        Damage(testDescription: "a long type", code: .tooLarge) { $0.type = String(repeating: "x", count: 257) },
        Damage(testDescription: "a short message id", code: .malformed) { $0.messageID = Data([1]) },
        Damage(testDescription: "no source", code: .malformed) { $0.sourceInstance = Data() },
        Damage(testDescription: "a long correlation id", code: .malformed) {
            $0.correlationID = Data(repeating: 1, count: 17)
        },
        Damage(testDescription: "a long key", code: .tooLarge) {
            $0.idempotencyKey = String(repeating: "k", count: 257)
        },
        Damage(testDescription: "an envelope beyond its limit", code: .tooLarge) {
            $0.failure.message = String(repeating: "m", count: 9_000)
        },
    ]

    @Test("a malformed envelope is a typed error", arguments: damages)
    func malformed(_ damage: Damage) throws {
        var wire: WireEnvelope = try MessageCodec.decoded(WireEnvelope.self, from: Fixture.failureEnvelope.encoded())
        damage.change(&wire)
        let bytes = MessageCodec.encoded(wire)
        let error = #expect(throws: MessageError.self) { try Envelope(decoding: bytes) }
        #expect(error?.code == damage.code)
    }

    @Test("bytes that are no message are a typed error")
    func garbage() {
        #expect(throws: MessageError.self) { try MessageCodec.decoded(WireHeartbeat.self, from: [0xFF, 0xFF]) }
    }

    @Test("fields of a newer sender are ignored")
    func unknownField() throws {
        // Field 200, varint 1.
        let bytes = Fixture.publishedEnvelope.encoded() + [0xC0, 0x0C, 0x01]
        #expect(try Envelope(decoding: bytes) == Fixture.publishedEnvelope)
    }
}
