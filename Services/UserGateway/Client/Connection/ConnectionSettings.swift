// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import ResourceModel
internal import UserGatewayCore

/// Which gateway, which token, which timeout: from flags, else the environment, else the configuration's context, else
/// defaults.
struct ConnectionSettings: Equatable {
    let endpoint: Endpoint
    let token: AccessToken
    let caFile: String?
    let timeout: Duration

    static let defaultEndpoint = "tcp://127.0.0.1:7420"

    /// - Parameters:
    ///   - token: instead of the configured one, for a login.
    ///   - usual: how long to wait by default.
    init(
        _ options: GlobalOptions, token given: AccessToken? = nil, timeout usual: Duration = .seconds(30)
    ) throws {
        let environment = Surroundings.current.environment
        func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }

        let context = try given == nil ? Self.context(options, environment) : nil
        let text = options.endpoint ?? variable("EBB_ENDPOINT") ?? context?.endpoint ?? Self.defaultEndpoint
        guard let endpoint = Endpoint(text) else {
            throw ClientFailure(
                .configuration, "'\(text)' is not an endpoint; write tcp://host:port or tls://host:port")
        }
        let allowsPlain = options.allowPlain || variable("EBB_ALLOW_PLAIN") == "1"
        guard endpoint.isTLS || endpoint.isLoopback || allowsPlain else {
            throw ClientFailure(
                .configuration,
                "\(endpoint) is plain TCP to another machine and would show your token; use tls://, or --allow-plain")
        }
        self.endpoint = endpoint
        caFile = options.caFile ?? variable("EBB_CA_FILE") ?? context?.caFile
        timeout = options.timeout.map { .nanoseconds($0) } ?? usual
        if let given {
            token = given
            return
        }
        let path = options.tokenFile ?? (variable("EBB_TOKEN") == nil ? variable("EBB_TOKEN_FILE") : nil)
        if let path {
            token = try Self.token(inFile: path)
            return
        }
        guard let secret = variable("EBB_TOKEN") ?? context?.token else {
            throw ClientFailure(.unauthorised, "no token; run ebb login, or set EBB_TOKEN or EBB_TOKEN_FILE")
        }
        token = try Self.token(secret)
    }

    /// The token in a text that somebody typed or stored.
    static func token(_ text: String) throws -> AccessToken {
        guard let token = AccessToken(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw ClientFailure(.unauthorised, "the token does not have the form ebb_ and 43 characters; was it cut?")
        }
        return token
    }

    /// The token in a file that `--token-file` or `EBB_TOKEN_FILE` names.
    static func token(inFile path: String) throws -> AccessToken {
        let remedy = "give --token-file or EBB_TOKEN_FILE a file that holds a token and nothing else"
        let text = try FileText.read(path, failing: .configuration, remedy: remedy)
        guard let token = AccessToken(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw ClientFailure(
                .unauthorised, "\(path) does not hold a token, which is ebb_ and 43 characters on one line; \(remedy)")
        }
        return token
    }

    private static func context(
        _ options: GlobalOptions, _ environment: [String: String]
    ) throws -> ContextFile.Context? {
        guard let path = ContextFile.path(environment) else { return nil }
        let named = options.context ?? environment["EBB_CONTEXT"].flatMap { $0.isEmpty ? nil : $0 }
        let file = try ContextFile.load(path)
        guard let name = named ?? file.currentContext else { return nil }
        guard let context = file.contexts[name] else {
            throw ClientFailure(
                .configuration, "\(path) has no context '\(name)'; run ebb login --context \(name)")
        }
        return context
    }
}
