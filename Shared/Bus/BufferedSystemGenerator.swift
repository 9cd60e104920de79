// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The system's random numbers, 32 words at a time: a message id alone would take two system calls.
package struct BufferedSystemGenerator: RandomNumberGenerator, Sendable {
    private var words: [UInt64] = []

    package init() {}

    package mutating func next() -> UInt64 {
        if let word = words.popLast() { return word }
        words = [UInt64](repeating: 0, count: 32)
        let isFilled = unsafe words.withUnsafeMutableBytes { buffer in
            unsafe getentropy(buffer.baseAddress, buffer.count) == 0
        }
        if !isFilled {
            var system = SystemRandomNumberGenerator()
            for index in words.indices { words[index] = system.next() }
        }
        return words.removeLast()
    }
}
