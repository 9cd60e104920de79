// SPDX-License-Identifier: Apache-2.0

internal import CLibPQ

/// A statement's values in one buffer, in the form that libpq takes.
struct BoundParameters {
    /// libpq's own limit (`PQ_QUERY_PARAM_MAX_LIMIT`).
    static let limit = 65_535

    private var bytes: [UInt8] = []
    /// Where each value starts; `nil` is NULL.
    private var starts: [Int?] = []
    private var lengths: [Int32] = []
    /// 0 text, 1 binary.
    private var formats: [Int32] = []
    private var types: [UInt32] = []

    init(_ values: [BoundValue], operation: String) throws(StoreError) {
        guard values.count <= Self.limit else {
            throw StoreError(
                .invalidValue, operation: operation,
                message: "\(values.count) values, at most \(Self.limit) can be bound")
        }
        for value in values {
            types.append(value.type.rawValue)
            switch value.content {
            case .null: add(nil, isBinary: false)
            case .text(let text): add(Array(text.utf8) + [0], isBinary: false)
            case .bytes(let content): add(content, isBinary: true)
            case .invalid(let reason): throw StoreError(.invalidValue, operation: operation, message: reason)
            }
        }
        // The buffer's address must exist also when every value is empty.
        bytes.append(0)
    }

    private mutating func add(_ content: [UInt8]?, isBinary: Bool) {
        starts.append(content.map { _ in bytes.count })
        lengths.append(Int32(content?.count ?? 0))
        formats.append(isBinary ? 1 : 0)
        bytes += content ?? []
    }

    /// Count, types, values, lengths and formats, valid during the call.
    @unsafe func withPointers<Result>(
        _ body: (
            Int32, UnsafePointer<UInt32>?, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?,
            UnsafePointer<Int32>?
        ) -> Result
    ) -> Result {
        unsafe bytes.withUnsafeBytes { buffer in
            let base = unsafe buffer.bindMemory(to: CChar.self).baseAddress
            let pointers: [UnsafePointer<CChar>?] = unsafe starts.map { start in
                guard let start, let base = unsafe base else { return nil }
                return unsafe base + start
            }
            return unsafe body(Int32(starts.count), types, pointers, lengths, formats)
        }
    }
}
