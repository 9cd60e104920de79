// SPDX-License-Identifier: Apache-2.0

internal import ResourceModel

/// What a tenant may have at most. Raw values are those of `account.check_quota`.
package enum QuotaResource: String, Hashable, Sendable, Codable, CaseIterable {
    case vms, vcpus, memory, disk, snapshots, tokens

    /// An amount of it in words, such as `3 VMs` or `512 MiB of memory`.
    package func text(_ amount: Int64) -> String {
        switch self {
        case .vms: "\(amount) VM\(amount == 1 ? "" : "s")"
        case .vcpus: "\(amount) vCPU\(amount == 1 ? "" : "s")"
        case .memory: "\(ByteCount(clamping: amount)) of memory"
        case .disk: "\(ByteCount(clamping: amount)) of disk"
        case .snapshots: "\(amount) snapshot\(amount == 1 ? "" : "s")"
        case .tokens: "\(amount) token\(amount == 1 ? "" : "s")"
        }
    }
}

/// Amounts by resource: bytes of memory and disk, else numbers. A missing resource means none or, in a limit, no limit.
package struct QuotaAmounts: Hashable, Sendable, ExpressibleByDictionaryLiteral {
    private var amounts: [QuotaResource: Int64] = [:]

    package init() {}
    package init(dictionaryLiteral elements: (QuotaResource, Int64)...) {
        amounts = Dictionary(elements) { $0 + $1 }
    }

    package subscript(resource: QuotaResource) -> Int64? {
        get { amounts[resource] }
        set { amounts[resource] = newValue }
    }
}
