// SPDX-License-Identifier: Apache-2.0

package import Contracts
internal import FoundationEssentials
package import SwiftProtobuf

/// Why bytes are not a valid message. Nothing that arrives traps: decoding throws this.
package struct MessageError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        case malformed
        case tooLarge
        case unsupportedVersion
    }
    package let code: Code
    /// Names the message and the field that is wrong.
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package static func malformed(_ message: String) -> MessageError { MessageError(.malformed, message) }

    package var description: String { message }
}

/// Turns Protocol Buffers messages into frames and back, so that services need nothing of SwiftProtobuf itself.
package enum MessageCodec {
    /// Longest type name, trace context, key and failure code that is read, in UTF-8 bytes.
    package static let maximumNameBytes = 256
    /// Longest failure text that is read, in UTF-8 bytes.
    package static let maximumTextBytes = 4_096
    /// Largest envelope that is read: above the sum of its fields' own limits.
    package static let maximumEnvelopeBytes = 8_192

    /// The message's bytes. Messages of this package are proto3 without required fields, so none is refused.
    package static func encoded(_ message: some SwiftProtobuf.Message) -> [UInt8] {
        do {
            return try message.serializedBytes()
        } catch {
            preconditionFailure("\(type(of: message)) has no required fields and holds no JSON `Any`: \(error)")
        }
    }

    /// A document as the body of a message.
    package static func encoded(_ document: some JSONDocument) -> [UInt8] {
        encoded(WireJSONDocument.with { $0.json = Data(document.json.utf8) })
    }

    /// Reads one message; unknown fields are ignored, so that a newer sender can be read.
    package static func decoded<M: SwiftProtobuf.Message>(
        _ type: M.Type, from bytes: [UInt8]
    ) throws(MessageError) -> M {
        do {
            return try M(serializedBytes: bytes)
        } catch {
            throw .malformed("\(M.protoMessageName): \(bytes.count) bytes are not such a message: \(error)")
        }
    }
}
