// SPDX-License-Identifier: Apache-2.0

internal import Contracts
internal import ResourceModel
internal import Testing
internal import UserGatewayCore

@Suite("Session")
struct SessionTests {
    private let owner = Principal(id: UUID128(high: 1, low: 1), name: "ada", role: .owner, tenant: "acme")

    private func session(maximumInFlight: Int = 64) -> Session {
        Session(
            registry: .ebb, identity: ServerIdentity(version: "1.0", instance: "i1"), maximumInFlight: maximumInFlight)
    }

    private func reason(_ directive: Session.Directive) -> String? {
        switch directive {
        case .reply(.failure(let error)), .replyAndClose(let error): error.reason
        case .reply, .authenticate, .call, .discover: nil
        }
    }

    @Test("the greeting says who speaks, which versions, how to log in and how long a line may be")
    func greets() {
        let greeting = session().greeting(maximumLine: 1_024)
        #expect(greeting.method == "gateway.hello" && greeting.id == nil)
        #expect(greeting.parameters["maxLine"] == 1_024)
        #expect(greeting.parameters["auth"] == ["token"])
        #expect(greeting.parameters["protocol"] == ["min": 1, "max": 1])
        #expect(greeting.parameters["product"] == "Ebb" && greeting.parameters["instance"] == "i1")
    }

    @Test("before login every method but the open ones is denied, and so is one that does not exist")
    func deniesBeforeLogin() throws {
        for method in MethodRegistry.ebb.methods {
            let directive = session().handle(
                RPCRequest(id: .integer(1), method: method.name, parameters: method.example.parameters))
            let isOpen = ["session.hello", "session.login", "session.ping", "rpc.discover"].contains(method.name)
            #expect((reason(directive) == "DENIED") == !isOpen, "\(method.name)")
        }
        #expect(reason(session().handle(RPCRequest(id: .integer(1), method: "no.such"))) == "DENIED")
    }

    @Test("login, then methods; a second login is a conflict")
    func logsIn() throws {
        let owner = try #require(owner)
        var session = session()
        let login = RPCRequest(id: .integer(1), method: "session.login", parameters: ["token": "t"])
        #expect(session.handle(login) == .authenticate(token: "t"))
        #expect(session.loginSucceeded(owner) == ["principal": "ada", "role": "owner", "tenant": "acme"])
        #expect(
            session.handle(RPCRequest(id: .integer(2), method: "vm.show", parameters: ["vm": "web-1"]))
                == .call(method: "vm.show", parameters: ["vm": "web-1"], isMutating: false, owner))
        #expect(session.handle(RPCRequest(id: .integer(2), method: "session.ping")) == .reply(.success([:])))
        #expect(reason(session.handle(login)) == "CONFLICT")
        #expect(reason(session.handle(RPCRequest(id: .integer(3), method: "host.list"))) == "DENIED")
        #expect(reason(session.handle(RPCRequest(id: .integer(3), method: "no.such"))) == "METHOD_NOT_FOUND")
    }

    @Test("the third wrong token closes the connection; an unavailable store never does")
    func closesAfterFailedLogins() {
        var session = session()
        let wrong = MethodError(.denied, "the token is not valid")
        #expect(session.loginFailed(wrong) == .reply(.failure(wrong.rpcError)))
        #expect(session.loginFailed(wrong) == .reply(.failure(wrong.rpcError)))
        let outage = MethodError(.unavailable, "the store does not answer")
        #expect(session.loginFailed(outage) == .reply(.failure(outage.rpcError)))
        #expect(session.loginFailed(wrong) == .replyAndClose(wrong.rpcError))
        #expect(session.principal == nil)
    }

    @Test("hello settles on the newest common version and closes without one")
    func negotiates() {
        func hello(_ range: ClosedRange<Int64>) -> Session.Directive {
            session().handle(
                RPCRequest(
                    id: .integer(1), method: "session.hello",
                    parameters: ["protocol": ["min": .integer(range.lowerBound), "max": .integer(range.upperBound)]]))
        }
        guard case .reply(.success(let answer)) = hello(1...7) else { Issue.record("no common version"); return }
        #expect(answer["protocol"] == 1)
        guard case .replyAndClose(let error) = hello(2...3) else { Issue.record("went on"); return }
        #expect(error.reason == "INVALID")
    }

    @Test("places are bounded, and free again when given back")
    func boundsInFlight() {
        var session = session(maximumInFlight: 2)
        let places = (1...3).map { _ in session.reserve() }
        #expect(places == [true, true, false])
        #expect(session.overload.reason == "BUSY" && session.overload.isRetryable)
        session.release()
        let place = session.reserve()
        #expect(place)
    }

    @Test("a principal sees its own tenant, the provider all, nobody what belongs to none")
    func scopesVisibility() throws {
        let owner = try #require(owner)
        #expect(owner.canSee(tenant: "acme") && !owner.canSee(tenant: "other") && !owner.canSee(tenant: nil))
        let auditor = try #require(Principal(id: UUID128(high: 2, low: 2), name: "aud", role: .auditor, tenant: nil))
        #expect(auditor.canSee(tenant: "acme") && auditor.canSee(tenant: nil))
        #expect(Principal(id: UUID128(high: 3, low: 3), name: "x", role: .owner, tenant: nil) == nil)
        #expect(Principal(id: UUID128(high: 3, low: 3), name: "x", role: .operator, tenant: "acme") == nil)
    }
}

extension Party {
    fileprivate static let provider = person("root", .operator, nil)

    fileprivate static func person(_ name: String, _ role: Role, _ tenant: TenantID?) -> Party {
        guard let principal = Principal(id: UUID128(high: 4, low: 4), name: name, role: role, tenant: tenant) else {
            preconditionFailure("the role and the tenant of \(name) contradict each other")
        }
        return Party(principal)
    }
}

@Suite("Admission")
struct AdmissionTests {
    @Test(
        "of all places a tenant has half, each of its people a quarter, all tenants seven eighths; the provider finds one"
    )
    func boundsSessions() throws {
        var admission = ConnectionAdmission(maximumTotal: 16)
        func logIn(_ name: String, _ tenant: TenantID?) throws -> Int {
            let number = try admission.admit("a").number
            do throws(MethodError) {
                try admission.loggedIn(number, as: .person(name, tenant == nil ? .operator : .member, tenant))
            } catch {
                admission.leave(number)
                throw error
            }
            return number
        }
        func refusal(_ name: String, _ tenant: TenantID?) throws -> String? {
            do { return "\(try logIn(name, tenant))" } catch { return (error as? MethodError)?.message }
        }
        let first = try logIn("amy", "acme")
        for _ in 1...3 { _ = try logIn("amy", "acme") }
        #expect(try refusal("amy", "acme") == "4 sessions of principal 'amy' are open, the limit")
        for name in ["ben", "cat"] { for _ in 1...2 { _ = try logIn(name, "acme") } }
        #expect(try refusal("dan", "acme") == "8 sessions of tenant 'acme' are open, the limit")
        for name in ["zoe", "zed"] { for _ in 1...3 { _ = try logIn(name, "zeta") } }
        #expect(try refusal("yan", "yoyo") == "14 sessions of all tenants together are open, the limit")
        for _ in 1...2 { _ = try logIn("root", nil) }
        #expect(admission.total == 16)
        admission.leave(first)
        _ = try logIn("dan", "acme")
        #expect(throws: MethodError.self) { try logIn("amy", "acme") }
    }

    @Test("connections are bounded in all, and leave their place")
    func boundsConnections() throws {
        var admission = ConnectionAdmission(maximumTotal: 3)
        let first = try admission.admit("a").number
        for number in [first, try admission.admit("a").number, try admission.admit("b").number] {
            try admission.loggedIn(number, as: .provider)
        }
        #expect(throws: MethodError.self) { try admission.admit("c") }
        admission.leave(first)
        try admission.admit("c")
        #expect(admission.total == 3)
    }

    @Test("connections without login never have all places: the one that waited longest makes room for the next")
    func keepsPlaces() throws {
        var admission = ConnectionAdmission(maximumTotal: 6, maximumStrangers: 3)
        let first = try admission.admit("a").number
        try admission.loggedIn(first, as: .provider)
        let strangers = [try admission.admit("a"), try admission.admit("b"), try admission.admit("c")]
        #expect(strangers.allSatisfy { $0.evicted == nil } && admission.strangers == 3)
        let fourth = try admission.admit("d")
        #expect(fourth.evicted == strangers[0].number)
        // Who has logged in stays, however long ago it came.
        try admission.loggedIn(strangers[1].number, as: .provider)
        let (fifth, sixth) = (try admission.admit("e"), try admission.admit("e"))
        #expect(fifth.evicted == nil && sixth.evicted == strangers[2].number)
        #expect(admission.strangers == 3 && admission.total == 5)
        // It closes a moment later, and is not counted twice.
        admission.leave(strangers[2].number)
        #expect(admission.strangers == 3 && admission.total == 5)
    }

    @Test("many people share an address: whoever has logged in from it keeps nobody else out")
    func sharesAnAddress() throws {
        var admission = ConnectionAdmission(maximumTotal: 400, maximumStrangersPerAddress: 2)
        for name in ["amy", "ben"] {
            for _ in 1...50 {
                try admission.loggedIn(try admission.admit("a").number, as: .person(name, .member, "acme"))
            }
        }
        let stranger = try admission.admit("a")
        #expect(stranger.evicted == nil)
        try admission.loggedIn(stranger.number, as: .person("zoe", .member, "zeta"))
    }

    @Test("an address has its share of the connections without login, and others keep theirs")
    func boundsStrangersPerAddress() throws {
        var admission = ConnectionAdmission(
            maximumTotal: 10, maximumStrangers: 5, maximumStrangersPerAddress: 2)
        let first = try admission.admit("a").number
        let second = try admission.admit("a").number
        try admission.admit("b")
        // Who has idled longest at that address makes room, and nobody at another.
        #expect(try admission.admit("a").evicted == first)
        #expect(try admission.admit("b").evicted == nil)
        #expect(try admission.admit("a").evicted == second)
    }

    @Test("this machine's own addresses are everybody's on it, and have no share of their own")
    func sharesLoopback() throws {
        var admission = ConnectionAdmission(maximumTotal: 10, maximumStrangers: 5, maximumStrangersPerAddress: 2)
        let first = try admission.admit("127.0.0.1")
        for address in ["127.0.0.1", "::1", "127.0.0.1", "127.9.0.1"] {
            #expect(try admission.admit(address).evicted == nil)
        }
        #expect(try admission.admit("127.0.0.1").evicted == first.number)
    }

    @Test("where all places are taken, a connection without login makes room, and one with login does not")
    func makesRoomWhereAllIsFull() throws {
        var admission = ConnectionAdmission(maximumTotal: 2)
        try admission.loggedIn(try admission.admit("a").number, as: .provider)
        let stranger = try admission.admit("a").number
        let next = try admission.admit("b")
        #expect(next.evicted == stranger && admission.total == 2)
        try admission.loggedIn(next.number, as: .provider)
        #expect(throws: MethodError.self) { try admission.admit("b") }
    }

    @Test("logins of an address are bounded and refill with time; others are not touched")
    func boundsLogins() throws {
        var limiter = AttemptLimiter(capacity: 2, refillNanoseconds: 1_000_000_000)
        try limiter.attempt("a", now: 0)
        try limiter.attempt("a", now: 0)
        let error = #expect(throws: MethodError.self) { try limiter.attempt("a", now: 400_000_000) }
        #expect(error?.reason == .busy && error?.retryAfterMilliseconds == 600)
        try limiter.attempt("b", now: 400_000_000)
        try limiter.attempt("a", now: 1_000_000_000)
        #expect(throws: MethodError.self) { try limiter.attempt("a", now: 1_999_999_999) }
    }

    @Test("who logs in with a good token may come as often as it likes")
    func successesDoNotCount() throws {
        var limiter = AttemptLimiter(capacity: 1, refillNanoseconds: 1_000_000_000)
        for _ in 0..<5 {
            try limiter.attempt("127.0.0.1", now: 0)
            limiter.succeeded("127.0.0.1")
        }
        try limiter.attempt("127.0.0.1", now: 0)
        #expect(throws: MethodError.self) { try limiter.attempt("127.0.0.1", now: 0) }
    }

    @Test("the memory of addresses is bounded: who has recovered is forgotten, else strangers wait")
    func boundsAddresses() throws {
        var limiter = AttemptLimiter(capacity: 1, refillNanoseconds: 1_000, maximumAddresses: 2)
        try limiter.attempt("a", now: 0)
        try limiter.attempt("b", now: 0)
        #expect(throws: MethodError.self) { try limiter.attempt("c", now: 10) }
        try limiter.attempt("c", now: 1_000)
    }
}

@Suite("Tokens and instants")
struct TokenTests {
    @Test("a token has its form, differs from the next, and hashes to SHA-256 of its text")
    func makesTokens() throws {
        var random = SeededGenerator(seed: 7)
        let token = AccessToken.random(using: &random)
        #expect(token.text.wholeMatch(of: /ebb_[A-Za-z0-9_-]{43}/) != nil)
        #expect(AccessToken(token.text) == token)
        #expect(AccessToken.random(using: &random) != token)
        // printf 'ebb_AAAA…' | sha256sum
        let known = try #require(AccessToken("ebb_" + String(repeating: "A", count: 43)))
        #expect(
            known.hash.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
                == "c0c4e9fdfc14ec3fce59436cb6099ee5e99af3bb754f47a1ebd92fe342df9da5")
    }

    @Test(
        "what does not have the form of a token is refused",
        arguments: [
            "", "ebb_", "ebb_short", "xbb_" + String(repeating: "A", count: 43),
            "ebb_" + String(repeating: "+", count: 43),
        ])
    func refusesTokens(text: String) { #expect(AccessToken(text) == nil) }

    @Test(
        "instants are read as RFC 3339 says",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2026-03-01", 1_772_323_200_000_000_000),
            ("2026-03-01T12:00:00.5Z", 1_772_366_400_500_000_000),
            ("2026-03-01T12:00:00+08:00", 1_772_337_600_000_000_000),
            ("2024-02-29T23:59:59.999999999Z", 1_709_251_199_999_999_999),
        ])
    func readsInstants(text: String, nanoseconds: Int64) throws {
        let instant = try #require(RFC3339.timestamp(text))
        #expect(instant.nanoseconds == nanoseconds)
        #expect(RFC3339.timestamp(instant.description) == instant)
    }

    @Test(
        "what is not an instant is refused",
        arguments: [
            "", "2026", "2026-13-01", "2026-02-29", "2026-03-01T24:00:00Z", "2026-03-01T12:00:00",
            "2026-03-01T12:00:00.Z", "1969-12-31", "2262-01-01", "2026-03-01T12:00:00Zx", "1970-01-01T00:00:00+01:00",
        ])
    func refusesInstants(text: String) { #expect(RFC3339.timestamp(text) == nil) }
}
