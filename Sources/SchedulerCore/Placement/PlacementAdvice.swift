internal import ControlCore
internal import ServingModel

/// Which placement keeps a promise, and why.
///
/// Compares data-parallel replicas, gangs of every degree and mixes of the two (several gangs side by
/// side), by the bound for a batch device with `M` instances on one queue (``QueueTheory``):
/// a request just misses a batch, waits until the next instance is free and rides a whole batch,
/// `(1 + 1/M) a / (1 - λc/M)`. That is for instances which take turns evenly; in simulation they drift
/// together and a request waits a whole batch, so the expected P99 is that of two batches for every `M`,
/// times the factor for Poisson arrivals. A gang of `g` divides `a` and `c` by `g` and adds the all-reduce barrier to
/// both: the exchange itself, and waiting for the slowest member, `noise * E[max of g]`. Replicas divide
/// `λ` instead and have no barrier. So gangs win while there is little to do and a request waits for
/// computing; replicas win when the device time that barriers cost is needed for rows.
package struct PlacementAdvice: Sendable, Equatable {
    /// What was asked.
    package let question: PlacementQuestion

    /// All placements that use as many devices as their degree allows, the degree ascending.
    package let options: [PlacementOption]

    /// Answers `question`.
    package init(_ question: PlacementQuestion) {
        self.question = question
        options = (1...question.devices).map { Self.option(question, degree: $0) }
    }

    /// The placement that keeps the promise with most to spare; `nil` when none does.
    package var best: PlacementOption? {
        options.filter { $0.verdict == .keeps }.min {
            ($0.p99, $0.devices, $0.degree) < ($1.p99, $1.devices, $1.degree)
        }
    }

    /// The placement that comes closest to the promise, kept or not.
    package var closest: PlacementOption? {
        options.min { ($0.p99, $0.devices, $0.degree) < ($1.p99, $1.devices, $1.degree) }
    }

    private static func option(_ question: PlacementQuestion, degree: Int) -> PlacementOption {
        let members = Double(degree)
        let lag = question.noise * CommunicationCost.slowestOf(degree)
        let exchange = question.communication.perBatch(degree: degree)
        let exchangePerRow = question.communication.perRow(degree: degree)
        let base = question.base / members * (1 + lag) + exchange
        let perRow = question.perRow / members * (1 + lag) + exchangePerRow
        let resident = (question.memory.resident + degree - 1) / degree
        let rows = question.memory.rows(within: question.deviceMemory - resident)
        var option = PlacementOption(
            degree: degree, replicas: question.devices / degree, base: base, perRow: perRow,
            exchange: exchange, straggling: 0, maxRows: min(rows, question.maxBatchRows),
            capacity: 0, batch: 0, bound: .infinity, p99: .infinity, verdict: .doesNotFit)
        guard option.maxRows > 0 else { return option }
        let theory = QueueTheory(base: base, perRow: perRow, devices: option.replicas)
        option.capacity = theory.capacity(batch: option.maxRows)
        predict(&option, theory, question)
        option.exchange += exchangePerRow * option.batch
        option.straggling = lag * (question.base + question.perRow * option.batch) / members
        return option
    }

    private static func predict(
        _ option: inout PlacementOption, _ theory: QueueTheory, _ question: PlacementQuestion
    ) {
        let alone = option.base + option.perRow
        switch question.load {
        case .rate(let rate):
            guard rate < option.capacity, let batch = theory.stableBatch(rate: rate),
                let cycle = theory.cycle(rate: rate), let bound = theory.longestStay(rate: rate)
            else {
                option.verdict = .overloaded
                option.batch = Double(option.maxRows)
                return
            }
            option.batch = max(batch, 1)
            option.bound = max(bound, alone)
            option.p99 = max(1.99 * cycle * QueueTheory.poissonFactor, alone)
        case .concurrency(let clients):
            // Little's law, N = λW, with W two cycles a / (1 - λc/M): W = 2a + N c / M.
            let share = Double(clients) / Double(option.replicas)
            let waits = 1 + 1 / Double(option.replicas)
            option.batch = min(max(share / 2, 1), Double(option.maxRows))
            let batches = max(share / 2 / Double(option.maxRows), 1)
            option.bound = max(waits * option.base + share * option.perRow, alone)
            option.p99 = max(2 * batches * option.base + share * option.perRow, alone)
        }
        if alone > question.promise.milliseconds {
            option.verdict = .tooSlowAlone
        } else {
            option.verdict =
                option.p99 <= question.promise.milliseconds ? .keeps : .cycleTooLong
        }
    }
}
