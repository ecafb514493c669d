import EngineAPI
import Foundation
import ServingModel

/// An engine whose models echo their input, fail to load when told to, and hold runs back.
///
/// Parameter `fail` of a model's configuration is the reason for which loading fails. A run whose first
/// number is ``held`` waits for ``release()``.
final class ScriptedEngine: Engine {
    /// The number that holds a run back.
    static let held: Float = 99

    let descriptor = EngineDescriptor(name: "scripted", aliases: [], defaultFileName: "")
    fileprivate let gate = Gate()

    func version() throws(EngineError) -> String { "1" }

    func load(_ source: ModelSource) throws(EngineError) -> any EngineModel {
        if let reason = source.parameters["fail"] { throw EngineError(.invalidModel, reason) }
        let offset = source.parameters["add"].flatMap(Float.init) ?? 0
        gate.note { $0.loads += 1 }
        return ScriptedModel(signature: source.declared, offset: offset, gate: gate)
    }

    /// Lets held runs go on, now and from now on.
    func release() { gate.note { $0.isOpen = true } }

    /// Models loaded so far.
    var loads: Int { gate.state.loads }

    /// Models and instances that are in memory.
    var alive: Int { gate.state.alive }

    /// Runs that are held back.
    var holding: Int { gate.state.holding }
}

/// What the models of one engine share.
///
/// `@unchecked Sendable`: the guard of the state is `condition`.
private final class Gate: @unchecked Sendable {
    struct State {
        var isOpen = false
        var holding = 0
        var loads = 0
        var alive = 0
    }

    private let condition = NSCondition()
    private var current = State()

    var state: State { condition.withLock { current } }

    func note(_ change: (inout State) -> Void) {
        condition.withLock {
            change(&current)
            condition.broadcast()
        }
    }

    func pass() {
        condition.withLock {
            current.holding += 1
            while !current.isOpen { condition.wait() }
            current.holding -= 1
        }
    }
}

private final class ScriptedModel: EngineModel {
    let signature: ModelSignature
    let offset: Float
    let gate: Gate

    init(signature: ModelSignature, offset: Float, gate: Gate) {
        self.signature = signature
        self.offset = offset
        self.gate = gate
        gate.note { $0.alive += 1 }
    }

    deinit { gate.note { $0.alive -= 1 } }

    func makeInstance() throws(EngineError) -> any EngineInstance { ScriptedInstance(self) }
}

private final class ScriptedInstance: EngineInstance {
    private let model: ScriptedModel

    init(_ model: ScriptedModel) { self.model = model }

    func run(_ inputs: [Tensor]) throws(EngineError) -> [Tensor] {
        let numbers = inputs[0].bytes.withMemoryRebound(to: Float.self) { Array($0) }
        if numbers.first == ScriptedEngine.held { model.gate.pass() }
        let output = TensorBuffer(byteCount: inputs[0].bytes.count)
        for (index, number) in numbers.enumerated() {
            output.memory.storeBytes(
                of: number + model.offset, toByteOffset: index * 4, as: Float.self)
        }
        return [Tensor(dataType: .fp32, shape: inputs[0].shape, buffer: output)]
    }
}
