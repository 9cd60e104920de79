// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Testing

@testable import UserGatewayMain

@Suite("A certificate that changes")
struct CertificateTests {
    /// Makes a certificate for localhost and its key.
    private func make(_ certificate: String, _ key: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out",
            certificate,
        ]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
    }

    /// Puts what one file has into another.
    private func put(_ source: String, over target: String) throws {
        try Data(contentsOf: URL(fileURLWithPath: source)).write(to: URL(fileURLWithPath: target))
    }

    @Test("new connections have the new certificate, without a restart; one that can't be used leaves the former")
    func renews() async throws {
        try await withTemporaryDirectory { directory in
            let (certificate, key) = (directory + "/cert.pem", directory + "/key.pem")
            let (newCertificate, newKey) = (directory + "/new-cert.pem", directory + "/new-key.pem")
            let formerCertificate = directory + "/former-cert.pem"
            try make(certificate, key)
            try make(newCertificate, newKey)
            try put(certificate, over: formerCertificate)
            try await withGateway({
                $0.tls = .init(certificatePath: certificate, keyPath: key)
                $0.certificateInterval = .milliseconds(10)
            }) { gateway in
                @Sendable func list(trusting authority: String) async -> Int32 {
                    await ebb(
                        ["vm", "list", "-o", "name", "--ca-file", authority],
                        environment: [
                            "EBB_TOKEN": FakeMethods.ownerToken, "EBB_ENDPOINT": "tls://localhost:\(gateway.port)",
                        ]
                    ).code
                }
                #expect(await list(trusting: formerCertificate) == 0)
                #expect(await list(trusting: newCertificate) != 0)
                try put(newCertificate, over: certificate)
                try put(newKey, over: key)
                var code: Int32 = 1
                for _ in 1...200 where code != 0 { code = await list(trusting: newCertificate) }
                #expect(code == 0)
                #expect(await list(trusting: formerCertificate) != 0)
            }
        }
    }

    @Test("files that can't be used are named once for each change, and change nothing")
    func keepsFormer() async throws {
        try await withTemporaryDirectory { directory in
            let (certificate, key) = (directory + "/cert.pem", directory + "/key.pem")
            let (otherCertificate, otherKey) = (directory + "/other-cert.pem", directory + "/other-key.pem")
            try make(certificate, key)
            try make(otherCertificate, otherKey)
            let tls = try RenewedTLS(.init(certificatePath: certificate, keyPath: key))
            #expect(tls.look() == .unchanged)
            try Data("broken".utf8).write(to: URL(fileURLWithPath: certificate))
            guard case .unusable = tls.look() else { Issue.record("a broken file was taken"); return }
            #expect(tls.look() == .unchanged)
            // The certificate is there and its key not yet.
            try put(otherCertificate, over: certificate)
            guard case .unusable = tls.look() else { Issue.record("another's key was taken"); return }
            try put(otherKey, over: key)
            #expect(tls.look() == .renewed)
            try FileManager.default.removeItem(atPath: key)
            guard case .unusable = tls.look() else { Issue.record("a missing key was taken"); return }
            _ = tls.handler()
        }
    }
}
