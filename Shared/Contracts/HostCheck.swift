// SPDX-License-Identifier: Apache-2.0

package import ResourceModel

/// One thing that was checked about a host, or about a pair of hosts between which guests are to move.
package struct CheckItem: JSONDocument, Hashable {
    package enum Result: String, Hashable, Sendable, Codable, CaseIterable {
        case fine, missing, unknown
    }

    /// The other host of a pair; `nil`: about the host alone.
    package var target: HostID?
    package var check: String
    package var result: Recognised<Result>
    package var detail: String?
    package var remedy: String?

    package init(
        target: HostID? = nil, check: String, result: Result, detail: String? = nil, remedy: String? = nil
    ) {
        self.target = target
        self.check = check
        self.result = .known(result)
        self.detail = detail
        self.remedy = remedy
    }

    /// An item that does not say how it came out is unknown, never fine.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        target = try container.decodeIfPresent(HostID.self, forKey: .target)
        check = try container.decodeIfPresent(String.self, forKey: .check) ?? "?"
        result = try container.decodeIfPresent(Recognised<Result>.self, forKey: .result) ?? .known(.unknown)
        detail = try container.decodeIfPresent(String.self, forKey: .detail)
        remedy = try container.decodeIfPresent(String.self, forKey: .remedy)
    }
}

/// The answer to `host.check`.
package struct HostCheck: JSONDocument, Hashable {
    package var items: [CheckItem]

    package init(items: [CheckItem]) { self.items = items }
}
