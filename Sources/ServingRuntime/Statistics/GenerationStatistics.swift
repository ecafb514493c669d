package import ServingModel

/// What a generator has done since it was loaded.
package struct GenerationStatistics: Sendable, Equatable {
    /// Outcomes of one priority class.
    package struct Class: Sendable, Equatable {
        /// Requests that ended well, with both promises kept: first token in time, and the mean time
        /// per further token within its bound.
        package var inTime: UInt64 = 0
        /// Requests that ended well, with a promise broken.
        package var late: UInt64 = 0
        /// Requests refused, by reason.
        package var rejected: [RejectReason: UInt64] = [:]
        /// Time from arrival to the first step that the request rode.
        package var queue = LatencyHistogram()
        /// Time from arrival to the first token.
        package var firstToken = LatencyHistogram()
        /// Time between two tokens that follow each other.
        package var betweenTokens = LatencyHistogram()
        /// Time from arrival to the end, of requests that ended well.
        package var total = LatencyHistogram()
    }

    /// Requests that the model or a stop string ended.
    package var stopped: UInt64 = 0
    /// Requests that a limit ended.
    package var cutOff: UInt64 = 0
    /// Requests that the engine failed.
    package var failed: UInt64 = 0
    /// Requests whose client gave up.
    package var cancelled: UInt64 = 0
    /// Requests that the scheduler refused.
    package var rejected: UInt64 = 0
    /// Prompt tokens of requests that began to run, those found in the prefix cache included.
    package var promptTokens: UInt64 = 0
    /// Prompt tokens that were found in the prefix cache.
    package var cachedTokens: UInt64 = 0
    /// Requests that began to run.
    package var started: UInt64 = 0
    /// Requests that began with tokens of the prefix cache.
    package var prefixHits: UInt64 = 0
    /// Tokens that were generated.
    package var generatedTokens: UInt64 = 0
    /// Steps that ran.
    package var steps: UInt64 = 0
    /// Tokens that all steps fed together, prompts and answers.
    package var stepTokens: UInt64 = 0
    /// Time that all steps took together, sampling included.
    package var stepTime = Interval.zero
    /// Times that a running request was put back into the queue because memory ran short.
    package var preemptions: UInt64 = 0
    /// Of these, times that keys and values were kept in host memory.
    package var swaps: UInt64 = 0
    /// When the last step ended.
    package var lastStep: Instant?
    /// By position in the class table.
    package var classes: [Class]

    /// All zero, for a table of `classes` classes.
    package init(classes: Int) {
        self.classes = Array(repeating: Class(), count: classes)
    }
}
