import GatewayHTTP
import ServingModel
import ServingRuntime

/// What a decoder found, copied out of the memory that it points to.
struct DecodedBytes {
    var inputs: [[UInt8]]
    var decoded: DecodedInfer
}

/// Decodes a request whose bytes came in pieces of random size, each before an unreadable page.
struct PiecewiseDecoder {
    private let memories = (0..<5).map { _ in GuardedMemory(capacity: 1 << 16) }

    /// Decodes a request.
    ///
    /// - Parameter pieces: Pieces after the one that holds the JSON part, up to four.
    func decode(
        _ request: RenderedInfer, for interface: ModelInterface, pieces: Int = 0,
        _ generator: inout SeededGenerator
    ) throws -> DecodedBytes {
        var cuts = (0..<pieces).map { _ in generator.pick(0...request.binary.count) }.sorted()
        let first = request.json + request.binary[..<(cuts.first ?? request.binary.count)]
        cuts.append(request.binary.count)
        let more = zip(cuts, cuts.dropFirst()).enumerated().map { index, cut in
            memories[index + 1].place(Array(request.binary[cut.0..<cut.1]))
        }
        let needsLength = !request.binary.isEmpty || generator.chance(percent: 50)
        return try decode(
            memories[0].place(first), more, needsLength ? request.json.count : nil, interface)
    }

    /// Decodes any bytes as they are.
    func decode(
        _ bytes: [UInt8], headerLength: Int?, for interface: ModelInterface
    ) throws -> DecodedBytes? {
        let first = memories[0].place(bytes)
        guard let length = headerLength, length > bytes.count else {
            return try decode(first, [], headerLength, interface)
        }
        return nil
    }

    private func decode(
        _ first: UnsafeRawBufferPointer, _ more: [UnsafeRawBufferPointer], _ headerLength: Int?,
        _ interface: ModelInterface
    ) throws -> DecodedBytes {
        guard let body = InferBody(first: first, more: more, headerLength: headerLength) else {
            preconditionFailure("the first piece holds the JSON part")
        }
        let decoded =
            headerLength == 0
            ? try RawInfer.decode(body, for: interface)
            : try InferDecoder.decode(body, for: interface)
        defer { withExtendedLifetime((decoded, memories)) {} }
        let inputs = decoded.inputs.map { input in
            [UInt8](unsafeUninitializedCapacity: input.count) { target, count in
                if let base = target.baseAddress { input.copy(to: base) }
                count = input.count
            }
        }
        return DecodedBytes(inputs: inputs, decoded: decoded)
    }
}
