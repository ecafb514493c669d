internal import ControlCore
internal import SchedulerCore
internal import ServingModel

/// Forming batches, straight from the specification in `docs/scheduling.md`.
extension NaiveScheduler {
    mutating func serve(at now: Instant) {
        serveTrials(at: now)
        for instance in seats.indices {
            guard seats[instance].isInService, seats[instance].job == nil,
                seats[instance].heldUntil == nil
            else { continue }
            giveUpHopeless(at: now)
            guard !waiting.isEmpty else { return }
            launch(on: instance, at: now)
        }
    }

    /// Gives each instance on trial the most urgent request of the least important class that has
    /// traffic, or any request where nobody else serves.
    mutating func serveTrials(at now: Instant) {
        for instance in seats.indices where seats[instance].isOnTrial && !waiting.isEmpty {
            giveUpHopeless(at: now)
            let isAlone = !seats.contains(where: \.isInService)
            let busy = traffic.indices.filter { traffic[$0].arrivals.value(at: now) > 0.0001 }
            let lowest = isAlone ? 0 : busy.last ?? 0
            let rider = waiting.filter { $0.classIndex >= lowest }.min {
                (-$0.classIndex, $0.key, $0.sequence) < (-$1.classIndex, $1.key, $1.sequence)
            }
            guard let rider else { continue }
            guard let shape = shapes.firstIndex(where: { $0.queue == rider.queue }) else {
                preconditionFailure("request \(rider.arrival.id) waits in no queue")
            }
            let state = shapes[shape]
            let end = now + state.models[0].latency(rows: rider.size) + configuration.guardInterval
            let variant = end <= rider.arrival.deadline ? 0 : allowed(state).last ?? 0
            var decision = Decision(self, shape: shape, variant: variant, at: now)
            launch([rider], of: shape, &decision, charges: true, on: instance, at: now)
            seats[instance].isOnTrial = false
        }
        refuseUnserved(at: now)
    }

    private mutating func launch(on instance: Int, at now: Instant) {
        let shape = nextShape(at: now)
        var decision = Decision(self, shape: shape, variant: 0, at: now)
        for variant in allowed(shapes[shape]).dropFirst()
        where decision.variant < preferred || !decision.suffices {
            decision = Decision(self, shape: shape, variant: variant, at: now)
        }
        let riders = decision.riders()
        launch(riders, of: shape, &decision, charges: false, on: instance, at: now)
    }

    private mutating func launch(
        _ riders: [Waiting], of shape: Int, _ decision: inout Decision, charges: Bool,
        on instance: Int, at now: Instant
    ) {
        if charges { for rider in riders { decision.charge(rider) } }
        accounts = decision.accounts
        served = decision.served
        let rows = riders.reduce(0) { $0 + $1.arrival.rows }
        let padded = riders.map { configuration.lengths?.padded($0.arrival.length) ?? 0 }.max() ?? 0
        let size = rows * max(padded, 1)
        waiting.removeAll { candidate in riders.contains { $0.sequence == candidate.sequence } }
        let predicted = shapes[shape].models[decision.variant].latency(rows: size)
        launched += 1
        shapes[shape].lastUsed = launched
        shapes[shape].running += 1
        seats[instance].job = Seat.Job(
            rows: size, shape: shape, variant: decision.variant, started: now,
            predictedEnd: now + predicted)
        let before = members.count
        members += riders.map(\.arrival.id)
        actions.append(
            .launch(
                Launch(
                    instance: InstanceID(instance), batch: BatchID(launched),
                    members: before..<members.count, rows: rows, predicted: predicted,
                    variant: VariantIndex(decision.variant), paddedLength: padded)))
    }

    /// The shape of the most important, then most urgent request; others collect credit for old work.
    private mutating func nextShape(at now: Instant) -> Int {
        let used = shapes.indices.filter { index in
            waiting.contains { $0.queue == shapes[index].queue }
        }
        let heads = used.compactMap { index in
            waiting.filter { $0.queue == shapes[index].queue }
                .min {
                    ($0.classIndex, $0.key, $0.sequence) < (
                        $1.classIndex, $1.key, $1.sequence
                    )
                }
                .map { (shape: index, head: $0) }
        }
        let best = heads.min {
            ($0.head.classIndex, $0.head.key, $0.head.sequence)
                < ($1.head.classIndex, $1.head.key, $1.head.sequence)
        }
        guard var best else { preconditionFailure("no shape waits") }
        if let fair = fairShape(best.head.classIndex, at: now) { best.shape = fair }
        for index in used where index != best.shape {
            var share = 0.0
            for classIndex in configuration.classes.indices {
                guard let head = head(classIndex, shapes[index].queue),
                    isAged(waiting[head], at: now)
                else { continue }
                share += configuration.classes[classIndex].floorShare
            }
            shapes[index].credit = share > 0 ? shapes[index].credit + share : 0
            if shapes[index].credit >= 1 {
                shapes[index].credit = 0
                return index
            }
        }
        return best.shape
    }

    func isAged(_ request: Waiting, at now: Instant) -> Bool {
        let allowed = request.arrivedAt.interval(to: request.arrival.deadline)
        return request.arrivedAt.interval(to: now) > allowed / 2
    }

    /// One batch decision on a frozen copy of the queues.
    struct Decision {
        let now: Instant
        let variant: Int
        let latency: LatencyModel
        let guardInterval: Interval
        let maxRows: Int
        let deadlineRows: Int
        let floorRows: Int
        let rates: [Double]
        /// Over the last moments only, and how long those are in milliseconds.
        let recentRates: [Double]
        let recentWindow: Double
        let overloaded: [Bool]
        let patience: [Interval]
        let reserved: [Int]
        /// By class, in deadline order.
        let queues: [[Waiting]]
        /// Charged as requests board.
        var accounts: [Account]
        var served: [Double]
        let hasTenants: Bool
        let burst: BurstSplit?
        /// What waits with other lengths of the same shape, by length and class.
        let otherLengths: [[[Waiting]]]
        let maxItems: Int
        let maxUnits: Int
        let shed: Double
        /// Instances that share the traffic.
        let serving: Int
        /// Tightest relative deadline of each class.
        let tightest: [Interval]
        /// Rows that wait, of any shape, by class.
        let waitingRows: [Int]

        init(_ scheduler: NaiveScheduler, shape: Int, variant: Int, at now: Instant) {
            let configuration = scheduler.configuration
            let latency = scheduler.shapes[shape].models[variant]
            self.now = now
            self.variant = variant
            accounts = scheduler.accounts
            served = scheduler.served
            hasTenants = scheduler.hasTenants
            burst = configuration.burstSplit
            otherLengths = scheduler.otherLengths(shape)
            maxItems = configuration.maxBatchRows
            maxUnits = scheduler.maxBatchSize
            shed = scheduler.shed.value(at: now)
            self.latency = latency
            guardInterval = configuration.guardInterval
            floorRows = latency.rows(atEfficiency: configuration.minEfficiency)
            let rates = scheduler.traffic.map { $0.arrivals.value(at: now) }
            self.rates = rates
            recentRates = scheduler.traffic.map { $0.recent.value(at: now) }
            recentWindow = 2 * scheduler.traffic[0].recent.timeConstant
            overloaded = scheduler.traffic.indices.map {
                configuration.fastFail == .head
                    && scheduler.traffic[$0].rejects.value(at: now) > 0.01 * rates[$0]
            }
            patience = scheduler.traffic.map { ($0.tightest - configuration.guardInterval) / 2 }
            let busy = scheduler.traffic.indices.filter { rates[$0] > 0.0001 }
            let tightest = busy.map { scheduler.traffic[$0].tightest }.min() ?? .never
            self.tightest = scheduler.traffic.map(\.tightest)
            waitingRows = scheduler.traffic.indices.map { index in
                scheduler.waiting.reduce(0) { $0 + ($1.classIndex == index ? $1.size : 0) }
            }
            let useful = latency.rows(within: (tightest - configuration.guardInterval) / 2)
            let deadlineRows = min(max(useful, 1), scheduler.maxBatchSize)
            self.deadlineRows = deadlineRows

            let length = max(scheduler.shapes[shape].queue.length, 1)
            let largest = min(configuration.maxBatchRows * length, scheduler.maxBatchSize)
            let instances = scheduler.seats.count { $0.isInService }
            serving = max(instances, 1)
            if instances > 1 {
                let queued = scheduler.waiting.reduce(0) { $0 + $1.size }
                let rate = rates.reduce(0, +) / Double(instances)
                let fair = max(
                    1.2 * latency.stableRows(rate: rate), Double(queued) / Double(instances), 1)
                maxRows = max(
                    min(
                        largest,
                        Int(min(fair.rounded(.up), Double(deadlineRows)))),
                    1)
            } else {
                maxRows = largest
            }
            let queues = configuration.classes.indices.map { index in
                scheduler.waiting
                    .filter {
                        $0.classIndex == index && $0.queue == scheduler.shapes[shape].queue
                    }
                    .sorted { scheduler.precedes($0, $1) }
            }
            self.queues = queues
            reserved = configuration.classes.indices.map { index in
                guard index > 0, let head = queues[index].first, scheduler.isAged(head, at: now)
                else { return 0 }
                let share = configuration.classes[index].floorShare * Double(deadlineRows)
                return min(
                    Int(share.rounded(.up)), queues[index].reduce(0) { $0 + $1.size })
            }
        }
    }
}
