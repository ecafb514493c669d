internal import ControlCore
package import ServingModel

/// How requests that are due within the same few milliseconds are ordered: the highest score first,
/// `0.4 (1 - cost / reference cost) + 0.3 reference slack / (reference slack + slack) + 0.3 weight`.
///
/// Deadlines are compared in slots, and every promise is made for the beginning of a request's slot,
/// so that the order within a slot cannot make anybody late.
package struct MultimodalScore: Sendable, Equatable {
    /// Length of a slot.
    package var slot = Interval.milliseconds(5)

    /// Device time of a request whose cost scores nothing.
    package var referenceCost: Interval

    /// Slack at arrival that scores half.
    package var referenceSlack: Interval

    /// A score; the references belong to the model.
    package init(referenceCost: Interval, referenceSlack: Interval) {
        self.referenceCost = referenceCost
        self.referenceSlack = referenceSlack
    }

    /// The score in [0, 1] of a request that needs the device for `cost` by itself, may wait for `slack`,
    /// and is of a modality with `weight`.
    package func value(cost: Interval, slack: Interval, weight: Double) -> Double {
        let cheapness = max(1 - cost.milliseconds / referenceCost.milliseconds, 0)
        let patience = referenceSlack.milliseconds
        let urgency = slack == .never ? 0 : patience / (patience + slack.milliseconds)
        return 0.4 * cheapness + 0.3 * urgency + 0.3 * weight
    }

    func validate() throws(ConfigurationProblem) {
        try require(slot > .zero, "a slot of deadlines has a length")
        try require(referenceCost > .zero, "a reference cost is above zero")
        try require(referenceSlack > .zero, "a reference slack is above zero")
    }
}

extension MultimodalScore {
    /// The place of a request in its queue: never later than its deadline, the same for all of a slot
    /// but for less than a microsecond, and earlier for a higher score.
    func key(of request: QueuedRequest) -> Instant {
        guard request.deadline != .distantFuture else { return .distantFuture }
        let due = request.deadline.nanoseconds
        let start = Instant(nanoseconds: due - due % slot.nanoseconds)
        return start - Interval(nanoseconds: UInt64(min(max(request.score, 0), 1_000)))
    }
}

extension Scheduler {
    /// The score of a newcomer in thousandths.
    func score(
        of request: QueuedRequest, _ modality: ModalityIndex, bucket: Int, _ score: MultimodalScore
    ) -> Int {
        let isKnown = modality.rawValue < configuration.modalities.count
        let weight = isKnown ? configuration.modalities[modality.rawValue].weight : 0
        let slack =
            request.deadline == .distantFuture
            ? .never : request.arrival.interval(to: request.deadline)
        let cost = buckets[bucket].latency.latency(rows: request.rows)
        return Int((1_000 * score.value(cost: cost, slack: slack, weight: weight)).rounded())
    }
}

/// One kind of input of a model with several, such as text or image.
package struct Modality: Sendable, Equatable {
    /// The name that configuration and reports use.
    package var name: String

    /// Its weight in the score, in [0, 1].
    package var weight: Double

    /// Its share of device time relative to the other modalities while several have work waiting in
    /// one class, above 0; `nil` for no share of its own.
    package var deviceShare: Double?

    /// The modality's own table of classes, most important first, as positions in the scheduler's
    /// table; empty for the scheduler's table itself.
    package var classes: [ClassIndex]

    /// Makes a modality.
    package init(
        _ name: String, weight: Double = 0, deviceShare: Double? = nil, classes: [ClassIndex] = []
    ) {
        self.name = name
        self.weight = weight
        self.deviceShare = deviceShare
        self.classes = classes
    }

    /// The scheduler's class of the modality's class; one beyond the table means the last.
    package func priorityClass(_ index: ClassIndex) -> ClassIndex {
        guard !classes.isEmpty else { return index }
        return classes[min(index.rawValue, classes.count - 1)]
    }

    func validate(classes count: Int) throws(ConfigurationProblem) {
        try require(weight >= 0 && weight <= 1, "modality \(name): weight \(weight) not in [0, 1]")
        try require(
            deviceShare.map { $0 > 0 } ?? true, "modality \(name): its device share is above 0")
        try require(
            classes.allSatisfy { $0.rawValue < count },
            "modality \(name): a class beyond the \(count) of the table")
    }
}
