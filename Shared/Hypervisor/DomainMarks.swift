// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import FoundationXML

/// The parts of a domain's definition that show who manages it.
struct DomainMarks: Hashable, Sendable {
    var name = ""
    /// The namespaces of the elements in its metadata: anybody can choose a prefix, but not a namespace.
    var namespaces: Set<String> = []
    /// The values of its SMBIOS entries.
    var machine: [String] = []
    /// The host's files and devices that hold its disks.
    var diskPaths: [String] = []

    init() {}

    init(xml: String) {
        let reader = MarkReader()
        let parser = XMLParser(data: Data(xml.utf8))
        parser.shouldProcessNamespaces = true
        parser.delegate = reader
        // The elements before a fault in the text count too.
        _ = parser.parse()
        self = reader.marks
    }
}

/// Follows the document from element to element.
private final class MarkReader: NSObject, XMLParserDelegate {
    var marks = DomainMarks()
    private var path: [String] = []
    private var text = ""

    func parser(
        _ parser: XMLParser, didStartElement element: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        path.append(element)
        text = ""
        if path.dropFirst().first == "metadata", path.count > 2, let namespaceURI, !namespaceURI.isEmpty {
            marks.namespaces.insert(namespaceURI.lowercased())
        }
        if path == ["domain", "devices", "disk", "source"] {
            marks.diskPaths += ["file", "dev", "name"].compactMap { attributes[$0] }
        }
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) {
        guard text.utf8.count < 1_024 else { return }
        text += string
    }

    func parser(_ parser: XMLParser, didEndElement element: String, namespaceURI: String?, qualifiedName: String?) {
        let value = text.trimmingCharacters(in: .whitespacesAndNewlines)
        if path == ["domain", "name"] { marks.name = value }
        if path == ["domain", "sysinfo", "system", "entry"] { marks.machine.append(value) }
        path.removeLast()
        text = ""
    }
}
