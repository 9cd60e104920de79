// SPDX-License-Identifier: Apache-2.0

internal import Foundation
package import Logging
internal import ResourceModel

/// One JSON object per line on standard error, in the shape of OpenTelemetry's logs in non-OTLP formats: `timestamp`,
/// `severity`, `body`, `service.name`, then the metadata. What steers a terminal is escaped in it.
package struct JSONLogHandler: LogHandler {
    package var metadata: Logger.Metadata
    package var logLevel: Logger.Level
    package var metadataProvider: Logger.MetadataProvider?

    private let label: String
    private let write: @Sendable (String) -> Void

    /// `write` gets one line without its newline.
    package init(
        label: String, level: Logger.Level, metadata: Logger.Metadata = [:],
        write: @escaping @Sendable (String) -> Void = JSONLogHandler.standardError
    ) {
        self.label = label
        self.metadata = metadata
        logLevel = level
        self.write = write
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var fields = [
            ("timestamp", Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))),
            ("severity", event.level.rawValue.uppercased()),
            ("body", "\(event.message)"),
            ("service.name", label),
        ]
        var attributes = metadata
        attributes.merge(metadataProvider?.get() ?? [:]) { _, new in new }
        attributes.merge(event.metadata ?? [:]) { _, new in new }
        if let error = event.error { attributes["error"] = "\(error)" }
        fields += attributes.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") }
        write("{" + fields.map { "\"\(escapeJSON($0.0))\":\"\(escapeJSON($0.1))\"" }.joined(separator: ",") + "}")
    }

    package static let standardError: @Sendable (String) -> Void = { line in
        FileHandle.standardError.write(Data((line + "\n").utf8))
    }
}

/// The text as the inside of a JSON string.
private func escapeJSON(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": escaped += "\\\""
        case "\\": escaped += "\\\\"
        case "\n": escaped += "\\n"
        case "\r": escaped += "\\r"
        case "\t": escaped += "\\t"
        case _ where scalar.isSteering: escaped += scalar.jsonEscape
        default: escaped.unicodeScalars.append(scalar)
        }
    }
    return escaped
}
