// SPDX-License-Identifier: Apache-2.0

internal import CLibvirt
internal import Execution
internal import Foundation
internal import ResourceModel

/// What libvirt needs once per process, before its first connection: quiet errors and an event loop.
enum LibvirtLibrary {
    /// Reading it starts the library; `false` if libvirt can't be initialised.
    ///
    /// The event loop has a thread of its own. It delivers lifecycle events and answers keep-alive messages, without
    /// which a hung host would hold a thread until the kernel gives up on the connection.
    static let isReady: Bool = {
        guard virInitialize() == 0 else { return false }
        // By default libvirt prints every error; each one is read and thrown where it happens instead.
        unsafe virSetErrorFunc(nil) { _, _ in }
        guard virEventRegisterDefaultImpl() == 0 else { return false }
        startThread(named: "libvirt-events") {
            while true {
                // If poll() fails, a short rest keeps a lasting failure from taking a whole core.
                if virEventRunDefaultImpl() < 0 { Thread.sleep(forTimeInterval: 0.1) }
            }
        }
        return true
    }()
}

extension HypervisorError {
    /// libvirt's error of the call that has just failed on this thread.
    ///
    /// libvirt keeps it per thread until the next call: read it in the same synchronous function as the failing call.
    static func last(_ operation: String) -> HypervisorError {
        guard let error = unsafe virGetLastError() else {
            return HypervisorError(.refused, operation: operation, message: "libvirt recorded no error")
        }
        let record = unsafe error.pointee
        let message = unsafe record.message.map { unsafe String(cString: $0) } ?? "no message"
        let number = unsafe UInt32(bitPattern: record.code)
        return HypervisorError(code(ofLibvirtError: number), operation: operation, message: message)
    }

    /// The kinds of errors that callers tell apart. Every other error counts as refused by the host. So does a
    /// configuration that it does not support, since the same call may work with another configuration.
    static func code(ofLibvirtError number: UInt32) -> Code {
        switch virErrorNumber(number) {
        case VIR_ERR_NO_DOMAIN:
            .noSuchDomain
        case VIR_ERR_NO_CONNECT, VIR_ERR_INVALID_CONN, VIR_ERR_UNKNOWN_HOST, VIR_ERR_AUTH_FAILED, VIR_ERR_NO_SERVER:
            .unreachable
        case VIR_ERR_NO_SUPPORT, VIR_ERR_ARGUMENT_UNSUPPORTED, VIR_ERR_OPERATION_UNSUPPORTED:
            .unsupported
        case VIR_ERR_INVALID_ARG, VIR_ERR_XML_ERROR, VIR_ERR_XML_DETAIL, VIR_ERR_XML_INVALID_SCHEMA,
            VIR_ERR_OS_TYPE, VIR_ERR_INVALID_MAC, VIR_ERR_NO_NAME:
            .invalid
        default:
            .refused
        }
    }
}

/// Nanoseconds of this process's monotonic clock, which no step of the wall clock moves.
func monotonicNanoseconds() -> Int64 {
    var now = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &now)
    return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
}
