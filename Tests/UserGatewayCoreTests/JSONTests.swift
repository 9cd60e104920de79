// SPDX-License-Identifier: Apache-2.0

internal import Testing
internal import UserGatewayCore

@Suite("JSON values")
struct JSONTests {
    @Test(
        "texts become the values they say",
        arguments: [
            ("null", JSONValue.null), (" true\r\n", true), ("-0", 0), ("9223372036854775807", .integer(.max)),
            ("-9223372036854775808", .integer(.min)), ("9007199254740993", .integer(9_007_199_254_740_993)),
            ("1.5", .number(1.5)), ("1e3", .number(1_000)), ("[]", []), ("{}", [:]), ("[1, [2]]", [1, [2]]),
            (#""\u00e9\n\ud83d\ude00\/""#, "é\n😀/"), (#"{"a": {"b": [null]}}"#, ["a": ["b": [.null]]]),
        ] as [(String, JSONValue)])
    func parses(text: String, value: JSONValue) throws {
        #expect(try JSONValue(parsing: text.utf8) == value)
    }

    @Test(
        "what is not JSON is refused",
        arguments: [
            "", " ", "nul", "01", "1.", ".5", "+1", "1e", "--1", "[1,]", "[1 2]", "{", "{\"a\"}", "{\"a\":1,}", "{a:1}",
            "\"", "\"\\x\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\\u12g4\"", "\"\\u+123\"",
            "\"\u{1}\"",
            "1 2", "]", "9223372036854775808", "1e999", "{\"a\":1,\"a\":2}", "\u{FEFF}1", "NaN", "'a'",
        ])
    func refuses(text: String) {
        #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: text.utf8) }
    }

    @Test("bytes that are not UTF-8 are refused")
    func refusesBrokenUTF8() {
        #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: [0x22, 0xC3, 0x28, 0x22]) }
    }

    @Test("nesting up to the limit is read and one deeper is refused")
    func boundsDepth() throws {
        let fits = String(repeating: "[", count: 32) + String(repeating: "]", count: 32)
        _ = try JSONValue(parsing: fits.utf8)
        #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: "[\(fits)]".utf8) }
    }

    @Test("bytes and values beyond their limits are refused")
    func boundsSize() {
        #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: "[1]".utf8, limits: JSONLimits(bytes: 2)) }
        #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: "[1,2]".utf8, limits: JSONLimits(values: 2)) }
    }

    @Test("an object is written by member name, on one line, with control characters escaped")
    func writes() {
        let value: JSONValue = ["b": .number(.nan), "a": "x\u{1}\n\"\\é", "c": [1, .number(1.5)]]
        let expected = #"{"a":"x\u0001\n\"\\é","b":null,"c":[1,1.5]}"#
        #expect(String(decoding: value.compact, as: UTF8.self) == expected)
    }

    @Test("the pretty form has two spaces of indentation and keeps empty containers closed")
    func writesPretty() {
        let value: JSONValue = ["a": [1, [:]], "b": []]
        #expect(value.pretty == "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}")
    }

    @Test("random values survive a round trip; random bytes and mutated texts never trap", arguments: seeds)
    func survivesFuzzing(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let value = randomValue(depth: 4, using: &random)
            #expect(try JSONValue(parsing: value.compact) == value, "seed \(seed)")
            #expect(try JSONValue(parsing: value.pretty.utf8) == value, "seed \(seed)")
            var bytes = value.compact
            for _ in 0..<3 {
                bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            if let mutated = try? JSONValue(parsing: bytes) {
                #expect(try JSONValue(parsing: mutated.compact) == mutated, "seed \(seed)")
            }
            let alphabet = Array(#"{}[]",:\u0123e+-. tfn"#.utf8)
            let noise = (0..<40).map { _ in alphabet[Int.random(in: alphabet.indices, using: &random)] }
            _ = try? JSONValue(parsing: noise)
            _ = RPCCodec.decode(noise)
        }
    }
}

/// Seeds of the random tests; a failure names its own.
let seeds: [UInt64] = [1, 42, 4_711, 20_260_301]

/// SplitMix64: the same numbers for the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

func randomValue(depth: Int, using random: inout SeededGenerator) -> JSONValue {
    let scalars = Array("aé😀\"\\\n\u{1F}/0 ".unicodeScalars)
    func text(_ random: inout SeededGenerator) -> String {
        let count = Int.random(in: 0..<8, using: &random)
        return String(
            String.UnicodeScalarView((0..<count).map { _ in scalars[Int.random(in: scalars.indices, using: &random)] }))
    }
    switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &random) {
    case 0: return .null
    case 1: return .bool(Bool.random(using: &random))
    case 2: return .integer(Int64(bitPattern: random.next()))
    case 3: return .number(Double.random(in: -1e6...1e6, using: &random) + 0.5.ulp)
    case 4: return .string(text(&random))
    case 5:
        return .array(
            (0..<Int.random(in: 0..<4, using: &random)).map { _ in randomValue(depth: depth - 1, using: &random) })
    default:
        var members: [String: JSONValue] = [:]
        for _ in 0..<Int.random(in: 0..<4, using: &random) {
            members[text(&random)] = randomValue(depth: depth - 1, using: &random)
        }
        return .object(members)
    }
}
