// SPDX-License-Identifier: Apache-2.0

internal import Logging

/// Answers libzmq's questions about who may connect (ZAP, ZeroMQ RFC 27). Lives on the reactor's thread.
///
/// Without it libzmq would take any key, so the socket table's owner opens it before the first CURVE server socket.
final class Authenticator {
    /// Where libzmq asks; the name is fixed by the protocol.
    private static let endpoint = "inproc://zeromq.zap.01"

    private let ownKey: String
    private let allowList: AllowList
    private let log: Logger

    init(ownKey: String, allowList: AllowList, log: Logger) {
        self.ownKey = ownKey
        self.allowList = allowList
        self.log = log
    }

    func open(in sockets: SocketTable) throws(BusError) -> SocketID {
        // The handler needs the socket's id, which it only gets by opening.
        let box = Box()
        let id = try sockets.open(.authenticator, .plain) { [self, weak sockets] in
            guard let sockets, let id = box.id else { return }
            drain(id, sockets)
        } onBroken: {
            preconditionFailure("the authentication socket broke: libzmq would now take any key")
        }
        box.id = id
        do {
            _ = try sockets.bind(id, to: Self.endpoint)
        } catch {
            sockets.close(id)
            throw error
        }
        return id
    }

    private final class Box {
        var id: SocketID?
    }

    private func drain(_ id: SocketID, _ sockets: SocketTable) {
        do {
            while let request = try sockets.receive(on: id) {
                _ = try sockets.send(answer(to: request.frames), on: id)
            }
        } catch {
            log.info("authentication socket failed", metadata: ["error": "\(error)"])
        }
    }

    /// Request: version, request id, domain, address, identity, mechanism, credentials. Reply: version, request id,
    /// status, text, user id, metadata.
    private func answer(to frames: [[UInt8]]) -> [[UInt8]] {
        func reply(_ status: String, _ text: String, user: String = "") -> [[UInt8]] {
            [
                Array("1.0".utf8), frames.count > 1 ? frames[1] : [], Array(status.utf8), Array(text.utf8),
                Array(user.utf8), [],
            ]
        }
        guard frames.count == 7, frames[5] == Array("CURVE".utf8), let key = curveKeyText(frames[6]) else {
            return reply("400", "only CURVE is taken here")
        }
        if key == ownKey || allowList.contains(key) { return reply("200", "OK", user: key) }
        // Never 400: libzmq would not try again, and a newcomer may be registered by then. A stranger who connects
        // without pause does not fill the log: there is one line for each refresh of the list.
        if allowList.requestRefresh() {
            log.info(
                "unknown key asked to try again",
                metadata: [
                    "peer.key": "\(key)", "peer.address": "\(String(decoding: frames[3].prefix(64), as: UTF8.self))",
                ])
        }
        return reply("300", "key not known yet", user: key)
    }
}
