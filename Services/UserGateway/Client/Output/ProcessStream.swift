// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Standard output or standard error of this process. Nothing else in the client writes to them.
enum ProcessStream: Int32 {
    case output = 1, error = 2

    /// Writes a whole text; with an empty one it only checks whether somebody still reads.
    ///
    /// - Throws: `ClientFailure`: `readerGone` without a message, else `output` with the reason.
    func write(_ text: String) throws(ClientFailure) {
        if text.isEmpty, hasLostItsReader { throw ClientFailure(.readerGone, "") }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(rawValue, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
                continue
            }
            switch errno {
            case EINTR: continue
            // The stream is non-blocking, since another process that shares it may have made it so.
            case EAGAIN: _ = wait(for: Int16(POLLOUT), milliseconds: -1)
            case EPIPE: throw ClientFailure(.readerGone, "")
            case let code:
                let reason = String(cString: strerror(code))
                throw ClientFailure(
                    .output, "can't write the answer to standard output: \(reason); what was asked for is done")
            }
        }
    }

    /// Prevents that a socket gets the number of a closed stream. A closed stream still can't be used.
    static func reserve() {
        for descriptor in Int32(0)...2 where fcntl(descriptor, F_GETFD) == -1 {
            _ = open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY)
        }
    }

    private var hasLostItsReader: Bool {
        let happened = wait(for: 0, milliseconds: 0)
        return happened & Int16(POLLERR) != 0
    }

    private func wait(for events: Int16, milliseconds: Int32) -> Int16 {
        var request = pollfd(fd: rawValue, events: events, revents: 0)
        return poll(&request, 1, milliseconds) > 0 ? request.revents : 0
    }
}
