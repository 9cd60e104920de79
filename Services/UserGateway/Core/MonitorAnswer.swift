// SPDX-License-Identifier: Apache-2.0

internal import ResourceModel

/// Monitor's answers about a VM, as the gateway's methods give them. What can't be read is left out or unknown.
package enum MonitorAnswer {
    /// What a domain can do live: `{"growsVCPUs": {"missing": []}, …}` as items.
    package static func abilities(_ answer: JSONValue) -> [JSONValue] {
        let names = [
            ("growsVCPUs", "grow vCPUs"), ("shrinksVCPUs", "shrink vCPUs"), ("resizesMemory", "resize memory"),
            ("movesLive", "move live"), ("capsCPU", "cap CPU"), ("capsNetwork", "cap network"),
            ("confirmsSizes", "confirm sizes"),
        ]
        return names.flatMap { key, name -> [JSONValue] in
            guard let missing = answer[key]?["missing"]?.items?.compactMap(\.text) else {
                return [["check": .string(name), "result": "unknown"]]
            }
            guard !missing.isEmpty else { return [["check": .string(name), "result": "fine"]] }
            return missing.map { ["check": .string(name), "result": "missing", "detail": .string($0)] }
        }
    }

    /// Changes of a definition: `[{"what": …, "before": …, "after": …}]`.
    package static func changes(_ answer: JSONValue) -> [JSONValue] {
        rows(answer).compactMap { row in
            guard let what = row["what"]?.text else { return nil }
            return [
                "what": .string(what), "before": row["before"] ?? "", "after": row["after"] ?? "",
            ]
        }
    }

    /// Snapshots, the oldest first.
    package static func snapshots(_ answer: JSONValue) -> [JSONValue] {
        rows(answer).compactMap { row -> (at: Int64, JSONValue)? in
            guard let name = row["name"]?.text else { return nil }
            let at = row["createdAt"].flatMap(instant)
            return (
                at?.nanoseconds ?? 0,
                .object(omittingNil: [
                    "name": .string(name), "createdAt": at.map { .string($0.description) } ?? .null,
                    "state": row["state"],
                ])
            )
        }.sorted { $0.at < $1.at }.map { $0.1 }
    }

    package static func addresses(_ answer: JSONValue) -> [JSONValue] {
        rows(answer).compactMap { row in
            guard let address = row["address"]?.text else { return nil }
            return .object(omittingNil: [
                "interface": row["interface"] ?? "", "hardwareAddress": row["macAddress"], "address": .string(address),
                "source": row["source"],
            ])
        }
    }

    /// A part of a console; `nil` if the answer is none.
    package static func console(_ answer: JSONValue, of vm: String) -> JSONValue? {
        guard let text = answer["text"]?.text, let offset = answer["offset"]?.integer,
            let next = answer["nextOffset"]?.integer
        else { return nil }
        return ["vm": .string(vm), "text": .string(text), "offset": .integer(offset), "next": .integer(next)]
    }

    /// The elements of an answer: it is an array, or has one as its `items`.
    private static func rows(_ answer: JSONValue) -> [JSONValue] { answer.items ?? answer["items"]?.items ?? [] }

    private static func instant(_ value: JSONValue) -> Timestamp? {
        value.integer.map { Timestamp(nanoseconds: $0) } ?? value.text.flatMap { RFC3339.timestamp($0) }
    }
}
