internal import Foundation

/// One line of a terminal that shows how far a run is.
struct ProgressBar {
    /// Whether there is a terminal to show it.
    let isShown: Bool

    private let started = ContinuousClock.now
    private var shown = ""

    init(isShown: Bool) {
        self.isShown = isShown
    }

    /// Replaces the line.
    mutating func show(_ name: String, fraction: Double, what: String) {
        guard isShown else { return }
        let part = min(max(fraction, 0), 1)
        let width = 28
        let full = Int(part * Double(width))
        let bar =
            String(repeating: "█", count: full) + String(repeating: "░", count: width - full)
        let percent = String(format: "%3d %%", Int(part * 100))
        let line = "  \(name)  \(bar) \(percent)  \(what)\(rest(part))"
        guard line != shown else { return }
        FileHandle.standardError.write(Data("\r\u{1B}[2K\(line)".utf8))
        shown = line
    }

    /// Removes the line.
    mutating func clear() {
        guard isShown, !shown.isEmpty else { return }
        FileHandle.standardError.write(Data("\r\u{1B}[2K".utf8))
        shown = ""
    }

    /// An estimate of the time left, once there is something to estimate it from.
    private func rest(_ part: Double) -> String {
        let spent = started.duration(to: .now) / .seconds(1)
        guard part > 0.05, spent > 1 else { return "" }
        return String(format: ", %.0f s left", spent / part * (1 - part))
    }
}
