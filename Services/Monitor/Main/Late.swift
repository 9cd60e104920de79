// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// A value that is known only after somebody who refers to it was made; set once.
final class Late<Value: Sendable>: Sendable {
    private let storage = Mutex<Value?>(nil)
    var value: Value? { storage.withLock { $0 } }
    func set(_ value: Value) { storage.withLock { $0 = value } }
}
