internal import GatewayCore
internal import ModelRepository
internal import ServingModel
internal import ServingRuntime

/// A model that turns text into vectors: `text` (BYTES, one element) in, `embedding` (FP32) out.
struct EmbeddingModel {
    let handle: ModelHandle
    /// Position of `embedding` among the outputs.
    private let output: Int
    /// Position of `tokens` among the outputs, where the model tells how many it read.
    private let counts: Int?
    /// Numbers of a vector.
    let dimensions: Int
    /// Lengths that a vector may be cut to, ascending; from the model's parameter `dimensions`.
    private let cuts: [Int]

    /// The model behind `handle`; `nil` when it does something else.
    init?(_ handle: ModelHandle) {
        let interface = handle.interface
        guard interface.inputs.count == 1, let input = interface.inputs.first,
            input.name == "text", input.dataType == .bytes,
            let output = interface.outputs.firstIndex(where: {
                $0.name == "embedding" && $0.dataType == .fp32
            }),
            let dimensions = interface.outputs[output].rowElements
        else { return nil }
        self.handle = handle
        self.output = output
        self.dimensions = dimensions
        counts = interface.outputs.firstIndex { $0.name == "tokens" && $0.dataType == .int32 }
        let list = handle.configuration.parameters["dimensions"] ?? ""
        cuts = list.split(separator: ",").compactMap { Int($0.filter { $0 != " " }) }
            .filter { $0 > 0 && $0 < dimensions }.sorted()
    }

    /// Checks that vectors of this length can be had.
    func check(dimensions wanted: Int?) throws(RequestProblem) {
        guard let wanted, wanted != dimensions, !cuts.contains(wanted) else { return }
        let list = (cuts + [dimensions]).map(String.init).joined(separator: ", ")
        throw RequestProblem("dimensions", "is \(wanted); this model gives \(list)")
    }

    /// One vector of an answer.
    struct Vector {
        var numbers: [Float]
        /// Tokens that the model read; `nil` where it does not tell.
        var tokens: Int?
    }

    /// The vector that the model answered, cut to `wanted` numbers. A cut vector has length 1 again.
    func vector(_ response: InferenceResponse, _ wanted: Int?) -> Vector {
        let bytes = response.bytes(of: output)
        let count = min(wanted ?? dimensions, dimensions)
        var numbers = (0..<count).map {
            bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self)
        }
        if count < dimensions {
            let length = numbers.reduce(into: Float(0)) { $0 += $1 * $1 }.squareRoot()
            if length > 0 { numbers = numbers.map { $0 / length } }
        }
        let tokens = counts.map { Int(response.bytes(of: $0).loadUnaligned(as: Int32.self)) }
        return Vector(numbers: numbers, tokens: tokens)
    }
}
