package import EngineAPI
internal import ServingModel

/// Runs batches on one engine instance, or one of each variant of the model, and turns what comes out into completions. Confined to the
/// instance's thread.
struct BatchRunner {
    private let interface: ModelInterface
    /// The variants, the full model first, as far as they are in memory; as long as the thread lives, which ends
    /// before the model does.
    private var models: [(any EngineModel)?]
    /// One of each of them.
    private var instances: [(any EngineInstance)?]
    /// Names of the variants; empty where there is but one.
    private let variants: [String]
    private let clock: any RuntimeClock
    private var assembler: BatchAssembler
    private let check: OutputCheck?

    /// Makes an engine's instance of each variant, on the thread that will run them.
    init(
        _ specification: ServingSpecification, _ models: [any EngineModel],
        clock: any RuntimeClock
    ) throws(EngineError) {
        interface = specification.interface
        variants = specification.variants
        let absent = max(specification.variants.count - models.count, 0)
        self.models = models + Array(repeating: nil, count: absent)
        instances = try self.models.makeInstances()
        self.clock = clock
        assembler = BatchAssembler(specification.interface)
        check = specification.checksOutputs ? OutputCheck(specification.interface) : nil
    }

    /// Warms the instances up, for long unless their costs are known, and answers what that measured.
    func start(isKnown: Bool) -> InstanceStart {
        let warmUp = WarmUp(interface: interface, clock: clock)
        guard !isKnown else {
            for case .some(let instance) in instances { warmUp.touch(instance) }
            return InstanceStart()
        }
        let begun = clock.now()
        let runs = instances.map { $0.map(warmUp.run) ?? [] }
        return InstanceStart(runs: runs, warmUp: begun.interval(to: clock.now()))
    }

    /// Makes the instances anew, and warms them up. Where that fails the old ones stay.
    mutating func renew() throws(EngineError) {
        instances = try models.makeInstances()
        _ = start(isKnown: true)
        ProcessUsage.returnMemory()
    }

    /// Makes what is missing of these models, the full one first, and drops what is not among them. Where one
    /// cannot be made the others are there.
    mutating func hold(_ wanted: [(any EngineModel)?]) throws(EngineError) {
        for index in instances.indices.dropFirst() {
            let model = index < wanted.count ? wanted[index] : nil
            guard model !== models[index] else { continue }
            instances[index] = nil
            models[index] = nil
            guard let model else { continue }
            let instance = try model.makeInstance()
            WarmUp(interface: interface, clock: clock).touch(instance)
            models[index] = model
            instances[index] = instance
        }
    }

    /// Drops the cheaper variants.
    mutating func holdOnlyFull() {
        for index in instances.indices.dropFirst() {
            instances[index] = nil
            models[index] = nil
        }
    }

    /// What one batch came to.
    struct Outcome {
        var completions: [Completion]
        /// Why the batch failed, if it did.
        var failure: EngineError?
        /// Most rows that fit the memory, where the batch had too many.
        var fittingRows: Int?
        var assembly: Interval
        var compute: Interval
    }

    /// Runs a batch. When the engine rejects the inputs of several requests together, each of them is
    /// tried alone, so that one bad request does not fail its neighbours.
    mutating func run(_ batch: Batch) -> Outcome {
        let outcome = attempt(batch)
        guard let check else { return outcome }
        return outcome.judged(by: check)
    }

    private mutating func attempt(_ batch: Batch) -> Outcome {
        let started = clock.now()
        do {
            let output = try compute(
                batch.requests, rows: batch.rows, variant: batch.variant, since: batch.launched)
            return Outcome(
                completions: share(output, among: batch.requests, launched: batch.launched),
                assembly: output.assembly,
                compute: output.compute)
        } catch let error {
            if error.kind == .outOfMemory, batch.requests.count > 1 {
                return runHalves(of: batch, error, started: started)
            }
            let compute = started.interval(to: clock.now())
            let completions =
                error.kind == .invalidInput && batch.requests.count > 1
                ? batch.requests.map { runAlone($0, of: batch) }
                : batch.requests.map {
                    Completion(request: $0, result: .failure(ServingError(error)))
                }
            return Outcome(
                completions: completions, failure: error,
                assembly: batch.launched.interval(to: started), compute: compute)
        }
    }

    /// Tries each half of a batch that is too large for the memory, once, and tells what fits. What the
    /// operator is told is the failure of the whole.
    private mutating func runHalves(
        of batch: Batch, _ error: EngineError, started: Instant
    ) -> Outcome {
        let middle = batch.requests.count / 2
        var completions: [Completion] = []
        var fitting = 0
        for half in [batch.requests[..<middle], batch.requests[middle...]] {
            let requests = Array(half)
            let rows = requests.reduce(0) { $0 + $1.rows }
            do {
                let output = try compute(
                    requests, rows: rows, variant: batch.variant, since: batch.launched)
                completions += share(output, among: requests, launched: batch.launched)
                fitting = max(fitting, rows)
            } catch let error {
                completions += requests.map {
                    Completion(request: $0, result: .failure(ServingError(error)))
                }
            }
        }
        return Outcome(
            completions: completions, failure: error,
            fittingRows: fitting > 0 ? fitting : max(batch.rows / 4, 1),
            assembly: batch.launched.interval(to: started),
            compute: started.interval(to: clock.now()))
    }

    private mutating func runAlone(_ request: InferenceRequest, of batch: Batch) -> Completion {
        do {
            let output = try compute(
                [request], rows: request.rows, variant: batch.variant, since: batch.launched)
            let response = InferenceResponse(
                batch: output, rows: 0..<request.rows,
                queued: request.arrival.interval(to: batch.launched))
            return Completion(request: request, result: .success(response))
        } catch let error {
            return Completion(request: request, result: .failure(ServingError(error)))
        }
    }

    private mutating func compute(
        _ requests: [InferenceRequest], rows: Int, variant: Int, since launched: Instant
    ) throws(EngineError) -> BatchOutput {
        let inputs = assembler.gather(requests, rows: rows)
        let started = clock.now()
        guard let instance = instances[variant] else {
            throw EngineError(.failed, "variant '\(variants[variant])' is not in memory")
        }
        let outputs = try instance.run(inputs)
        let ended = clock.now()
        guard outputs.count == interface.outputs.count else {
            throw EngineError(
                .failed,
                "the engine answered \(outputs.count) of \(interface.outputs.count) outputs")
        }
        if let problem = check?.problem(in: outputs) { throw EngineError(.failed, problem) }
        for (output, wanted) in zip(outputs, interface.outputs)
        where output.dataType != wanted.dataType {
            throw EngineError(
                .failed,
                "the engine answered \(output.dataType.rawValue) for output '\(wanted.name)', "
                    + "which is \(wanted.dataType.rawValue)")
        }
        do {
            return try BatchOutput(
                tensors: outputs, isBatched: interface.isBatched, rows: rows,
                requests: requests.count, assembly: launched.interval(to: started),
                compute: started.interval(to: ended),
                variant: variants.isEmpty ? nil : variants[variant])
        } catch let error {
            throw EngineError(.failed, error.message)
        }
    }

    private func share(
        _ output: BatchOutput, among requests: [InferenceRequest], launched: Instant
    ) -> [Completion] {
        var row = 0
        return requests.map { request in
            let response = InferenceResponse(
                batch: output, rows: row..<row + request.rows,
                queued: request.arrival.interval(to: launched))
            row += request.rows
            return Completion(request: request, result: .success(response))
        }
    }
}

extension BatchRunner.Outcome {
    /// The same without answers whose numbers are not finite. Numbers that were not finite when they came in
    /// are the client's doing. The engine has failed when that leaves less than half of the answers: one
    /// client with strange numbers shall not take an instance out.
    func judged(by check: OutputCheck) -> Self {
        var judged = self
        var doubtful = 0
        for (index, completion) in completions.enumerated() {
            guard case .success(let response) = completion.result, !check.isSound(response) else {
                continue
            }
            let isOwnDoing = !check.isSound(completion.request)
            if !isOwnDoing { doubtful += 1 }
            judged.completions[index] = Completion(
                request: completion.request,
                result: .failure(isOwnDoing ? .notFiniteInput : .notFiniteOutput))
        }
        if failure == nil, doubtful * 2 > completions.count {
            judged.failure = EngineError(
                .failed,
                "the engine answered \(doubtful) of \(completions.count) requests with numbers that are "
                    + "not finite")
        }
        return judged
    }
}

extension ServingError {
    fileprivate static let notFiniteInput = ServingError(
        .invalidArgument, "the input has numbers that are not finite, and so has the answer")
    fileprivate static let notFiniteOutput = ServingError(
        .engineFailed, "the model answered numbers that are not finite")

    /// What a client is told of an engine's failure: bad input is its own doing and is explained,
    /// anything else is not.
    package init(_ error: EngineError) {
        switch error.kind {
        case .invalidInput: self.init(.invalidArgument, error.message)
        case .unavailable: self.init(.notReady, error.message)
        case .outOfMemory, .failed, .invalidModel:
            self.init(
                .engineFailed, "the engine failed on this batch; the server's log has details")
        }
    }
}

extension [(any EngineModel)?] {
    /// Makes an engine's instance of each that is there.
    fileprivate func makeInstances() throws(EngineError) -> [(any EngineInstance)?] {
        var instances: [(any EngineInstance)?] = []
        for model in self { instances.append(try model?.makeInstance()) }
        return instances
    }
}
