// SPDX-License-Identifier: Apache-2.0

internal import Testing
internal import UserGatewayCore

@Suite("What a tenant reads of others' names")
struct DisguiseTests {
    private let names = ["host-1": "host-aa", "host": "host-bb", "a": "host-cc"]

    private func disguised(_ text: String) -> String { Disguise.text(text) { names[$0] } }

    @Test(
        "whole names are replaced, parts of longer ones are not",
        arguments: [
            ("host-1", "host-aa"), ("migrate from host-1 to host-10.", "migrate from host-aa to host-10."),
            ("host-1: full, host-1.", "host-aa: full, host-aa."), ("a host had a.b", "host-cc host-bb had a.b"),
            ("(host-1)\nhost-1…", "(host-aa)\nhost-aa…"), ("", ""),
        ])
    func whole(text: String, expected: String) { #expect(disguised(text) == expected) }

    @Test("a pseudonym that is itself a name is not replaced again")
    func once() { #expect(Disguise.text("b c") { ["b": "c", "c": "d"][$0] } == "c d") }
}
