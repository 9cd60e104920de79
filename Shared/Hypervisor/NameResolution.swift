// SPDX-License-Identifier: Apache-2.0

internal import Contracts
internal import Foundation

/// The addresses that this machine's resolver has for each name; none for a name that it is still looking up when the
/// time is over.
func resolved(_ names: [String], timeout: Duration) async -> [ResolvedName] {
    // A resolver waits for its servers without a deadline of its own, so it runs on a thread that nobody else needs.
    let worker = SerialWorker<Void>(name: "lv-resolve") {}
    var found: [ResolvedName] = []
    for name in names {
        var addresses: [String]?
        if !name.isEmpty { addresses = try? await worker.run(timeout: timeout) { _ in lookUp(name) } }
        found.append(ResolvedName(name: name, addresses: addresses ?? []))
    }
    await worker.close(timeout: .seconds(1)) { _ in }
    return found
}

/// Each address once, in the resolver's order. Blocks.
private func lookUp(_ name: String) -> [String] {
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    guard unsafe getaddrinfo(name, nil, &hints, &list) == 0 else { return [] }
    defer { unsafe freeaddrinfo(list) }
    var addresses: [String] = []
    var next = unsafe list
    while let entry = unsafe next {
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let status = unsafe getnameinfo(
            entry.pointee.ai_addr, entry.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
        let address = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        if status == 0, !addresses.contains(address) { addresses.append(address) }
        unsafe next = entry.pointee.ai_next
    }
    return addresses
}
