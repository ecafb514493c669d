import EngineAPI
import ServingModel

/// A model whose runs a test can hold back, make fail, and look at.
final class ScriptedModel: EngineModel {
    /// One call of an instance.
    struct Run: Sendable {
        /// Number of the instance, in the order in which they were made.
        var instance: Int
        /// Tags of the requests in the batch, each once, in order.
        var tags: [Int]
        /// Rows of the batch.
        var rows: Int
        /// Shape of the input.
        var shape: [Int]
    }

    /// What happened so far, and what is allowed to happen.
    struct Stage: Sendable {
        /// Runs are refused before this, so that warm-up measures nothing.
        var isServing = false
        /// Whether instances run without asking.
        var isOpen = true
        /// Runs that each instance may still finish while the gate is closed.
        var permits: [Int: Int] = [:]
        /// Runs that have begun, in order.
        var runs: [Run] = []
        /// Instances ever made.
        var made = 0
        /// Instances that exist.
        var alive = 0
        /// Rows that fit the memory.
        var room = Int.max
    }

    /// Changes the outputs before they leave the engine.
    typealias Distortion = @Sendable ([Tensor]) -> [Tensor]

    let signature = ModelSignature(inputs: [], outputs: [])
    let stage = Scoreboard(Stage())
    private let distortion: Distortion
    private let onRun: @Sendable () -> Void
    private let failingInstance: Int?

    /// - Parameters:
    ///   - failingInstance: Number of the instance that cannot be made.
    ///   - onRun: Called while a batch is computed.
    ///   - distortion: Changes the outputs.
    init(
        failingInstance: Int? = nil, onRun: @escaping @Sendable () -> Void = {},
        distortion: @escaping Distortion = { $0 }
    ) {
        self.failingInstance = failingInstance
        self.onRun = onRun
        self.distortion = distortion
    }

    func makeInstance() throws(EngineError) -> any EngineInstance {
        let number = stage.update { stage in
            stage.made += 1
            return stage.made - 1
        }
        if number == failingInstance {
            throw EngineError(.outOfMemory, "no room for instance \(number)")
        }
        return ScriptedInstance(self, number: number)
    }

    /// Lets every instance run as it likes.
    func open() { stage.update { $0.isOpen = true } }

    /// Holds every run back that has not been let through.
    func close() { stage.update { $0.isOpen = false } }

    /// Lets one run of one instance finish.
    func letThrough(_ instance: Int) { stage.update { $0.permits[instance, default: 0] += 1 } }

    /// Returns when `count` runs have begun.
    func hasBegun(_ count: Int) async { await stage.until { $0.runs.count >= count } }

    fileprivate func compute(_ input: Tensor, on instance: Int) throws(EngineError) -> [Tensor] {
        let length = input.shape[1]
        let numbers = Rows.numbers(in: input.bytes)
        let rows = (0..<input.shape[0]).map { Array(numbers[$0 * length..<($0 + 1) * length]) }
        guard stage.value.isServing else { throw EngineError(.failed, "not serving yet") }
        var tags: [Int] = []
        for row in rows where tags.last != Int(row[0]) { tags.append(Int(row[0])) }
        stage.update {
            $0.runs.append(
                Run(instance: instance, tags: tags, rows: rows.count, shape: input.shape))
        }
        stage.wait(until: { $0.isOpen || $0.permits[instance, default: 0] > 0 }) {
            if !$0.isOpen { $0.permits[instance, default: 0] -= 1 }
        }
        onRun()
        guard rows.count <= stage.value.room else {
            throw EngineError(.outOfMemory, "\(rows.count) rows do not fit")
        }
        if rows.contains(where: { $0[1] == Rows.bomb }) {
            throw EngineError(.failed, "a secret of the engine")
        }
        if let row = rows.first(where: { $0[1] == Rows.poison }) {
            throw EngineError(.invalidInput, "row of request \(row[0]) is poison")
        }
        return distortion([
            Tensor(
                dataType: .int32, shape: [rows.count, 3],
                buffer: Rows.buffer(rows.flatMap(Rows.numbers))),
            Tensor(
                dataType: .bytes, shape: [rows.count, 1], buffer: Rows.buffer(rows.map(Rows.text))),
        ])
    }
}

/// One instance of the scripted model.
private final class ScriptedInstance: EngineInstance {
    private let model: ScriptedModel
    private let number: Int

    init(_ model: ScriptedModel, number: Int) {
        self.model = model
        self.number = number
        model.stage.update { $0.alive += 1 }
    }

    deinit { model.stage.update { $0.alive -= 1 } }

    func run(_ inputs: [Tensor]) throws(EngineError) -> [Tensor] {
        try model.compute(inputs[0], on: number)
    }
}
