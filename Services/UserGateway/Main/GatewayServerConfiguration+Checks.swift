// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import TLS
internal import UserGatewayCore

extension GatewayServerConfiguration {
    /// TLS 1.3 with the configured certificate; `nil` for plain TCP.
    func makeTLSServer() throws(GatewayServerError) -> RenewedTLS? {
        guard let tls else { return nil }
        do {
            return try RenewedTLS(tls)
        } catch {
            throw GatewayServerError(
                code: .certificateUnusable,
                message: "can't use certificate \(tls.certificatePath) with key \(tls.keyPath): \(error)")
        }
    }

    func refusePlainOffLoopback() throws(GatewayServerError) {
        guard tls == nil, !allowsPlainOffLoopback else { return }
        let address: SocketAddress
        do {
            address = try SocketAddress.makeAddressResolvingHost(host, port: port)
        } catch {
            throw .binding(self, error)
        }
        guard !address.isLoopback else { return }
        throw GatewayServerError(
            code: .plainOffLoopback,
            message: "plain TCP on \(host) would carry tokens in the clear; give a certificate, listen on 127.0.0.1,"
                + " or allow plain TCP if the network itself is trusted")
    }
}

extension GatewayServerError {
    /// The error for a failed bind, for the person who configured it.
    static func binding(_ configuration: GatewayServerConfiguration, _ error: any Error) -> GatewayServerError {
        let address = "\(configuration.host):\(configuration.port)"
        if let error = error as? IOError, error.errnoCode == addressInUseErrno {
            return GatewayServerError(
                code: .addressInUse,
                message: "address \(address) is in use by another process; stop it or set gateway.bind to a free one")
        }
        return GatewayServerError(
            code: .addressUnusable, message: "can't listen on \(address): \(error); choose an address of this machine")
    }

    /// EADDRINUSE on Linux; spelled out so that no C module is imported for one number.
    private static let addressInUseErrno: Int32 = 98
}

extension SocketAddress {
    /// 127.0.0.0/8 or ::1.
    var isLoopback: Bool {
        switch self {
        case .v4, .v6: ipAddress.map(ConnectionAdmission.isShared) ?? false
        case .unixDomainSocket: true
        }
    }
}
