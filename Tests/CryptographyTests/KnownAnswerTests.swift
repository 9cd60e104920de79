// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Testing

private func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

/// The examples of FIPS 180-4, and NIST's example of one million letters.
@Suite("SHA-256 gives the standard's answers")
struct SHA256Tests {
    @Test(
        "for messages of no, one and two blocks",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (
                "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
                "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
            ),
        ])
    func standard(message: String, expected: String) {
        #expect(hexadecimal(SHA256.hash(message)) == expected)
        #expect(SHA256.hash(Array(message.utf8)) == SHA256.hash(message))
    }

    @Test("for one million letters")
    func long() {
        #expect(
            hexadecimal(SHA256.hash([UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)))
                == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test("for bytes that are no text, and from many threads at once")
    func concurrent() async {
        let hashes = await withTaskGroup { group in
            for _ in 0..<16 { group.addTask { hexadecimal(SHA256.hash(Array(0...255))) } }
            return await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(hashes == ["40aff2e9d2d8922e47afd4648e6967497158785fbd1da870e7110266bf944880"])
    }
}

/// The examples of RFC 4231.
@Suite("HMAC-SHA-256 gives the standard's answers")
struct HMACSHA256Tests {
    @Test("for a short key, a short text, and a key that is longer than a block")
    func standard() {
        let cases: [(key: [UInt8], message: String, code: String)] = [
            (
                [UInt8](repeating: 0x0B, count: 20), "Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                Array("Jefe".utf8), "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                [UInt8](repeating: 0xAA, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
        ]
        for known in cases {
            #expect(hexadecimal(HMACSHA256.code(of: known.message, key: known.key)) == known.code)
            #expect(
                HMACSHA256.code(of: Array(known.message.utf8), key: known.key)
                    == HMACSHA256.code(of: known.message, key: known.key))
        }
    }

    @Test("for an empty key and an empty text")
    func empty() {
        #expect(
            hexadecimal(HMACSHA256.code(of: "", key: []))
                == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
    }
}
