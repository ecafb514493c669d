/// How well sick instances were recognised, in a run with circuit breakers.
package struct BreakerFigures: Sendable, Equatable {
    /// Times that an instance was taken out (`isolations`).
    package var isolations = 0.0
    /// Of these, times that nothing was wrong with it (`false_isolations`).
    package var falseIsolations = 0.0
    /// Defects that nobody noticed (`undetected_defects`).
    package var undetectedDefects = 0.0
    /// From the beginning of a defect until its instance was out, on average of those that were noticed
    /// (`detection_ms`).
    package var detectionMilliseconds = 0.0
    /// Batches of the sick instance until then, on average (`detection_batches`).
    package var detectionBatches = 0.0

    /// Zeros.
    package init() {}

    /// Names of the figures.
    package static let names = [
        "isolations", "false_isolations", "undetected_defects", "detection_ms",
        "detection_batches",
    ]

    /// A figure by its JSON name.
    package func figure(_ name: String) -> Double? {
        switch name {
        case "isolations": isolations
        case "false_isolations": falseIsolations
        case "undetected_defects": undetectedDefects
        case "detection_ms": detectionMilliseconds
        case "detection_batches": detectionBatches
        default: nil
        }
    }
}
