internal import Foundation

/// Lines for the person who started the program.
enum Terminal {
    /// Writes a line to standard output, at once even when that is a pipe.
    static func print(_ line: String) {
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }

    /// Writes a line to standard error.
    static func printError(_ line: String) {
        FileHandle.standardError.write(Data((line + "\n").utf8))
    }

    /// Whether standard output shows colours, and its reader wants them (https://no-color.org).
    static var isColoured: Bool {
        let environment = ProcessInfo.processInfo.environment
        return isatty(STDOUT_FILENO) == 1 && environment["NO_COLOR", default: ""].isEmpty
            && environment["TERM"] != "dumb"
    }

    /// Bytes as people say them, such as `29.4 MB`.
    static func size(_ bytes: UInt64) -> String {
        let units = ["B", "kB", "MB", "GB", "TB"]
        var value = Double(bytes)
        var unit = 0
        while value >= 1_000, unit < units.count - 1 {
            value /= 1_000
            unit += 1
        }
        return unit == 0 ? "\(bytes) B" : "\(rounded(value)) \(units[unit])"
    }

    /// Milliseconds as people say them, such as `4.1 µs`, `0.13 ms` or `2.4 s`.
    static func duration(_ milliseconds: Double) -> String {
        if milliseconds < 0.1 { return "\(rounded(milliseconds * 1_000)) µs" }
        if milliseconds < 1 { return String(format: "%.2f ms", milliseconds) }
        if milliseconds < 1_000 { return "\(rounded(milliseconds)) ms" }
        return "\(rounded(milliseconds / 1_000)) s"
    }

    private static func rounded(_ value: Double) -> String {
        value < 100 ? String(format: "%.1f", value) : String(format: "%.0f", value)
    }
}
