// SPDX-License-Identifier: Apache-2.0

import FleetModel
import Foundation
import ResourceModel

/// The fleet's state file can't be used: which one, why, and what to do.
package struct FleetJournalError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
}

/// The inputs of a fleet with their instants, in order. The model is deterministic, so they are its whole state.
///
/// A record is its length (UInt32), its instant (Int64, both little-endian) and a call as it came from the wire; the
/// first one is the configuration. Appended before a call has its effect, and written through to the kernel: a killed
/// process loses nothing, a machine without power may lose the last seconds. A torn last record is cut off.
struct FleetJournal {
    struct Record: Hashable, Sendable {
        let at: Timestamp
        let payload: Data
    }

    /// More than any call may have.
    private static let largestRecord = 64 << 20
    private static let headerLength = 12

    private let file: FileHandle
    private let path: String

    /// Opens the file, or makes it, with the configuration as its first record. Returns what it holds already: first
    /// the fleet's beginning, then the calls.
    static func open(
        _ path: String, configuration: FleetConfiguration, at now: Timestamp
    ) throws -> (journal: FleetJournal, start: Timestamp, calls: [Record]) {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw FleetJournalError(description: "can't open state file \(path): \(String(cString: strerror(errno)))")
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw FleetJournalError(description: "state file \(path) is used by another ebb-fleet")
        }
        let journal = FleetJournal(file: file, path: path)
        let (records, end) = try journal.read()
        try file.truncate(atOffset: UInt64(end))
        let header = try FleetJSON.encode(configuration)
        guard let first = records.first else {
            try journal.append(header, at: now)
            return (journal, now, [])
        }
        guard first.payload == header else {
            throw FleetJournalError(
                description: "state file \(path) is of a fleet with another configuration; remove it or start that one")
        }
        return (journal, first.at, Array(records.dropFirst()))
    }

    /// Appends one record.
    func append(_ payload: Data, at instant: Timestamp) throws {
        guard payload.count <= Self.largestRecord else {
            throw FleetJournalError(description: "a call of \(payload.count) bytes is too long for \(path)")
        }
        var record = Data(capacity: Self.headerLength + payload.count)
        record.append(littleEndian: UInt32(payload.count))
        record.append(littleEndian: UInt64(bitPattern: instant.nanoseconds))
        record.append(payload)
        try file.write(contentsOf: record)
    }

    /// All whole records, and where they end.
    private func read() throws -> (records: [Record], end: Int) {
        let bytes = try file.readToEnd() ?? Data()
        var records: [Record] = []
        var offset = bytes.startIndex
        while bytes.endIndex - offset >= Self.headerLength {
            let length = Int(bytes.littleEndian(at: offset, bytes: 4))
            let start = offset + Self.headerLength
            guard length <= Self.largestRecord else {
                throw FleetJournalError(description: "state file \(path) is damaged at byte \(offset); remove it")
            }
            guard bytes.endIndex - start >= length else { break }
            let instant = Int64(bitPattern: bytes.littleEndian(at: offset + 4, bytes: 8))
            records.append(Record(at: Timestamp(nanoseconds: instant), payload: Data(bytes[start..<start + length])))
            offset = start + length
        }
        return (records, offset - bytes.startIndex)
    }
}

extension Data {
    fileprivate mutating func append(littleEndian value: some FixedWidthInteger) {
        for shift in stride(from: 0, to: value.bitWidth, by: 8) { append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    fileprivate func littleEndian(at offset: Index, bytes: Int) -> UInt64 {
        (0..<bytes).reduce(0) { $0 | UInt64(self[offset + $1]) << (8 * UInt64($1)) }
    }
}
