package import SchedulerCore

/// What a trace says about one scheduler before its first event.
package struct TraceHeader: Sendable, Equatable {
    /// Number of the scheduler in its file, from 1.
    package var number: Int
    /// Name of the model that it serves.
    package var model: String
    /// Version of the model.
    package var version: Int
    /// What it was built with.
    package var configuration: SchedulerConfiguration

    /// Makes a header; see the properties.
    package init(
        number: Int, model: String, version: Int, configuration: SchedulerConfiguration
    ) {
        self.number = number
        self.model = model
        self.version = version
        self.configuration = configuration
    }
}

/// The last word of a scheduler in a trace.
package struct TraceEnd: Sendable, Equatable {
    /// Number of the scheduler in its file.
    package var number: Int
    /// Steps that were written.
    package var steps: Int
    /// Hash of their text, each step with its actions, times as written.
    package var hash: String
}
