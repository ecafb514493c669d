package import ServingModel

/// What the world outside does to a device that a generator and other models share.
package enum SharedStimulus: Sendable {
    /// Something about text, or about the device.
    case text(GenerationStimulus)
    /// Something about a model that batches.
    case batch(GroupStimulus)

    /// When it happens.
    package var at: Instant {
        switch self {
        case .text(let stimulus): stimulus.at
        case .batch(let stimulus): stimulus.at
        }
    }

    /// The stimulus, whose arrival announces another one only if `next` is one of the same model and instant.
    func truthful(before next: SharedStimulus?) -> SharedStimulus {
        guard case .batch(let stimulus) = self else { return self }
        guard case .batch(let following) = next else {
            return .batch(stimulus.truthful(before: nil))
        }
        return .batch(stimulus.truthful(before: following))
    }
}

/// The traffic of a generator and of the models beside it, merged in order of time; of one instant, text
/// comes first.
struct SharedTraffic<Text: IteratorProtocol<GenerationStimulus>>: Sequence, IteratorProtocol {
    private var text: Text
    private var batches: MergedTraffic
    private var nextText: GenerationStimulus?
    private var nextBatch: GroupStimulus?

    init(_ text: Text, beside batches: MergedTraffic) {
        self.text = text
        self.batches = batches
        nextText = self.text.next()
        nextBatch = self.batches.next()
    }

    /// The next stimulus of anybody.
    mutating func next() -> SharedStimulus? {
        if let stimulus = nextText, stimulus.at <= nextBatch?.at ?? .distantFuture {
            nextText = text.next()
            return .text(stimulus)
        }
        guard let stimulus = nextBatch else { return nil }
        nextBatch = batches.next()
        return .batch(stimulus)
    }
}
