// SPDX-License-Identifier: Apache-2.0

package import NIOCore

#if TLS
    internal import NIOSSL
#endif

/// The client's side of TLS 1.3.
package struct TLSClient: Sendable {
    #if TLS
        private let context: NIOSSLContext
    #endif

    /// - Parameter authorityFile: certificates, in PEM, of the authorities that are trusted to sign servers'
    ///   certificates; `nil`: the system's.
    /// - Throws: if the file can't be used, and in a build without TLS.
    package init(authorityFile: String?) throws(TLSFailure) {
        #if TLS
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.minimumTLSVersion = .tlsv13
            if let authorityFile { configuration.trustRoots = .file(authorityFile) }
            do {
                context = try NIOSSLContext(configuration: configuration)
            } catch {
                // The library's words are its error codes and where in its source they came up.
                throw TLSFailure(description: "no certificate in PEM can be read from it")
            }
        #else
            throw .leftOut
        #endif
    }

    /// The handler at the front of one connection's pipeline.
    ///
    /// - Parameter serverName: the name that the server's certificate must be for; `nil` where it is reached by address.
    package func handler(serverName: String?) throws -> any ChannelHandler {
        #if TLS
            try NIOSSLClientHandler(context: context, serverHostname: serverName)
        #else
            preconditionFailure("nobody has a TLSClient in a build without TLS")
        #endif
    }

    /// Whether a connection broke because its two sides could not agree on TLS.
    package static func isRefusal(_ error: any Error) -> Bool {
        #if TLS
            error is NIOSSLError || error is BoringSSLError
        #else
            false
        #endif
    }

    /// Why they could not agree, for the person who connects.
    package static func reason(of refusal: any Error) -> String {
        let text = "\(refusal)"
        if text.contains("CERTIFICATE_VERIFY_FAILED") {
            return "its certificate is not signed by an authority that is trusted here; give that one with --ca-file"
        }
        if text.contains("WRONG_VERSION_NUMBER") { return "it does not speak TLS; use tcp:// if it is meant to be so" }
        return "its side and this one could not agree on TLS"
    }
}
