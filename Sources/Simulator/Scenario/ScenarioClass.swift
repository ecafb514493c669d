/// A class of requests: what it may expect, and its part of the traffic.
package struct ScenarioClass: Sendable, Equatable {
    /// Its name (`name`).
    package var name: String
    /// Its part of all arrivals; parts need not sum to one (`share`).
    package var share = 1.0
    /// Relative value of one request (`weight`).
    package var weight = 1
    /// Milliseconds from arrival to deadline (`deadline_ms`); of generated text, to the first token
    /// (`ttft_ms`).
    package var deadlineMilliseconds: Double
    /// Milliseconds for each further token of generated text, on average over an answer (`tpot_ms`).
    package var perTokenMilliseconds = 0.0
    /// Part of the largest useful batch that waiting work of this class keeps (`floor_share`). When the
    /// file says nothing: 0 for the first class, 0.10 for the second, 0.05 for all others.
    package var floorShare = 0.0
    /// Modality of its requests, an index into the score table (`modality`).
    package var modality = 0

    /// A class with the defaults of every other key.
    package init(name: String, deadlineMilliseconds: Double) {
        self.name = name
        self.deadlineMilliseconds = deadlineMilliseconds
    }

    /// The classes of text generation when the file says nothing: time to the first token, time for each
    /// further one, weight and share of the scheduling notes.
    package static let ofGeneratedText: [ScenarioClass] = [
        ScenarioClass(name: "high", firstToken: 500, perToken: 40, weight: 8, share: 0.30),
        ScenarioClass(name: "medium", firstToken: 1_500, perToken: 60, weight: 3, share: 0.42),
        ScenarioClass(name: "low", firstToken: 8_000, perToken: 150, weight: 1, share: 0.28),
    ]

    /// A class of generated text; times in milliseconds.
    package init(
        name: String, firstToken: Double, perToken: Double, weight: Int = 1, share: Double = 1
    ) {
        self.init(name: name, deadlineMilliseconds: firstToken)
        perTokenMilliseconds = perToken
        self.weight = weight
        self.share = share
    }

    /// What `floor_share` is when the file does not say.
    package static func defaultFloorShare(at position: Int) -> Double {
        switch position {
        case 0: 0
        case 1: 0.10
        default: 0.05
        }
    }
}
