// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import ResourceModel

/// Measures a host's response time: the time that a TCP connection to its daemon takes.
///
/// This way needs no privilege and passes the same firewalls as the management itself.
struct ResponseProbe: Sendable {
    private let host: String
    private let port: UInt16
    private let worker = SerialWorker<Void>(name: "lv-response") {}

    init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    func measure(timeout: Duration) async throws(HypervisorError) -> ResponseTime {
        let deadline = monotonicNanoseconds() + timeout.wholeNanoseconds
        let outcome: Result<Int64, HypervisorError>
        do throws(SerialWorker<Void>.Failure) {
            // The name's resolution has no timeout of its own; the worker's timeout is a little longer than the
            // socket's.
            outcome = try await worker.run(timeout: timeout + .milliseconds(100)) { [host, port] _ in
                connectTime(host: host, port: port, deadline: deadline)
            }
        } catch {
            throw unreachable(host, port, error == .closed ? "the probe was closed" : "no answer by the deadline")
        }
        return ResponseTime(nanoseconds: try outcome.get(), method: .tcpConnect)
    }

    func close() async { await worker.close(timeout: .seconds(1)) { _ in } }
}

private func unreachable(_ host: String, _ port: UInt16, _ reason: String) -> HypervisorError {
    HypervisorError(.unreachable, operation: "connect", message: "\(host):\(port): \(reason)")
}

/// Nanoseconds from SYN to the accepted connection, without the name's resolution. Blocks.
private func connectTime(host: String, port: UInt16, deadline: Int64) -> Result<Int64, HypervisorError> {
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    unsafe hints.ai_flags = AI_NUMERICSERV
    var found: UnsafeMutablePointer<addrinfo>?
    let status = unsafe getaddrinfo(host, String(port), &hints, &found)
    guard status == 0, let address = unsafe found else {
        return .failure(unreachable(host, port, unsafe String(cString: gai_strerror(status))))
    }
    defer { unsafe freeaddrinfo(found) }
    let (family, length) = unsafe (address.pointee.ai_family, address.pointee.ai_addrlen)
    let descriptor = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return .failure(unreachable(host, port, errorText(errno))) }
    defer { Glibc.close(descriptor) }

    let start = monotonicNanoseconds()
    if unsafe connect(descriptor, address.pointee.ai_addr, length) != 0 {
        guard errno == EINPROGRESS else { return .failure(unreachable(host, port, errorText(errno))) }
        var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        let milliseconds = Int32(clamping: max(0, (deadline - start) / 1_000_000))
        guard unsafe poll(&waiting, 1, milliseconds) == 1 else {
            return .failure(unreachable(host, port, "no answer by the deadline"))
        }
    }
    let elapsed = monotonicNanoseconds() - start
    var error: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0, error == 0 else {
        return .failure(unreachable(host, port, errorText(error)))
    }
    return .success(elapsed)
}

private func errorText(_ number: Int32) -> String { unsafe String(cString: strerror(number)) }
