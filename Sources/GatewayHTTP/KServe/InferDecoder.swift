internal import EngineAPI
internal import GatewayCore
package import ServingModel
package import ServingRuntime

/// Reads a KServe v2 infer request with Triton's binary-tensor extension, in one pass, and checks it
/// against the model: names, element types, shapes, sizes.
package struct InferDecoder {
    private let interface: ModelInterface
    private let body: InferBody
    private var result = DecodedInfer()
    private var inputs: [Input?]
    private var binaryOffset = 0
    private var outputsAreBinary = false
    private var requested: [Wanted] = []

    /// One input as the request describes it.
    private struct Input {
        var bytes: InputBytes
        /// Where they lie behind the JSON part, if they do.
        var span: Range<Int>?
        var shape: [Int]
    }

    /// One output as the request asks for it.
    private struct Wanted {
        var index: Int
        var isBinary: Bool?
        var classification: Int
    }

    private init(_ interface: ModelInterface, _ body: InferBody) {
        self.interface = interface
        self.body = body
        inputs = Array(repeating: nil, count: interface.inputs.count)
    }

    /// Reads a request.
    ///
    /// - Throws: ``ServingError`` `invalidArgument` that names what was wrong and what is allowed.
    package static func decode(
        _ body: InferBody, for interface: ModelInterface
    ) throws(ServingError) -> DecodedInfer {
        var decoder = InferDecoder(interface, body)
        var scanner = JSONScanner(body.header)
        try decoder.readRequest(&scanner)
        return try decoder.finish()
    }

    // MARK: Reading

    private mutating func readRequest(_ scanner: inout JSONScanner) throws(ServingError) {
        var hasInputs = false
        try scanner.members(of: "the request") { (scanner, key) throws(ServingError) in
            if key.equals("inputs") {
                hasInputs = true
                try scanner.elements(of: "'inputs'") { (scanner) throws(ServingError) in
                    try readInput(&scanner)
                }
            } else if key.equals("outputs") {
                try scanner.elements(of: "'outputs'") { (scanner) throws(ServingError) in
                    try readOutput(&scanner)
                }
            } else if key.equals("parameters") {
                try readParameters(&scanner)
            } else if key.equals("id") {
                result.id = try scanner.string()
            } else {
                try scanner.skipValue()
            }
        }
        try scanner.expectEnd()
        guard hasInputs else { throw ServingError(.invalidArgument, "the request has no 'inputs'") }
    }

    private mutating func readParameters(_ scanner: inout JSONScanner) throws(ServingError) {
        try scanner.members(of: "'parameters'") { (scanner, key) throws(ServingError) in
            if key.equals("priority") {
                result.wish.priority = try scanner.named("'priority'") { (s) throws(ServingError) in
                    try s.integer(UInt64.self)
                }
            } else if key.equals("timeout") {
                let timeout = try scanner.named("'timeout'") { (s) throws(ServingError) in
                    try s.integer(UInt64.self)
                }
                result.wish.timeout = .microseconds(timeout)
            } else if key.equals("binary_data_output") {
                outputsAreBinary = try scanner.named("'binary_data_output'") {
                    (s) throws(ServingError) in
                    try s.boolean()
                }
            } else if key.equals("sequence_id") {
                try scanner.refuseSequence()
            } else {
                try scanner.skipValue()
            }
        }
    }

    private mutating func readInput(_ scanner: inout JSONScanner) throws(ServingError) {
        var tensor = TensorText()
        let start = scanner
        do throws(ServingError) {
            try scanner.members(of: "an input") { (scanner, key) throws(ServingError) in
                try tensor.read(key, &scanner)
            }
        } catch {
            let name = tensor.name?.string ?? start.nameOfObject()
            throw name.map { error.about("input '\($0)'") } ?? error
        }
        guard let name = tensor.name else {
            throw ServingError(.invalidArgument, "an input has no 'name'")
        }
        guard let index = interface.inputs.firstIndex(where: { name.equals($0.name) }) else {
            let known = interface.inputs.map { "'\($0.name)'" }.joined(separator: ", ")
            throw ServingError(
                .invalidArgument,
                "unknown input '\(name.string ?? "?")'; model '\(interface.name)' takes \(known)")
        }
        let spec = interface.inputs[index]
        guard inputs[index] == nil else {
            throw ServingError(.invalidArgument, "input '\(spec.name)' is given twice")
        }
        let shape = try tensor.checkedShape(for: spec)
        let elements = try spec.elementCount(of: shape, isBatched: interface.isBatched)
        if let size = tensor.binarySize {
            guard !tensor.hasData else {
                throw ServingError(
                    .invalidArgument,
                    "input '\(spec.name)' has both 'data' and 'binary_data_size'; send one of them")
            }
            let offset = binaryOffset
            inputs[index] = Input(
                bytes: try takeBinary(size, spec, elements: elements), span: offset..<offset + size,
                shape: shape)
        } else {
            let buffer = try tensor.buffer(scanner, name, spec.dataType, elements: elements)
            result.owners.append(buffer)
            inputs[index] = Input(
                bytes: InputBytes(buffer.bytes), span: nil, shape: shape)
        }
    }

    private mutating func takeBinary(
        _ size: Int, _ spec: TensorInterface, elements: Int
    ) throws(ServingError) -> InputBytes {
        if let elementSize = spec.dataType.elementSize, size != elements * elementSize {
            throw ServingError(
                .invalidArgument,
                "input '\(spec.name)' has \(size) bytes of binary data, its shape and element type "
                    + "\(spec.dataType.rawValue) say \(elements * elementSize)")
        }
        guard size <= body.binaryCount - binaryOffset else {
            throw ServingError(
                .invalidArgument,
                "input '\(spec.name)' announces \(size) bytes of binary data, "
                    + "\(body.binaryCount - binaryOffset) are left in the request")
        }
        let bytes = body.binary(at: binaryOffset, count: size)
        binaryOffset += size
        if spec.dataType == .bytes { try ByteStrings.check(bytes, spec.name, count: elements) }
        return bytes
    }

    private mutating func readOutput(_ scanner: inout JSONScanner) throws(ServingError) {
        var output = OutputText()
        try scanner.members(of: "an output") { (scanner, key) throws(ServingError) in
            try output.read(key, &scanner)
        }
        guard let name = output.name else {
            throw ServingError(.invalidArgument, "an output has no 'name'")
        }
        guard let index = interface.outputs.firstIndex(where: { name.equals($0.name) }) else {
            let known = interface.outputs.map { "'\($0.name)'" }.joined(separator: ", ")
            throw ServingError(
                .invalidArgument,
                "unknown output '\(name.string ?? "?")'; model '\(interface.name)' has \(known)")
        }
        guard !requested.contains(where: { $0.index == index }) else {
            throw ServingError(
                .invalidArgument, "output '\(interface.outputs[index].name)' is requested twice")
        }
        requested.append(
            Wanted(index: index, isBinary: output.isBinary, classification: output.classification))
    }

    // MARK: Checking the whole

    private mutating func finish() throws(ServingError) -> DecodedInfer {
        guard binaryOffset == body.binaryCount else {
            throw ServingError(
                .invalidArgument,
                "\(body.binaryCount - binaryOffset) bytes follow the last input's binary data")
        }
        var rows: Int?
        var shapes: [[Int]] = []
        for (spec, input) in zip(interface.inputs, inputs) {
            guard let input else {
                throw ServingError(.invalidArgument, "input '\(spec.name)' is missing")
            }
            if interface.isBatched {
                let own = input.shape[0]
                guard rows ?? own == own else {
                    throw ServingError(
                        .invalidArgument,
                        "input '\(spec.name)' has \(own) rows, the inputs before it \(rows ?? 0)")
                }
                rows = own
            }
            result.inputs.append(input.bytes)
            if let span = input.span { result.spans.append(span) }
            if interface.hasOpenShapes {
                let dims = interface.isBatched ? Array(input.shape.dropFirst()) : input.shape
                shapes.append(spec.engineDims(for: dims))
            }
        }
        result.rows = rows ?? 1
        try interface.check(rows: result.rows)
        result.shapes = interface.hasOpenShapes ? shapes : nil
        result.outputs =
            requested.isEmpty
            ? interface.outputs.indices.map {
                RequestedOutput(index: $0, isBinary: outputsAreBinary)
            }
            : requested.map {
                RequestedOutput(
                    index: $0.index, isBinary: $0.isBinary ?? outputsAreBinary,
                    classification: $0.classification)
            }
        return result
    }
}
