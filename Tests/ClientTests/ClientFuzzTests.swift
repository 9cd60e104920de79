// SPDX-License-Identifier: Apache-2.0

import ResourceModel
import TestSupport
import Testing

@testable import Client

@Suite("Whatever is typed, the client understands it or says why not")
struct ClientFuzzTests {
    @Test("sizes, shares, durations, instants, windows and addresses")
    func quantities() {
        Fuzz.run("quantities on the command line", rounds: 20_000) { fuzz in
            let text =
                fuzz.chance(60)
                ? fuzz.text() : "\(fuzz.int64())" + fuzz.pick(["", "%", "GiB", "TiB", "m", "d", "/3", ".5"])
            _ = try? TypedQuantity.bytes(text)
            _ = try? TypedQuantity.share(text)
            _ = try? TypedQuantity.quorum(text)
            _ = try? TypedQuantity.ratio(text)
            _ = try? TypedQuantity.nanoseconds(text)
            _ = try? TypedQuantity.wait(text)
            _ = try? TypedQuantity.blackout(fuzz.mutated("mon,fri@08:00+1h"))
            _ = Endpoint(text)
            _ = Endpoint(fuzz.mutated("[fd00::1]:7421"))
        }
    }
}
