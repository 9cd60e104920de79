// SPDX-License-Identifier: Apache-2.0

package import Contracts
internal import ResourceModel

/// One thing that was checked on a host, or between two hosts.
package struct HostFinding: Hashable, Sendable {
    package typealias Result = CheckItem.Result

    package let host: String
    /// The other host of a pair, to which VMs migrate from here; `nil`: about the host alone.
    package let target: String?
    package let check: String
    package let result: Result
    /// What was seen.
    package let detail: String?
    package let remedy: String?

    package init(
        host: String, target: String? = nil, check: String, result: Result, detail: String? = nil,
        remedy: String? = nil
    ) {
        self.host = host
        self.target = target
        self.check = check
        self.result = result
        self.detail = detail
        self.remedy = remedy
    }

    /// The findings in Monitor's answer; an item that can't be read is unknown, never fine.
    ///
    /// - Parameter answer: `nil`: not even the answer can be read.
    package static func findings(in answer: HostCheck?, of host: String) -> [HostFinding] {
        guard let answer else {
            return [HostFinding(host: host, check: "answers", result: .unknown, detail: "its answer can't be read")]
        }
        return answer.items.map { item in
            HostFinding(
                host: host, target: item.target?.name, check: item.check, result: item.result.word ?? .unknown,
                detail: item.detail, remedy: item.remedy)
        }
    }

    package var json: JSONValue {
        .object(omittingNil: [
            "host": .string(host), "target": target.map(JSONValue.string), "check": .string(check),
            "result": .string(result.rawValue), "detail": detail.map(JSONValue.string),
            "remedy": remedy.map(JSONValue.string),
        ])
    }
}
