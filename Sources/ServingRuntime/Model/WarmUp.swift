internal import ControlCore
internal import EngineAPI
internal import ServingModel

/// Runs of zeros that bring an engine up to speed and teach the latency model its first line.
struct WarmUp {
    /// Batch sizes of the page; those beyond the model's own limit are replaced by the limit.
    private static let sizes = [1, 8, 32, 128, 256, 512]
    private static let repetitions = 4
    /// No warm-up starts another run after this, so that slow models load too.
    private static let budget = Interval.seconds(2)

    let interface: ModelInterface
    let clock: any RuntimeClock

    /// Warms one instance up and answers what was measured: empty when the model does not take zeros,
    /// which is not an error, because a variable model may refuse them.
    func run(on instance: any EngineInstance) -> [(rows: Int, took: Interval)] {
        let limit = max(interface.maxBatchSize, 1)
        var sizes = Self.sizes.filter { $0 < limit }
        sizes.append(limit)
        let begun = clock.now()
        var runs: [(rows: Int, took: Interval)] = []
        for rows in interface.isBatched ? sizes : [1] {
            let inputs = zeros(rows: rows)
            for repetition in 0...Self.repetitions {
                guard runs.isEmpty || begun.interval(to: clock.now()) < Self.budget else {
                    return runs
                }
                let started = clock.now()
                guard (try? instance.run(inputs)) != nil else { return runs }
                // The first run of a size pays for allocation and kernel selection.
                if repetition > 0 || interface.maxBatchSize > 512 {
                    runs.append((rows, started.interval(to: clock.now())))
                }
            }
        }
        return runs
    }

    /// Brings an instance up to speed whose costs are known: one run.
    func touch(_ instance: any EngineInstance) {
        // A model that refuses zeros is warmed up by its first request.
        _ = try? instance.run(zeros(rows: 1))
    }

    private func zeros(rows: Int) -> [Tensor] {
        interface.inputs.map { input in
            let dims = input.engineDims.map { max($0, 1) }
            let shape = interface.isBatched ? [rows] + dims : dims
            let elements = shape.reduce(1, *)
            // A string of length zero is four zero bytes, so zeros serve every element type.
            let buffer = TensorBuffer(byteCount: elements * (input.dataType.elementSize ?? 4))
            buffer.memory.initializeMemory(as: UInt8.self, repeating: 0)
            return Tensor(
                dataType: input.dataType, shape: shape, buffer: buffer,
                byteRange: 0..<elements * (input.dataType.elementSize ?? 4))
        }
    }
}
