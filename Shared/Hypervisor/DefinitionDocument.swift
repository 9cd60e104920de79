// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import FoundationXML
internal import ResourceModel

private typealias Element = FoundationXML.XMLElement

/// A domain's definition as its driver wrote it, changed element by element: what Ebb does not know stays as it is.
///
/// Not `Sendable`: it lives within one call.
struct DefinitionDocument {
    private let document: XMLDocument
    private let root: Element

    /// `nil` if the text is not a domain's definition.
    init?(xml: String) {
        guard let document = try? XMLDocument(xmlString: xml, options: [.nodePreserveWhitespace]),
            let root = document.rootElement(), root.name == "domain"
        else { return nil }
        self.document = document
        self.root = root
    }

    var xml: String { root.xmlString }

    /// Elements by their names from the root down.
    private func all(_ path: String...) -> [Element] {
        path.reduce([root]) { found, name in
            found.flatMap { ($0.children ?? []).compactMap { $0 as? Element }.filter { $0.name == name } }
        }
    }

    private func add(_ xml: String, to parent: Element) {
        if let child = try? Element(xmlString: xml) { parent.addChild(child) }
    }

    private func set(_ name: String, _ value: String, on element: Element) {
        element.removeAttribute(forName: name)
        element.setAttributesWith((element.attributeTexts).merging([name: value]) { _, new in new })
    }

    // MARK: Sizes

    /// Sets the ceiling, and lowers the start value to it if that lies above.
    func setMaximumVCPUs(_ maximum: Int) {
        guard let vcpu = all("vcpu").first else { return }
        let start = vcpu.attributeTexts["current"].flatMap { Int($0) } ?? Int(vcpu.text) ?? maximum
        set("current", "\(min(start, maximum))", on: vcpu)
        vcpu.stringValue = "\(maximum)"
        for item in all("vcpus", "vcpu") {
            if let number = item.attributeTexts["id"].flatMap({ Int($0) }), number >= maximum { item.detach() }
        }
        // libvirt puts vCPUs that no cell names into the first cell, and refuses a cell that names a vCPU that does not
        // exist.
        for cell in all("cpu", "numa", "cell") {
            guard let cpus = cell.attributeTexts["cpus"] else { continue }
            set("cpus", Self.numbers(cpus, below: maximum), on: cell)
        }
    }

    /// The part of a list such as `0-1,4-5,^4` that lies below a limit.
    private static func numbers(_ list: String, below limit: Int) -> String {
        list.split(separator: ",").compactMap { part -> String? in
            let ends = part.trimmingPrefix("^").split(separator: "-").compactMap { Int($0) }
            guard let first = ends.first, let last = ends.last else { return String(part) }
            guard last >= limit else { return String(part) }
            guard first < limit, !part.hasPrefix("^") else { return nil }
            return first == limit - 1 ? "\(first)" : "\(first)-\(limit - 1)"
        }.joined(separator: ",")
    }

    /// Sets the ceiling, and lowers the start value to it if that lies above.
    func setMaximumMemory(kibibytes: Int64) {
        guard let memory = all("memory").first else { return }
        let former = memory.text
        set("unit", "KiB", on: memory)
        memory.stringValue = "\(kibibytes)"
        guard let current = all("currentMemory").first else {
            return add("<currentMemory unit='KiB'>\(former)</currentMemory>", to: root)
        }
        guard let start = Int64(current.text), start > kibibytes else { return }
        current.stringValue = "\(kibibytes)"
    }

    /// Marks these vCPUs as ones that can be unplugged, or as ones that can't. If the definition does not list its
    /// vCPUs, the whole list is written.
    func setHotpluggable(_ numbers: [Int], _ isHotpluggable: Bool, start: Int, maximum: Int) {
        if all("vcpus").isEmpty {
            let items = (0..<maximum).map { number in
                "<vcpu id='\(number)' enabled='\(number < start ? "yes" : "no")'"
                    + " hotpluggable='\(number >= start ? "yes" : "no")'/>"
            }
            add("<vcpus>\(items.joined())</vcpus>", to: root)
        }
        for item in all("vcpus", "vcpu") {
            let attributes = item.attributeTexts
            guard attributes["enabled"] == "yes", let number = attributes["id"].flatMap({ Int($0) }),
                numbers.contains(number)
            else { continue }
            set("hotpluggable", isHotpluggable ? "yes" : "no", on: item)
        }
    }

    // MARK: The guest agent's channel

    func addAgentChannel() throws(HypervisorError) {
        guard let devices = all("devices").first else { return }
        add(try DomainDefinition.Devices.Character.agentChannel.xml(), to: devices)
    }

    func removeAgentChannel() {
        for channel in all("devices", "channel") {
            if channel.child("target")?.attributeTexts["name"] == agentChannelName { channel.detach() }
        }
    }

    // MARK: Caps

    /// Replaces Ebb's own CPU cap by the former one, if there was one; leaves a cap that is not Ebb's.
    /// - Parameter own: in parts per million of one core.
    func replaceCPUQuota(_ own: Int64, by former: DefinedDomain.CPUTuning?) {
        guard let tuning = all("cputune").first else { return }
        let present = CPUQuota.ppm(
            quota: tuning.child("global_quota").flatMap { Int64($0.text) },
            period: tuning.child("global_period").flatMap { Int64($0.text) })
        guard CPUCap(ppm: present ?? 0).fulfils(asked: own, granule: CPUQuota.granulePPM) == true else { return }
        for (name, value) in [("global_quota", former?.global_quota), ("global_period", former?.global_period)] {
            guard let element = tuning.child(name) else { continue }
            if let value { element.stringValue = "\(value)" } else { element.detach() }
        }
        if (tuning.children ?? []).allSatisfy({ !($0 is Element) }) { tuning.detach() }
    }

    /// Replaces Ebb's own cap of each interface by the former one, if there was one; leaves caps that are not Ebb's.
    /// - Parameter former: by hardware address, in KiB per second.
    func replaceInterfaceCaps(_ own: Int64, by former: [String: InterfaceCap]) {
        for interface in all("devices", "interface") {
            guard let bandwidth = interface.child("bandwidth") else { continue }
            let before = interface.child("mac")?.attributeTexts["address"].flatMap { former[$0] }
            for (name, value) in [("inbound", before?.inbound), ("outbound", before?.outbound)] {
                guard let limit = bandwidth.child(name), limit.attributeTexts["average"] == "\(own)" else { continue }
                if let value { set("average", "\(value)", on: limit) } else { limit.detach() }
            }
            if (bandwidth.children ?? []).allSatisfy({ !($0 is Element) }) { bandwidth.detach() }
        }
    }

    // MARK: Labels

    /// Notes in Ebb's own element what was prepared; without that element nothing is noted.
    func note(_ preparation: EbbMetadata.Preparation) {
        guard let label = all("metadata", "ebb:domain").first else { return }
        label.child("ebb:prepared")?.detach()
        let note = Element(name: "ebb:prepared")
        note.setAttributesWith(preparation.attributes)
        label.addChild(note)
    }

    func removeLabels() {
        for element in all("metadata", "ebb:domain") { element.detach() }
        removeEmptyMetadata()
    }

    /// Removes the labels in OpenStack's form, which Ebb writes for exporters into the domains that it creates.
    func removeNovaLabels() {
        for element in all("metadata", "nova:instance") { element.detach() }
        removeEmptyMetadata()
    }

    private func removeEmptyMetadata() {
        for metadata in all("metadata") where (metadata.children ?? []).allSatisfy({ !($0 is Element) }) {
            metadata.detach()
        }
    }
}

/// What an interface may carry, in KiB per second; `nil`: no limit.
struct InterfaceCap: Hashable, Sendable {
    var inbound: Int64?
    var outbound: Int64?
}

extension FoundationXML.XMLElement {
    fileprivate var text: String { (stringValue ?? "").trimmingCharacters(in: .whitespacesAndNewlines) }

    fileprivate var attributeTexts: [String: String] {
        Dictionary(
            (attributes ?? []).compactMap { node in node.name.map { ($0, node.stringValue ?? "") } },
            uniquingKeysWith: { first, _ in first })
    }

    fileprivate func child(_ name: String) -> FoundationXML.XMLElement? {
        (children ?? []).lazy.compactMap { $0 as? FoundationXML.XMLElement }.first { $0.name == name }
    }
}
