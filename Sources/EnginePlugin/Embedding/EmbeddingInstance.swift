internal import CEnginePlugin
internal import EngineAPI
internal import ServingModel

/// Turns batches of texts into vectors on one thread. The texts of a batch are packed into as few
/// passes as their tokens allow, without padding.
final class EmbeddingInstance: EngineInstance {
    private let model: EmbeddingModel
    private let table: UnsafePointer<headway_plugin>
    private let embedder: OpaquePointer

    init(
        _ model: EmbeddingModel, _ options: headway_embedder_options
    ) throws(EngineError) {
        let library = model.handle.library
        var options = options
        do throws(EngineError) {
            embedder = try library.make {
                library.table.pointee.create_embedder(model.handle.pointer, &options, $0)
            }
        } catch {
            throw EngineError(error.kind, "model '\(model.name)': \(error.message)")
        }
        self.model = model
        table = library.table
    }

    deinit {
        table.pointee.free_embedder(embedder)
    }

    func run(_ inputs: [Tensor]) throws(EngineError) -> [Tensor] {
        try model.signature.check(inputs, batched: true)
        let rows = inputs[0].shape[0]
        var tokens: [Int32] = []
        var counts: [Int32] = []
        counts.reserveCapacity(rows)
        try inputs[0].forEachByteString { (row, bytes) throws(EngineError) in
            let found = try self.tokens(of: bytes, row: row)
            counts.append(Int32(found.count))
            tokens += found
        }
        let shape = [rows, model.width]
        let buffer = TensorBuffer(byteCount: rows * model.width * MemoryLayout<Float>.size)
        if rows > 0, let start = buffer.memory.baseAddress {
            let status = table.pointee.embed(
                embedder, tokens, counts, rows, start.assumingMemoryBound(to: Float.self))
            do throws(EngineError) {
                try model.handle.library.check(status)
            } catch {
                throw EngineError(error.kind, "model '\(model.name)': \(error.message)")
            }
        }
        let lengths = TensorBuffer(byteCount: rows * MemoryLayout<Int32>.size)
        counts.withUnsafeBytes { lengths.memory.copyMemory(from: $0) }
        return [
            Tensor(dataType: .fp32, shape: shape, buffer: buffer),
            Tensor(dataType: .int32, shape: [rows, 1], buffer: lengths),
        ]
    }

    private func tokens(
        of bytes: UnsafeRawBufferPointer, row: Int
    ) throws(EngineError) -> [Int32] {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw EngineError(.invalidInput, "text \(row) is not valid UTF-8")
        }
        let tokens = try model.handle.tokenize(text, addsSpecial: true, parsesSpecial: false)
        if tokens.isEmpty {
            throw EngineError(.invalidInput, "text \(row) is empty")
        }
        if tokens.count > model.longestText {
            throw EngineError(
                .invalidInput,
                "text \(row) has \(tokens.count) tokens, model '\(model.name)' takes at most "
                    + "\(model.longestText)")
        }
        return tokens
    }
}
