extension ServerConfiguration {
    /// The table of `docs/configuration.md`, which a test compares with the file.
    package static var referenceTable: String {
        var lines = [
            "| key | default | unit | allowed | environment | flag | meaning |",
            "|---|---|---|---|---|---|---|",
        ]
        for key in reference {
            let cells = [
                "`\(key.path)`", key.defaultText, key.unit, key.allowed,
                key.environment.map { "`\($0)`" } ?? "", key.flag.map { "`\($0)`" } ?? "",
                key.summary,
            ]
            lines.append("| " + cells.joined(separator: " | ") + " |")
        }
        return lines.joined(separator: "\n")
    }
}
