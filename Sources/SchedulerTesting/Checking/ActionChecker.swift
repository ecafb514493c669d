package import ControlCore
package import SchedulerCore
package import ServingModel
package import TraceFormat

/// A model of the world around a scheduler that says no: it follows events and actions and refuses, by
/// name, every action that the contract does not allow.
///
/// It knows the contract and none of the policy: which of the legal batches is formed is not its
/// business. Feed it every step of a run, then call ``finish(at:)`` for the proof of conservation.
package struct ActionChecker: Sendable {
    /// Where a request is in its life.
    enum Life: Sendable, Equatable {
        case waiting
        case running
        case answered
        case rejected
        case cancelled
    }

    struct Record: Sendable {
        var arrival: Arrival
        var arrivedAt: Instant
        var life: Life
    }

    enum Seat: Sendable, Equatable {
        case absent
        case idle
        /// Absent, but may take one request alone.
        case trial
        case busy(until: Instant)
        case leaving(until: Instant)
        /// Idle, but not to work before it reports ready.
        case held(until: Instant)
    }

    /// What an observer may ask the scheduler after a step.
    package struct View {
        /// Requests that wait, by the scheduler's own count.
        package var queued: Int
        /// The timer it asks for.
        package var nextWakeup: Instant?

        /// Makes a view.
        package init(queued: Int, nextWakeup: Instant?) {
            self.queued = queued
            self.nextWakeup = nextWakeup
        }
    }

    /// What the scheduler was told, at its construction and since.
    private(set) var configuration: SchedulerConfiguration
    private let widestBatch: Int
    private let longestQueue: Int
    var records: [RequestID: Record] = [:]
    var seats: [Seat]
    var riders: [[RequestID]]
    var shapes: [ShapeCount] = []
    var waitingRequests = 0
    var waitingBytes = 0
    var waitingByClass: [Int]
    var batches: UInt64 = 0
    var isDraining = false
    /// Which variants are loaded, the full model first.
    var residentVariants: [Bool]
    var newcomer: RequestID?
    /// When, at the newcomer's arrival and before any launch, a batch could have started.
    var newcomerStart: Instant?

    /// Only requests of one queue share a batch.
    struct Queue: Sendable, Equatable {
        var shape: ShapeID
        var isExact: Bool
        var length: Int
    }

    /// Waiting and running requests of one queue.
    struct ShapeCount: Sendable {
        var queue: Queue
        var waiting = 0
        var batches = 0
    }

    /// A world without requests, all of whose instances are absent.
    package init(_ configuration: SchedulerConfiguration) {
        self.configuration = configuration
        widestBatch = configuration.maxBatchRows
        longestQueue = configuration.maxQueuedRequests
        residentVariants =
            [true] + configuration.cheaperVariants.map { _ in configuration.variantsAreResident }
        seats = Array(repeating: .absent, count: configuration.instances)
        riders = Array(repeating: [], count: configuration.instances)
        waitingByClass = Array(repeating: 0, count: configuration.classes.count)
    }

    /// Checks one step; `latency` answers what the scheduler knows of a shape after the step.
    package mutating func check(
        _ step: Step, _ view: View, latency: (ShapeID, VariantIndex) -> LatencyModel
    ) throws(Violation) {
        let now = step.input.at
        take(step.input)
        for action in step.actions {
            switch action {
            case .launch(let launch):
                try launched(launch, step.members, at: now, latency)
            case .reject(let id, let reason, _):
                try rejected(id, reason, step.input, latency)
            case .cancelled(let id):
                try withdrawn(id, step.input)
            }
        }
        try settle(step.input, view, latency)
    }

    /// Proves that every request that came has ended.
    package func finish(at now: Instant) throws(Violation) {
        let open = records.filter { $0.value.life == .waiting || $0.value.life == .running }
        guard let first = open.keys.min() else { return }
        throw Violation(
            rule: .lostRequest, at: now, detail: "\(open.count) requests, first \(first)")
    }

    // MARK: Events

    private mutating func take(_ input: TimedEvent) {
        newcomer = nil
        switch input.event {
        case .arrived(let arrival):
            newcomer = arrival.id
            newcomerStart = earliestStart(at: input.at)
            let classified = classified(arrival)
            records[arrival.id] = Record(
                arrival: classified, arrivedAt: input.at, life: .waiting)
            count(classified, 1)
        case .completed(let instance, _):
            vacate(instance)
        case .instanceReady(let instance):
            switch seats[instance.rawValue] {
            case .absent, .trial, .held: seats[instance.rawValue] = .idle
            case .leaving(let end): seats[instance.rawValue] = .busy(until: end)
            case .idle, .busy: break
            }
        case .instanceLost(let instance):
            switch seats[instance.rawValue] {
            case .idle, .trial, .held: seats[instance.rawValue] = .absent
            case .busy(let end): seats[instance.rawValue] = .leaving(until: end)
            case .absent, .leaving: break
            }
        case .probe(let instance):
            if seats[instance.rawValue] == .absent { seats[instance.rawValue] = .trial }
        case .draining:
            isDraining = true
        case .limited(let rows):
            configuration.maxBatchRows = min(max(rows, 1), widestBatch)
        case .queueLimited(let requests):
            configuration.maxQueuedRequests = min(max(requests, 1), longestQueue)
        case .variant(let variant, let isResident):
            residentVariants[variant.rawValue] = isResident
        case .held(let instance, let until):
            switch seats[instance.rawValue] {
            case .idle, .held: seats[instance.rawValue] = .held(until: until)
            case .absent, .trial, .busy, .leaving: break
            }
        case .cancelled, .timerFired, .turnedAway, .granted, .preferred:
            break
        }
    }

    private mutating func vacate(_ instance: InstanceID) {
        if case .leaving = seats[instance.rawValue] {
            seats[instance.rawValue] = .absent
        } else {
            seats[instance.rawValue] = .idle
        }
        if let first = riders[instance.rawValue].first, let arrival = records[first]?.arrival {
            change(queue(of: arrival)) { $0.batches -= 1 }
        }
        for id in riders[instance.rawValue] { records[id]?.life = .answered }
        riders[instance.rawValue].removeAll(keepingCapacity: true)
    }

    // MARK: Books

    mutating func count(_ arrival: Arrival, _ change: Int) {
        waitingRequests += change
        waitingBytes += change * arrival.bytes
        waitingByClass[classIndex(arrival)] += change
        self.change(queue(of: arrival)) { $0.waiting += change }
    }

    mutating func change(_ queue: Queue, _ body: (inout ShapeCount) -> Void) {
        let index = shapes.firstIndex { $0.queue == queue } ?? shapes.endIndex
        if index == shapes.endIndex { shapes.append(ShapeCount(queue: queue)) }
        body(&shapes[index])
        if shapes[index].waiting == 0 && shapes[index].batches == 0 {
            shapes.swapAt(index, shapes.count - 1)
            shapes.removeLast()
        }
    }

    /// Requests that want the full model wait apart from the others of their shape.
    func queue(of arrival: Arrival) -> Queue {
        Queue(
            shape: arrival.shape,
            isExact: !arrival.allowsCheaperVariant && residentVariants.count > 1,
            length: configuration.lengths?.padded(arrival.length) ?? 0)
    }

    /// Time that a request needs alone, by the quickest variant that it may have.
    func needed(
        by arrival: Arrival, _ latency: (ShapeID, VariantIndex) -> LatencyModel
    ) -> Interval {
        var quickest = latency(arrival.shape, .full)
        for variant in residentVariants.indices.dropFirst()
        where residentVariants[variant] && arrival.allowsCheaperVariant {
            let model = latency(arrival.shape, VariantIndex(variant))
            if model.isQuicker(than: quickest) { quickest = model }
        }
        let unit = configuration.lengths?.padded(arrival.length) ?? 1
        return quickest.latency(rows: arrival.rows * unit) + configuration.guardInterval
    }

    func classIndex(_ arrival: Arrival) -> Int {
        min(arrival.priorityClass.rawValue, configuration.classes.count - 1)
    }
}
