internal import EngineAPI
internal import Synchronization

/// A loaded synthetic model.
final class SyntheticModel: EngineModel {
    let name: String
    let signature: ModelSignature
    let isBatched: Bool
    let cost: SyntheticCost
    let wait: SyntheticEngine.Wait

    private let instances = Atomic(0)

    /// Stands for the weights: memory that is in use as long as the model is loaded.
    private let weights: TensorBuffer

    init(
        name: String, signature: ModelSignature, isBatched: Bool, cost: SyntheticCost,
        wait: @escaping SyntheticEngine.Wait
    ) {
        self.name = name
        self.signature = signature
        self.isBatched = isBatched
        self.cost = cost
        self.wait = wait
        weights = TensorBuffer(byteCount: cost.memoryBytes)
        // Memory counts only once it is written to.
        weights.memory.initializeMemory(as: UInt8.self, repeating: 1)
    }

    func makeInstance() throws(EngineError) -> any EngineInstance {
        SyntheticInstance(self, number: instances.add(1, ordering: .relaxed).oldValue)
    }
}
