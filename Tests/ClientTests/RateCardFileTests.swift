// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Synchronization
internal import Testing
internal import UserGatewayCore

@testable internal import Client

@Suite("A rate card's file")
struct RateCardFileTests {
    /// What `rate set` sends of a file, or what it says.
    private func set(_ text: String, as name: String = "card.yaml") async throws -> (card: JSONValue?, said: String) {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/\(name)"
            try Data(text.utf8).write(to: URL(filePath: path))
            let result = Mutex<(card: JSONValue?, said: String)>((nil, ""))
            try await withGateway { gateway in
                let outcome = await ebb(
                    gateway, "rate set \(path) --valid-from 2026-04-01", token: FakeMethods.administratorToken)
                let call = gateway.methods.calls.first { $0.method == "rate.set" }
                #expect((outcome.code == 0) == (call != nil))
                let said = outcome.errors.replacing(directory, with: "")
                result.withLock { $0 = (call?.params["card"], said) }
            }
            return result.withLock { $0 }
        }
    }

    private static let expected: JSONValue = [
        "currency": "EUR", "prices": ["vcpuHour": 20_000_000, "networkGiB": 50_000_000, "cpuHour": 0],
    ]

    @Test(
        "YAML and JSON say the same",
        arguments: [
            "currency: EUR\nprices:\n  vcpuHour: 20000000  # one vCPU\n  networkGiB: 50_000_000\n  cpuHour: 0\n",
            #"{"currency": "EUR", "prices": {"vcpuHour": 20000000, "networkGiB": 50000000, "cpuHour": 0}}"#,
            "{\n\t\"currency\": \"EUR\",\n\t\"prices\": {\"vcpuHour\": 20000000, \"networkGiB\": 50000000, \"cpuHour\": 0}\n}\n",
            "---\ncurrency: 'EUR'\nprices: {vcpuHour: 20000000, networkGiB: 50000000, cpuHour: 0}\n",
        ])
    func forms(text: String) async throws {
        let (card, said) = try await set(text)
        #expect(card == Self.expected, "\(said)")
    }

    @Test("the file of the deployment, as --help says, is read")
    func shippedCard() async throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "compose/rate-card.yaml"), encoding: .utf8)
        let card = try #require(try await set(text).card)
        #expect(card["prices"]?["vcpuHour"] == 20_000_000 && card["factor"]?["maximum"] == 1_000_000)
    }

    @Test("what was typed keeps its kind, so that the gateway can name it: text, a fraction, nothing")
    func kinds() async throws {
        #expect(try await set(#"{"vcpuHour": "20000000"}"#).card?["vcpuHour"] == "20000000")
        #expect(try await set("vcpuHour: 20000000.5").card?["vcpuHour"] == .number(20_000_000.5))
        #expect(try await set("vcpuHour: cheap").card?["vcpuHour"] == "cheap")
        #expect(try await set("vcpuHour:").card?["vcpuHour"] == .null)
        #expect(try await set("vcpuHour: yes").card?["vcpuHour"] == true)
    }

    @Test(
        "what can't be read is named by file, key and what was typed",
        arguments: [
            (
                #"{"prices": {"vcpuHour": 9223372036854775808}}"#,
                "/card.yaml: prices.vcpuHour must be a whole number of at most 64 bits in digits, not 9223372036854775808"
            ),
            (
                "prices: {vcpuHour: 0x10}",
                "prices.vcpuHour must be a whole number of at most 64 bits in digits, not 0x10"
            ),
            ("prices: {vcpuHour: 010}", "prices.vcpuHour must be a whole number of at most 64 bits in digits, not 010"),
            ("prices: {vcpuHour: .inf}", "prices.vcpuHour must be a number, not .inf"),
            ("prices: {vcpuHour: 1, vcpuHour: 2}", "/card.yaml is neither YAML nor JSON"),
            ("prices: [", "/card.yaml is neither YAML nor JSON"), ("", "/card.yaml is empty"),
            ("1: 2\n? [a]\n: 3", "has a key that is not text"),
            (
                "a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
                    + "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]",
                "there are more than 10000 values in it"
            ),
        ])
    func refusals(text: String, said: String) async throws {
        let outcome = try await set(text)
        #expect(outcome.card == nil && outcome.said.contains(said), "\(outcome.said)")
    }
}
