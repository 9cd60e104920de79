// SPDX-License-Identifier: Apache-2.0

internal import CLibvirt
internal import Glibc

/// A list of libvirt's named values, built for one call or read from its answer.
@safe struct TypedParameters: ~Copyable {
    private var list: virTypedParameterPtr?
    private var count: Int32 = 0
    private var capacity: Int32 = 0

    init() { unsafe list = nil }

    /// - Parameter list: allocated by libvirt for the caller; `nil` if it has no values.
    init(adopting list: virTypedParameterPtr?, count: Int32) {
        unsafe self.list = list
        self.count = count
        capacity = count
    }

    deinit { unsafe virTypedParamsFree(list, count) }

    mutating func add(_ name: String, text: String) {
        _ = unsafe virTypedParamsAddString(&list, &count, &capacity, name, text)
    }

    mutating func add(_ name: String, unsigned value: UInt64) {
        _ = unsafe virTypedParamsAddULLong(&list, &count, &capacity, name, value)
    }

    mutating func add(_ name: String, signed value: Int64) {
        _ = unsafe virTypedParamsAddLLong(&list, &count, &capacity, name, value)
    }

    mutating func add(_ name: String, word value: UInt32) {
        _ = unsafe virTypedParamsAddUInt(&list, &count, &capacity, name, value)
    }

    /// Every value that is an integer, by name.
    var integers: [String: Int64] {
        var values: [String: Int64] = [:]
        guard let list = unsafe list else { return values }
        for index in 0..<Int(count) {
            if let value = unsafe list[index].number { unsafe values[text(of: list[index].field)] = value }
        }
        return values
    }

    /// Lends the list to one call; libvirt keeps no reference to it.
    borrowing func withList<Value>(_ body: (virTypedParameterPtr?, Int32) -> Value) -> Value {
        unsafe body(list, count)
    }
}
