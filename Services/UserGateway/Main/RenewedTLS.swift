// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import Synchronization
internal import TLS

/// The server's side of TLS with the certificate that its files hold now: a change there takes effect for later
/// connections. Files that can't be used change nothing.
final class RenewedTLS: Sendable {
    /// What a look at the files found.
    enum Renewal: Hashable, Sendable {
        case unchanged, renewed
        /// The files changed and can't be used: the former certificate stays. Reported once for each change.
        case unusable(String)
    }

    private struct State {
        var server: TLSServer
        /// What the files held when they were last read.
        var seen: [Data?]
    }

    private let files: GatewayServerConfiguration.TLS
    private let state: Mutex<State>

    /// - Throws: if the files can't be used.
    init(_ files: GatewayServerConfiguration.TLS) throws(TLSFailure) {
        self.files = files
        let seen = Self.contents(files)
        state = Mutex(State(server: try Self.server(files), seen: seen))
    }

    /// The handler at the front of an accepted connection's pipeline.
    func handler() -> any ChannelHandler { state.withLock { $0.server }.handler() }

    /// Reads the files again if they changed. Blocks while it reads them.
    func look() -> Renewal {
        let contents = Self.contents(files)
        guard contents != state.withLock({ $0.seen }) else { return .unchanged }
        do throws(TLSFailure) {
            let server = try Self.server(files)
            state.withLock { $0 = State(server: server, seen: contents) }
            return .renewed
        } catch {
            state.withLock { $0.seen = contents }
            return .unusable(error.description)
        }
    }

    /// Checks the files at intervals until its task is cancelled, and logs what changed.
    func follow(every interval: Duration, log: Logger) async {
        while (try? await Task.sleep(for: interval)) != nil {
            guard let finding = try? await NIOThreadPool.singleton.runIfActive({ self.look() }) else { return }
            switch finding {
            case .unchanged: break
            case .renewed: log.notice("the certificate was taken anew", metadata: ["file": "\(files.certificatePath)"])
            case .unusable(let reason):
                log.error(
                    "the new certificate can't be used, the former one stays: mend the files",
                    metadata: [
                        "file": "\(files.certificatePath)", "key.file": "\(files.keyPath)", "error": "\(reason)",
                    ])
            }
        }
    }

    private static func server(_ files: GatewayServerConfiguration.TLS) throws(TLSFailure) -> TLSServer {
        try TLSServer(certificateFile: files.certificatePath, privateKeyFile: files.keyPath)
    }

    private static func contents(_ files: GatewayServerConfiguration.TLS) -> [Data?] {
        [files.certificatePath, files.keyPath].map { FileManager.default.contents(atPath: $0) }
    }
}
