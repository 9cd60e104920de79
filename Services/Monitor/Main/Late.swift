// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// A value that becomes known only after an object that refers to it was made; set once.
final class Late<Value: Sendable>: Sendable {
    private let storage = Mutex<Value?>(nil)
    var value: Value? { storage.withLock { $0 } }
    func set(_ value: Value) { storage.withLock { $0 = value } }
}
