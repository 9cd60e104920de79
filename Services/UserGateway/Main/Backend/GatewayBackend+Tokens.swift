// SPDX-License-Identifier: Apache-2.0

import Contracts
import Cryptography
import Foundation
import ResourceModel
import ServiceKit
import Store
import UserGatewayCore

// Who may log in, and by which tokens. An owner manages those of its tenant, everybody else only their own.
extension GatewayBackend {
    func authenticate(token text: String) async throws(MethodError) -> Login {
        let refused = MethodError(
            .denied, "the token is not valid", hint: "have a new one made with 'ebb token create'")
        guard let token = AccessToken(text) else { throw refused }
        let now = runtime.clock.now()
        let found = try await readingForAnybody { try await AccountRepository(store).token(withHash: token.hash) }
        guard let found, found.state(at: now) == .valid,
            let principal = Principal(
                id: found.principal.id, name: found.principal.name, role: found.principal.role,
                tenant: found.principal.tenant)
        else { throw refused }
        let left = Duration.nanoseconds(found.expiresAt.nanoseconds(since: now))
        return Login(principal: principal, token: token, tokenID: found.id, ends: .now + left)
    }

    func ended(_ tokens: [UUID128]) async throws(MethodError) -> [UUID128: MethodError] {
        let now = runtime.clock.now()
        let ended = try await readingForAnybody { try await AccountRepository(store).ended(tokens, at: now) }
        return ended.mapValues { state in
            switch state {
            case .valid, .revoked: .sessionEnded("its token was revoked")
            case .expired: .sessionEnded("its token has expired")
            case .disabled: .sessionEnded("its principal was disabled")
            }
        }
    }

    private func readingForAnybody<Value: Sendable>(
        _ body: () async throws -> Value
    ) async throws(MethodError) -> Value {
        do throws(MethodError) {
            return try await reading(body)
        } catch {
            throw error.seenByAnybody
        }
    }

    /// Makes a token, and its principal if there is none of that name.
    func createToken(_ request: Request) async throws(MethodError) -> JSONValue {
        let wanted = try wantedPrincipal(request)
        if let tenant = wanted.tenant { _ = try await self.tenant(tenant.name) }
        let token = newToken(request)
        let now = runtime.clock.now()
        let expires = now.advanced(by: .seconds(request.integer("expiresInSeconds") ?? 7_776_000))
        let (id, name) = try await reading {
            try await store.transaction { transaction in
                if let tenant = wanted.tenant {
                    try await take([.tokens: 1], for: tenant, in: transaction)
                }
                let accounts = AccountRepository(store)
                let existing = try await principal(
                    request.text("principal") ?? "", wanted.name, request, in: transaction)
                if let existing { try Self.check(existing, against: wanted) }
                if existing == nil { try await accounts.addPrincipal(wanted, in: transaction) }
                let id = try await accounts.addToken(
                    hash: token.hash, for: (existing ?? wanted).id, createdAt: now, expiresAt: expires,
                    in: transaction)
                try await audit(
                    request, on: (existing ?? wanted).name,
                    ["role": .string(wanted.role.rawValue), "token": .string(id.description)], in: transaction)
                return (id, (existing ?? wanted).name)
            }
        }
        return .object(omittingNil: [
            "token": .string(token.text), "id": .string(id.description), "principal": .string(name),
            "role": .string(wanted.role.rawValue), "tenant": wanted.tenant.map { .string($0.name) },
            "expiresAt": .instant(expires),
        ])
    }

    /// The principal that has the name already: an owner names its own people, and learns nothing about others.
    private func principal(
        _ typed: String, _ full: String, _ request: Request, in runner: any QueryRunner
    ) async throws(StoreError) -> StoredPrincipal? {
        let accounts = AccountRepository(store)
        guard let own = request.principal.tenant else { return try await accounts.principal(named: full, in: runner) }
        return try await accounts.principal(named: typed, of: own, in: runner)
    }

    private static func check(_ existing: StoredPrincipal, against wanted: StoredPrincipal) throws(MethodError) {
        guard existing.role == wanted.role, existing.tenant == wanted.tenant else {
            throw MethodError(
                .conflict, "there is a principal '\(wanted.name)' with another role or tenant",
                hint: "choose another name")
        }
        guard existing.disabledAt == nil else {
            throw MethodError(
                .conflict, "the principal '\(wanted.name)' is disabled",
                hint: "let it log in again with 'ebb principal enable \(wanted.name)'")
        }
    }

    private func wantedPrincipal(_ request: Request) throws(MethodError) -> StoredPrincipal {
        guard var name = request.text("principal"), let role = request.text("role").flatMap(Role.init) else {
            throw MethodError(.invalid, "a token needs a principal and a role")
        }
        let isOwner = request.principal.role == .owner
        let tenant = isOwner ? request.principal.tenant : request.text("tenant").flatMap { TenantID($0) }
        if isOwner, role.isProvider {
            throw MethodError(.denied, "an owner may only give roles of its own tenant")
        }
        guard role.isProvider == (tenant == nil) else {
            throw MethodError(
                .invalid,
                role.isProvider
                    ? "the role \(role.rawValue) belongs to no tenant" : "the role \(role.rawValue) needs a tenant")
        }
        guard isOwner || ServiceKind(rawValue: name) == nil else {
            throw MethodError(
                .invalid, "'\(name)' is a service, and writes to the audit by that name", hint: "choose another name")
        }
        // A name that an owner gives must not collide with a name that it can't know.
        if isOwner, let tenant { name = AccountRepository.name(name, at: tenant) }
        var generator = SystemRandomNumberGenerator()
        return StoredPrincipal(id: UUID128.random(using: &generator), name: name, tenant: tenant, role: role)
    }

    // MARK: - Secrets

    /// A random token. Under a key, a repeat of the request must return the same token although nobody has stored it,
    /// so it is derived from the caller's own token and the attempt's random secret.
    private func newToken(_ request: Request) -> AccessToken {
        if let attempt = request.attempt, let own = request.context.login?.token {
            return Self.token(of: request, attempt.secret, own)
        }
        var generator = SystemRandomNumberGenerator()
        return AccessToken.random(using: &generator)
    }

    private static func token(of request: Request, _ secret: [UInt8], _ own: AccessToken) -> AccessToken {
        let message = secret + Array("\(request.principal.id)\n\(request.idempotencyKey)".utf8)
        return AccessToken(bits: HMACSHA256.code(of: message, key: Array(own.text.utf8)))
    }

    /// A kept answer of `token.create` with the token's secret.
    func revealed(_ answer: JSONValue, _ request: Request, secret: [UInt8]) async throws(MethodError) -> JSONValue {
        let token = request.context.login.map { Self.token(of: request, secret, $0.token) }
        let found = try await reading { () -> TokenRecord? in
            guard let token else { return nil }
            return try await AccountRepository(store).token(withHash: token.hash)
        }
        guard let token, let found, answer["id"]?.text == found.id.description else {
            throw MethodError(
                .conflict,
                "idempotency key '\(request.idempotencyKey)' has made the token \(answer["id"]?.text ?? "-") already, in a"
                    + " session of another token: its secret can't be told again",
                hint: "revoke it with 'ebb token revoke', and make another with a new key")
        }
        return .object((answer.members ?? [:]).merging(["token": .string(token.text)]) { _, new in new })
    }

    // MARK: - Tokens

    func listTokens(_ request: Request) async throws(MethodError) -> JSONValue {
        let limit = Int(request.integer("limit") ?? 1_000)
        var filter = TokenFilter()
        filter.principal = request.text("principal")
        filter.tenant = try await tenantMeant(request)
        if !request.principal.role.managesPeople { filter.principal = request.principal.name }
        if let name = filter.principal {
            guard let named = try await reading({ try await principal(name, name, request, in: store) }) else {
                throw .notFound("principal", name)
            }
            filter.principal = named.name
        }
        filter.includesEnded = request.boolean("all") == true
        filter.limit = limit + 1
        let (wanted, now) = (filter, runtime.clock.now())
        let tokens = try await reading { try await AccountRepository(store).tokens(wanted, at: now) }
        return [
            "items": .array(tokens.prefix(limit).map { Self.describe($0, at: now) }),
            "truncated": .bool(tokens.count > limit),
        ]
    }

    func revokeToken(_ request: Request) async throws(MethodError) -> JSONValue {
        let text = request.text("id") ?? ""
        guard let id = UUID128(text),
            let token = try await reading({ try await AccountRepository(store).token(id) }),
            request.principal.mayManage(token.principal)
        else { throw .notFound("token", text) }
        return Self.describe(try await revoke(token, request), at: runtime.clock.now())
    }

    /// Ends the session that asks, and all others of its token.
    func logOut(_ request: Request) async throws(MethodError) -> JSONValue {
        let id = request.context.login?.tokenID
        guard let id, let token = try await reading({ try await AccountRepository(store).token(id) }) else {
            throw MethodError(.conflict, "this session has no token to be revoked")
        }
        _ = try await revoke(token, request)
        return .object(Self.describe(person: token.principal))
    }

    /// Revokes a token; one that is revoked already stays as it is.
    private func revoke(_ token: TokenRecord, _ request: Request) async throws(MethodError) -> TokenRecord {
        try await reading {
            let accounts = AccountRepository(store)
            return try await store.transaction { transaction in
                if try await accounts.revokeToken(token.id, at: runtime.clock.now(), in: transaction) {
                    try await audit(
                        request, on: token.principal.name, ["token": .string(token.id.description)], in: transaction)
                }
                return try await accounts.token(token.id, in: transaction) ?? token
            }
        }
    }

    // MARK: - People

    func listPrincipals(_ request: Request) async throws(MethodError) -> JSONValue {
        let accounts = AccountRepository(store)
        let tenant = try await tenantMeant(request)
        let people = try await reading {
            tenant == nil ? try await accounts.principals() : try await accounts.principals(of: tenant)
        }
        return ["items": .array(people.map(Self.describe))]
    }

    func disablePrincipal(_ request: Request) async throws(MethodError) -> JSONValue {
        try await setDisabled(true, request)
    }

    func enablePrincipal(_ request: Request) async throws(MethodError) -> JSONValue {
        try await setDisabled(false, request)
    }

    private func setDisabled(_ isDisabled: Bool, _ request: Request) async throws(MethodError) -> JSONValue {
        let name = request.text("principal") ?? ""
        let accounts = AccountRepository(store)
        guard let person = try await reading({ try await principal(name, name, request, in: store) }),
            request.principal.mayManage(person)
        else { throw .notFound("principal", name) }
        guard !isDisabled || person.id != request.principal.id else {
            throw MethodError(.conflict, "'\(person.name)' can't disable itself", hint: "have somebody else do it")
        }
        let now = runtime.clock.now()
        let changed = try await reading {
            try await store.transaction { transaction in
                if try await accounts.disable(person.id, at: isDisabled ? now : nil, in: transaction) {
                    try await audit(request, on: person.name, [:], in: transaction)
                }
                return try await accounts.principal(named: person.name, in: transaction)
            }
        }
        return Self.describe(changed ?? person)
    }

    private static func describe(person: StoredPrincipal) -> [String: JSONValue] {
        var members: [String: JSONValue] = [
            "principal": .string(person.name), "role": .string(person.role.rawValue),
        ]
        if let tenant = person.tenant { members["tenant"] = .string(tenant.name) }
        return members
    }

    private static func describe(_ person: StoredPrincipal) -> JSONValue {
        var members = describe(person: person)
        members["disabled"] = .bool(person.disabledAt != nil)
        if let instant = person.disabledAt { members["disabledAt"] = .instant(instant) }
        return .object(members)
    }

    private static func describe(_ token: TokenRecord, at now: Timestamp) -> JSONValue {
        var members = describe(person: token.principal)
        members["id"] = .string(token.id.description)
        members["state"] = .string(token.state(at: now).rawValue)
        members["createdAt"] = .instant(token.createdAt)
        members["expiresAt"] = .instant(token.expiresAt)
        if let instant = token.revokedAt { members["revokedAt"] = .instant(instant) }
        return .object(members)
    }
}

extension Role {
    /// Whether it sees the tokens of others: an owner those of its tenant, the provider's people all.
    fileprivate var managesPeople: Bool {
        switch self {
        case .owner, .auditor, .administrator: true
        case .member, .billingViewer, .operator: false
        }
    }
}

extension Principal {
    /// Whether it may revoke somebody's tokens: its own, an owner those of its tenant, an administrator all.
    fileprivate func mayManage(_ person: StoredPrincipal) -> Bool {
        switch role {
        case .administrator: true
        case .owner: person.tenant == tenant
        case .member, .billingViewer, .operator, .auditor: person.id == id
        }
    }
}
