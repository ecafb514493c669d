package import ServingModel

/// How many decisions are remembered, and who else wants to hear of them.
package struct DecisionSettings: Sendable {
    /// Records kept for each model; 0 for none.
    package var capacity: Int
    /// Of the requests that were answered as promised, one in so many is recorded.
    package var sampling: Int
    /// Told of every traced request that has ended, and of the model's name; returns at once.
    package var onTraced: (@Sendable (DecisionRecord, String) -> Void)?

    /// Keeps `capacity` records.
    package init(
        capacity: Int = 8_192, sampling: Int = 1,
        onTraced: (@Sendable (DecisionRecord, String) -> Void)? = nil
    ) {
        self.capacity = capacity
        self.sampling = sampling
        self.onTraced = onTraced
    }
}

/// The latest decisions about the requests of one model, of fixed memory.
///
/// Half of the room is for promises that were kept, half for all others, so that a flood of the one kind
/// does not wash the few of the other away. Memory is taken once, when the model starts; a record costs
/// one copy into it under a lock of its own, which a batch takes once.
package final class DecisionLog: Sendable {
    private struct State: ~Copyable {
        var kept: DecisionRing
        var broken: DecisionRing
        var sinceSample = 0

        mutating func note(_ record: DecisionRecord, sampling: Int) {
            guard record.isKept else { return broken.append(record) }
            sinceSample += 1
            guard sinceSample >= sampling else { return }
            sinceSample = 0
            kept.append(record)
        }
    }

    private let state: Guarded<State>
    private let settings: DecisionSettings
    private let model: String

    /// A log for the model of that name.
    package init(_ settings: DecisionSettings, model: String) {
        precondition(settings.capacity >= 0 && settings.sampling >= 1, "decisions out of bounds")
        self.settings = settings
        self.model = model
        let half = settings.capacity / 2
        state = Guarded(
            State(
                kept: DecisionRing(capacity: half),
                broken: DecisionRing(capacity: settings.capacity - half)))
    }

    /// Whether anybody wants records of requests that are not traced.
    package var isOn: Bool { settings.capacity > 0 }

    /// Notes one request that has ended.
    package func append(_ record: DecisionRecord) {
        append(CollectionOfOne(record)) { $0 }
    }

    /// Notes requests that ended together.
    func append<Request>(
        _ requests: some Collection<Request>, _ record: (Request) -> DecisionRecord
    ) {
        guard isOn || settings.onTraced != nil else { return }
        // Records are made inside: one at a time, straight into the ring.
        state.withLock { state in
            for request in requests {
                let record = record(request)
                if record.label.trace != nil { settings.onTraced?(record, model) }
                state.note(record, sampling: settings.sampling)
            }
        }
    }

    /// What is remembered of requests of that name, the latest first. Names are the clients' own, so
    /// several requests may have the same.
    package func find(_ name: String) -> [DecisionRecord] {
        let number = name.utf8.count <= 16 ? UInt64(name, radix: 16) : nil
        return matching { $0.label.name.isSpelled(name, number: number) }
            .sorted { $0.ended > $1.ended }
    }

    /// What is remembered of the requests that rode a batch.
    package func riders(of batch: BatchID) -> [DecisionRecord] {
        matching { $0.batch?.batch == batch }
    }

    /// The latest records of requests whose promise was not kept, the latest first.
    package func latestBroken(_ count: Int) -> [DecisionRecord] {
        state.withLock { $0.broken.latest(count) }
    }

    private func matching(_ isWanted: (DecisionRecord) -> Bool) -> [DecisionRecord] {
        state.withLock { state in
            state.broken.matching(isWanted) + state.kept.matching(isWanted)
        }
    }
}

/// A ring of records: full, each new one takes the place of the oldest.
struct DecisionRing: ~Copyable {
    private let capacity: Int
    private var records: [DecisionRecord] = []
    private var next = 0

    init(capacity: Int) {
        self.capacity = capacity
        records.reserveCapacity(capacity)
    }

    mutating func append(_ record: DecisionRecord) {
        guard capacity > 0 else { return }
        if records.count < capacity {
            records.append(record)
        } else {
            records[next] = record
            next = next + 1 == capacity ? 0 : next + 1
        }
    }

    func matching(_ isWanted: (DecisionRecord) -> Bool) -> [DecisionRecord] {
        records.filter(isWanted)
    }

    /// The latest `count`, the latest first.
    func latest(_ count: Int) -> [DecisionRecord] {
        (0..<min(count, records.count)).map {
            records[(next + records.count - 1 - $0) % records.count]
        }
    }
}
