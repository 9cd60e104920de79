// SPDX-License-Identifier: Apache-2.0

import Contracts
import Messages
import Testing
import UserGatewayCore

/// What former versions sent is read as long as their messages may still arrive: see docs/versions.md.
@Suite("Messages of former versions")
struct WireTests {
    @Test("each message that crossed a socket is read, with all that it says", arguments: Past.all)
    func wire(past: Past) throws {
        let messages = try past.messages("wire")
        #expect(messages.count > 90)
        for (name, document) in messages {
            do {
                try read(document)
            } catch {
                Issue.record("\(past.version)/\(name): \(error)")
            }
        }
    }

    private func read(_ document: JSONValue) throws {
        let bytes = try document.requiredBytes("envelope")
        let envelope = try Envelope(decoding: bytes)
        guard envelope.encoded() == bytes, envelope.type.name == (try document.requiredText("type")) else {
            throw BrokenFixture("its envelope would be sent as other bytes")
        }
        let body = try document.requiredBytes("body")
        switch try document.requiredText("direction") {
        case "published":
            guard Topic(try document.requiredText("topic")) != nil else { throw BrokenFixture("it has no topic") }
            try WireReading.readPublished(envelope.type, body)
        case "request": try WireReading.readRequest(envelope.type, body)
        case "reply": try WireReading.readReply(envelope.type, body)
        case "failure":
            guard envelope.failure != nil, body.isEmpty else { throw BrokenFixture("it says nothing of its failure") }
        default: throw BrokenFixture("there is no such direction")
        }
    }

    @Test("each message with every field set is read, and sent as the same bytes again", arguments: Past.all)
    func fields(past: Past) throws {
        let messages = try past.messages("fields")
        #expect(messages.count > 50)
        for (name, document) in messages {
            guard let type = WireReading.messages[try document.requiredText("message")] else {
                Issue.record("\(past.version)/\(name): this version has no such message")
                continue
            }
            let body = try document.requiredBytes("body")
            #expect(throws: Never.self, "\(past.version)/\(name)") { try WireReading.known(type, body) }
        }
    }
}
