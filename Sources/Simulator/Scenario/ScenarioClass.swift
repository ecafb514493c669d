/// A class of requests: what it may expect, and its part of the traffic.
package struct ScenarioClass: Sendable, Equatable {
    /// Its name (`name`).
    package var name: String
    /// Its part of all arrivals; parts need not sum to one (`share`).
    package var share = 1.0
    /// Relative value of one request (`weight`).
    package var weight = 1
    /// Milliseconds from arrival to deadline (`deadline_ms`).
    package var deadlineMilliseconds: Double
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

    /// What `floor_share` is when the file does not say.
    package static func defaultFloorShare(at position: Int) -> Double {
        switch position {
        case 0: 0
        case 1: 0.10
        default: 0.05
        }
    }
}
