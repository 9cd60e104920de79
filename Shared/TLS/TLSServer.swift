// SPDX-License-Identifier: Apache-2.0

package import NIOCore

#if TLS
    internal import NIOSSL
#endif

/// The server's side of TLS 1.3 with one certificate.
package struct TLSServer: Sendable {
    #if TLS
        private let context: NIOSSLContext
    #endif

    /// - Parameters:
    ///   - certificateFile: the chain in PEM, the server's own certificate first.
    ///   - privateKeyFile: the certificate's key in PEM.
    /// - Throws: if a file can't be read or they don't fit together, and in a build without TLS.
    package init(certificateFile: String, privateKeyFile: String) throws(TLSFailure) {
        #if TLS
            do {
                let chain = try NIOSSLCertificate.fromPEMFile(certificateFile)
                let key = try NIOSSLPrivateKey(file: privateKeyFile, format: .pem)
                var configuration = TLSConfiguration.makeServerConfiguration(
                    certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
                configuration.minimumTLSVersion = .tlsv13
                context = try NIOSSLContext(configuration: configuration)
            } catch {
                throw TLSFailure(description: "\(error)")
            }
        #else
            throw .leftOut
        #endif
    }

    /// The handler at the front of an accepted connection's pipeline.
    package func handler() -> any ChannelHandler {
        #if TLS
            NIOSSLServerHandler(context: context)
        #else
            preconditionFailure("nobody has a TLSServer in a build without TLS")
        #endif
    }
}
