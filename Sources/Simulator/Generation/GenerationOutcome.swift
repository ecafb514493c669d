package import ServingModel

/// What became of the requests for text of one class.
package struct GenerationClassOutcome: Sendable, Equatable {
    /// The ends of the requests. *In time* is an answer that kept both promises; latencies are those from
    /// arrival to the last token.
    package var ends = ClassOutcome()
    /// From arrival to the first token, of all finished answers.
    package var firstToken = LatencyHistogram()
    /// Mean gap between the tokens of an answer, of finished answers with more than one.
    package var perToken = LatencyHistogram()
    /// Every gap between two tokens of finished answers.
    package var gaps = LatencyHistogram()
    /// Finished answers whose first token was late.
    package var firstTokenMissed = 0
    /// Finished answers whose further tokens were late.
    package var perTokenMissed = 0

    /// The outcome of no requests.
    package init() {}

    /// The sums of two outcomes.
    package static func + (
        left: GenerationClassOutcome, right: GenerationClassOutcome
    ) -> GenerationClassOutcome {
        var sum = left
        sum.ends = left.ends + right.ends
        sum.firstToken.add(right.firstToken)
        sum.perToken.add(right.perToken)
        sum.gaps.add(right.gaps)
        sum.firstTokenMissed += right.firstTokenMissed
        sum.perTokenMissed += right.perTokenMissed
        return sum
    }
}

/// What a simulated run of text generation led to.
package struct GenerationOutcome: Sendable, Equatable {
    /// Results of the requests that arrived after the warm-up, by class.
    package var classes: [GenerationClassOutcome]
    /// Durations of all steps that started after the warm-up.
    package var steps = LatencyHistogram()
    /// Tokens fed by those steps.
    package var fedTokens = 0
    /// Tokens that came while requests came, after the warm-up.
    package var generatedTokens = 0
    /// Prompt tokens of the counted requests that were given a slot.
    package var promptTokens = 0
    /// Of those, tokens that were found in the prefix cache.
    package var cachedTokens = 0
    /// Times that a counted request lost its place on the device.
    package var preemptions = 0
    /// Most tokens that the device held.
    package var peakKeyValueTokens = 0
    /// Time of the last event.
    package var end = Instant.origin
    /// Arrivals before this time are served but not counted.
    package let measuredFrom: Instant
    /// The last arrival that was counted.
    package var lastArrival = Instant.origin

    init(classes: Int, measuredFrom: Instant) {
        self.classes = Array(repeating: GenerationClassOutcome(), count: classes)
        self.measuredFrom = measuredFrom
    }

    /// All classes together.
    package var total: GenerationClassOutcome {
        classes.reduce(GenerationClassOutcome(), +)
    }

    /// Seconds over which counted requests arrived.
    package var measuredSeconds: Double { measuredFrom.interval(to: lastArrival).seconds }
}
