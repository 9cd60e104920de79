// SPDX-License-Identifier: Apache-2.0

internal import Contracts
internal import ResourceModel
internal import Testing
internal import UserGatewayCore

private let registry = MethodRegistry.ebb
private let methodNames = registry.methods.map(\.name)

@Suite("Registry of methods")
struct MethodRegistryTests {
    @Test("every method is whole: name, summary, described parameters, reasons", arguments: methodNames)
    func isWhole(name: String) throws {
        let method = try #require(registry[name])
        #expect(name.wholeMatch(of: /[a-z]+\.[a-z]+/) != nil)
        for summary in [method.summary, method.resultSummary] + method.parameters.map(\.summary) {
            #expect(
                !summary.isEmpty && !summary.hasSuffix(".")
                    && (summary.first?.isUppercase == true || summary.hasPrefix("vCPU")))
        }
        #expect(!method.allReasons.isEmpty && Set(method.allReasons).count == method.allReasons.count)
        #expect(Set(method.parameters.map(\.name)).count == method.parameters.count)
        #expect(method.isMutating == method.parameters.contains { $0.name == "idempotencyKey" })
    }

    @Test(
        "every example fits its method's own schemas, with no member that they don't describe", arguments: methodNames)
    func exampleFits(name: String) throws {
        let method = try #require(registry[name])
        try method.validate(method.example.parameters)
        #expect(method.result.fault(in: method.example.result) == nil)
    }

    @Test("whatever a policy's methods take to change it is a member of the change that Scheduler reads")
    func policyParameters() throws {
        let members = Set(Mirror(reflecting: PolicyChange()).children.compactMap(\.label))
        for (name, others) in [("policy.set", []), ("policy.replay", ["from", "to"])] as [(String, [String])] {
            let taken = try #require(registry[name]).parameters.map(\.name)
            let changes = Set(taken).subtracting(["vm", "tenant", "idempotencyKey"]).subtracting(others)
            #expect(changes.subtracting(members) == [], "\(name)")
            if name == "policy.set" { #expect(members.subtracting(changes) == []) }
        }
    }

    @Test("an unknown, a missing and a mistyped parameter are refused by name", arguments: methodNames)
    func refusesFaults(name: String) throws {
        let method = try #require(registry[name])
        var values = method.example.parameters
        values["bogus"] = 1
        #expect(throws: RPCError.invalidParameters("parameter 'bogus' of \(name) is unknown")) {
            try method.validate(values)
        }
        for field in method.parameters {
            var mistyped = method.example.parameters
            mistyped[field.name] = .number(0.5)
            let error = #expect(throws: RPCError.self) { try method.validate(mistyped) }
            #expect(error?.code == -32_602 && error?.message.contains("'\(field.name)'") == true)
            guard field.isRequired else { continue }
            var missing = method.example.parameters
            missing[field.name] = nil
            #expect(throws: RPCError.invalidParameters("parameter '\(field.name)' of \(name) is missing")) {
                try method.validate(missing)
            }
        }
    }

    @Test("what can't be undone is marked, in rpc.discover too, and is a change", arguments: methodNames)
    func marksFinality(name: String) throws {
        let method = try #require(registry[name])
        let document = registry.openRPC(version: "1")["methods"]?.items?.first { $0["name"] == .string(name) }
        switch method.finality {
        case .never: #expect(document?["x-irreversible"] == nil && !method.isFinal(method.example.parameters))
        case .always: #expect(document?["x-irreversible"] == true && method.isMutating && method.isFinal([:]))
        case .with(let parameter):
            #expect(document?["x-irreversible"] == .string(parameter) && method.isMutating)
            #expect(method.parameters.contains { $0.name == parameter && $0.schema == .boolean })
            #expect(method.isFinal([parameter: true]) && !method.isFinal([parameter: false]) && !method.isFinal([:]))
        }
        let losing = ["delete", "remove", "revert", "revoke", "release"].contains { name.hasSuffix($0) }
        #expect(!losing || method.finality == .always, "\(name) sounds as if it can't be undone")
    }

    @Test("an integer outside of its range is refused and its bounds are taken")
    func checksRanges() throws {
        let method = try #require(registry["vm.resize"])
        for (vcpus, fits) in [(0, false), (1, true), (512, true), (513, false), (Int64.max, false)] {
            let isValid = (try? method.validate(["vm": "a", "vcpus": .integer(vcpus)])) != nil
            #expect(isValid == fits, "\(vcpus)")
        }
    }

    @Test("no amount that a method takes is beyond what its quantity can hold", arguments: methodNames)
    func boundsAmounts(name: String) throws {
        let method = try #require(registry[name])
        for field in method.parameters {
            for (path, range) in Self.integers(field.schema, at: field.name) {
                // A quota is of all VMs together.
                let bounds = name == "quota.set" ? Timestamp.bounds : Self.bounds(of: path)
                #expect(bounds.contains(range.lowerBound) && bounds.contains(range.upperBound), "\(path): \(range)")
            }
        }
    }

    private static func bounds(of name: String) -> ClosedRange<Int64> {
        let name = name.lowercased()
        if name.contains("bytes") { return ByteCount.bounds }
        if name.hasSuffix("vcpus") { return VCPUCount.bounds }
        return name.hasSuffix("ppm") ? Utilization.bounds : Timestamp.bounds
    }

    private static func integers(_ schema: Schema, at path: String) -> [(String, ClosedRange<Int64>)] {
        switch schema {
        case .integer(let range): [(path, range)]
        case .object(let fields): fields.flatMap { integers($0.schema, at: "\(path).\($0.name)") }
        case .list(let element, _), .map(let element, _), .nullable(let element), .named(_, let element):
            integers(element, at: path)
        case .boolean, .text, .name, .uuid, .instant, .digits, .choice, .document: []
        }
    }

    @Test("a fault inside of an object is named with its path")
    func namesPath() throws {
        let method = try #require(registry["vm.create"])
        var values = method.example.parameters
        values["boot"] = ["kernelPath": 7]
        let error = #expect(throws: RPCError.self) { try method.validate(values) }
        #expect(
            error?.message
                == "parameter 'boot.kernelPath' of vm.create must be a string of 1 to 1024 bytes, not an integer")
    }

    @Test("each role may call exactly what its method lists, whatever the parameters", arguments: Role.allCases)
    func enforcesMatrix(role: Role) throws {
        for (name, roles) in registry.authorisationMatrix {
            let request = RPCRequest(id: .integer(1), method: name, parameters: ["bogus": 1])
            let error = #expect(throws: RPCError.self) { try registry.check(request, by: role) }
            // Who may call it hears of the parameter, who may not hears of nothing but the role.
            #expect(error?.reason == (roles.contains(role) ? "INVALID_PARAMS" : "DENIED"), "\(name) by \(role)")
        }
    }

    @Test("a parameter for the provider is refused from a tenant", arguments: methodNames)
    func enforcesParameterRoles(name: String) throws {
        let method = try #require(registry[name])
        for field in method.parameters {
            for role in Role.allCases where method.allows(role) {
                let isAllowed = (try? method.authorise(role, [field.name: "x"])) != nil
                #expect(isAllowed == (field.roles?.contains(role) ?? true), "\(field.name) by \(role)")
            }
        }
    }

    @Test("the sensitive methods are for whom they should be")
    func pinsSensitiveMethods() {
        let roles = Dictionary(uniqueKeysWithValues: registry.authorisationMatrix.map { ($0.method, Set($0.roles)) })
        #expect(roles["rate.set"] == [.administrator])
        #expect(roles["rate.withdraw"] == [.operator, .administrator])
        #expect(roles["rate.list"] == [.operator, .auditor, .administrator])
        #expect(roles["bill.comparerules"] == [.owner, .billingViewer, .auditor, .administrator])
        #expect(roles["tenant.create"] == [.administrator])
        #expect(roles["token.create"] == [.owner, .administrator])
        #expect(roles["host.add"] == [.operator, .administrator])
        #expect(roles["vm.resize"] == [.owner, .operator, .administrator])
        for name in ["migrate", "abort", "networkcap", "adopt", "release"] {
            #expect(roles["vm.\(name)"] == [.operator, .administrator], "\(name)")
        }
        for name in ["cap", "prepare"] {
            #expect(roles["vm.\(name)"] == [.owner, .operator, .administrator], "\(name)")
        }
        #expect(roles["vm.console"] == [.owner, .member, .operator, .administrator])
        #expect(roles["freeze.set"] == [.owner, .member, .operator, .administrator])
        #expect(roles["bill.show"] == [.owner, .billingViewer, .auditor, .administrator])
        #expect(roles["token.revoke"] == [.owner, .member, .billingViewer, .operator, .administrator])
        #expect(roles["principal.disable"] == [.owner, .administrator])
        #expect(roles["quota.set"] == [.operator, .administrator])
        // An auditor changes nothing but its own session.
        for method in registry.methods where method.isMutating && method.name != "session.logout" {
            #expect(!method.allows(.auditor), "\(method.name)")
        }
        for method in registry.methods where method.name.hasPrefix("host.") {
            for role in [Role.owner, .member, .billingViewer] { #expect(!method.allows(role), "\(method.name)") }
        }
    }

    @Test(
        "a tenant's people can't say what is the provider's to say",
        arguments: [
            ("freeze.set", "cluster"), ("freeze.set", "tenant"), ("freeze.clear", "cluster"), ("vm.create", "host"),
            ("vm.create", "pool"), ("vm.create", "network"), ("vm.create", "boot"), ("vm.list", "foreign"),
            ("vm.list", "host"), ("vm.shutdown", "tenant"),
        ])
    func keepsProvidersParameters(name: String, parameter: String) throws {
        let method = try #require(registry[name])
        for role in [Role.owner, .member] {
            let error = #expect(throws: MethodError.self) { try method.authorise(role, [parameter: "x"]) }
            #expect(error?.reason == .denied)
        }
        try method.authorise(.operator, [parameter: "x"])
    }

    @Test(
        "labels have names as hosts have, and a limit",
        arguments: [
            (["rack": "7"], true), (["zone/row": "a"], true), (["": "7"], false), (["Rack": "7"], false),
            (["a b": "7"], false), (["rack": 7], false), (["rack": .string(String(repeating: "x", count: 64))], false),
        ] as [(JSONValue, Bool)])
    func checksLabels(labels: JSONValue, fits: Bool) {
        #expect((Schema.labels.fault(in: labels) == nil) == fits)
    }

    @Test("more labels than the limit are refused, and a fault is named with its path")
    func limitsLabels() {
        let labels = { (count: Int) in
            JSONValue.object(Dictionary(uniqueKeysWithValues: (0..<count).map { ("l\($0)", "x") }))
        }
        #expect(Schema.labels.fault(in: labels(64)) == nil && Schema.labels.fault(in: labels(65)) != nil)
        #expect(Schema.labels.fault(in: ["rack": 7])?.path == ".rack")
    }

    @Test("the OpenRPC document has every method with schema, errors, example and roles")
    func describesItself() throws {
        let document = registry.openRPC(version: "1.2.3")
        let methods = try #require(document["methods"]?.items)
        #expect(methods.compactMap { $0["name"]?.text } == methodNames)
        for method in methods {
            #expect(method["result"]?["schema"]?.members?.isEmpty == false)
            #expect(method["errors"]?.items != nil && method["examples"]?.items?.count == 1)
            #expect(method["params"]?.items?.allSatisfy { ($0["schema"]?["type"] ?? $0["$ref"]) != nil } == true)
        }
        #expect(try JSONValue(parsing: document.compact) == document)
        #expect(methods.first { $0["name"] == "rate.set" }?["x-roles"] == ["administrator"])
    }

    @Test("what several methods have stands once among the components, and every reference is to one of them")
    func sharesComponents() throws {
        let document = registry.openRPC(version: "1.2.3")
        let components = try #require(document["components"]?.members)
        var used: Set<String> = []
        func look(_ value: JSONValue) {
            value.items?.forEach(look)
            value.members?.values.forEach(look)
            if let reference = value["$ref"]?.text { used.insert(reference) }
        }
        look(document)
        let known = components.flatMap { kind, all in
            (all.members ?? [:]).keys.map { "#/components/\(kind)/\($0)" }
        }
        #expect(used.subtracting(known).isEmpty)
        #expect(Set(known).subtracting(used).filter { !$0.contains("/errors/") }.isEmpty)
        let common = document["info"]?["x-errors-of-every-method"]?.items?.compactMap(\.text) ?? []
        #expect(!common.isEmpty && common.allSatisfy { components["errors"]?[$0] != nil })
        #expect(document.compact.count < 160_000)
    }

    @Test("before login the methods are described that are answered then: a few KB, of which nothing is left out")
    func describesOpenMethods() throws {
        let discovery = Discovery(registry, version: "1.2.3")
        let open = try #require(try JSONValue(parsing: discovery.open)["methods"]?.items)
        #expect(
            open.compactMap { $0["name"]?.text }
                == ["session.hello", "session.login", "session.ping", "rpc.discover"])
        #expect(discovery.open.count < 16_384)
        #expect(try JSONValue(parsing: discovery.full) == registry.openRPC(version: "1.2.3"))
    }

    @Test("in brief nothing is missing of the methods but their results, errors and examples")
    func describesInBrief() throws {
        let discovery = Discovery(registry, version: "1.2.3")
        print("rpc.discover: \(discovery.all.count) bytes for \(registry.methods.count) methods")
        #expect(discovery.all.count <= 65_536)
        let brief = try JSONValue(parsing: discovery.all)
        let methods = try JSONValue(parsing: discovery.full)["methods"]?.items ?? []
        #expect(methods.count == registry.methods.count)
        let expected = methods.map { method -> JSONValue in
            var members = method.members ?? [:]
            members["errors"] = nil
            members["examples"] = nil
            members["result"] = ["name": method["result"]?["name"] ?? .null, "schema": true]
            return .object(members)
        }
        #expect(brief["methods"] == .array(expected))
        #expect(brief["components"]?["schemas"] == nil)
        #expect(!String(decoding: discovery.all, as: UTF8.self).contains("#/components/schemas/"))
    }

    @Test("a NUL character is refused where it stands, in every text of every method", arguments: methodNames)
    func refusesNUL(name: String) throws {
        let method = try #require(registry[name])
        for field in method.parameters {
            for (value, path) in Self.withNUL(field.schema) {
                var values = method.example.parameters
                values[field.name] = value
                #expect(
                    throws: RPCError.invalidParameters(
                        "parameter '\(field.name)\(path)' of \(name) must not have a NUL character")
                ) { try method.validate(values) }
            }
        }
    }

    /// Values of a schema with a NUL in one of their texts, and where it stands.
    private static func withNUL(_ schema: Schema) -> [(JSONValue, String)] {
        switch schema {
        case .text, .name, .uuid, .instant, .digits, .choice: [("a\0b", "")]
        case .object(let fields):
            fields.flatMap { field in withNUL(field.schema).map { ([field.name: $0], ".\(field.name)\($1)") } }
                .map { (JSONValue.object($0.0), $0.1) }
        case .list(let element, _): withNUL(element).map { (["x", $0], "[1]\($1)") }
        case .map(let element, _): withNUL(element).map { (["rack": $0], ".rack\($1)") } + [(["ra\0ck": 7], ".ra")]
        case .document: [(["deep": [["er": "\0"]]], ".deep[0].er"), (["na\0me": 1], ".na")]
        case .nullable(let schema), .named(_, let schema): withNUL(schema)
        case .boolean, .integer: []
        }
    }

    @Test("a method that does not exist is told from one that may not be called")
    func knowsUnknownMethods() {
        let error = #expect(throws: RPCError.self) {
            try registry.check(RPCRequest(id: nil, method: "vm.explode"), by: .administrator)
        }
        #expect(error?.code == -32_601)
    }

    @Test("what another service computes waits in that service's queue")
    func weights() {
        func names(_ service: MethodDefinition.Elsewhere) -> [String] {
            MethodRegistry.ebb.methods.filter { $0.weight == .elsewhere(service) }.map(\.name).sorted()
        }
        #expect(names(.billing) == ["bill.comparerules", "bill.show", "usage.show"])
        #expect(names(.scheduler) == ["assess.show", "decision.list", "decision.verify", "policy.replay"])
    }
}
