package import ServingModel

/// How much work a generator has.
package struct GenerationLoad: Sendable, Equatable {
    /// Requests that wait.
    package var waiting: Int
    /// Requests that hold a slot.
    package var running: Int
    /// Prompt tokens that wait.
    package var queuedTokens: Int
    /// Requests that wait, by position in the class table.
    package var waitingByClass: [Int]
    /// Tokens whose keys and values are held for running requests and kept prefixes.
    package var keyValueTokens: Int
    /// Those of them that are kept for requests that begin alike.
    package var cachedTokens: Int
    /// Tokens of requests that lost their slots whose keys and values are in host memory.
    package var swappedTokens: Int
    /// Room for keys and values, in tokens.
    package var keyValueCapacity: Int
    /// Tokens of one block of a prefix.
    package var blockTokens: Int
    /// Requests that wait or run.
    package var inFlight: Int
    /// Predicted duration of a step that feeds one token of a short sequence.
    package var predictedStep: Interval
    /// Predicted time that one more prompt token adds to a step.
    package var predictedToken: Interval

    /// Share of the room for keys and values that is taken, 0...1.
    package var keyValueShare: Double {
        keyValueCapacity > 0 ? Double(keyValueTokens) / Double(keyValueCapacity) : 0
    }

    /// A load; see the properties.
    package init(
        waiting: Int, running: Int, queuedTokens: Int, waitingByClass: [Int], keyValueTokens: Int,
        cachedTokens: Int, swappedTokens: Int = 0, keyValueCapacity: Int, blockTokens: Int,
        inFlight: Int,
        predictedStep: Interval, predictedToken: Interval
    ) {
        self.waiting = waiting
        self.running = running
        self.queuedTokens = queuedTokens
        self.waitingByClass = waitingByClass
        self.keyValueTokens = keyValueTokens
        self.cachedTokens = cachedTokens
        self.swappedTokens = swappedTokens
        self.keyValueCapacity = keyValueCapacity
        self.blockTokens = blockTokens
        self.inFlight = inFlight
        self.predictedStep = predictedStep
        self.predictedToken = predictedToken
    }
}
