internal import EngineAPI
internal import ServingModel
internal import ServingRuntime

/// The members of one input object, in whatever order they come.
struct TensorText {
    var name: JSONText?
    var dataType: JSONText?
    var shape: [Int]?
    var binarySize: Int?

    private var data: TensorBuffer?
    private var dataPosition: Int?

    /// Whether the tensor came as JSON.
    var hasData: Bool { data != nil || dataPosition != nil }

    /// Reads one member.
    ///
    /// Data may be read by the members before it, so none of them may come a second time and say
    /// something else.
    mutating func read(_ key: JSONText, _ scanner: inout JSONScanner) throws(ServingError) {
        if key.equals("name") {
            try Self.refuseSecond("name", name != nil)
            name = try scanner.text()
        } else if key.equals("datatype") {
            try Self.refuseSecond("datatype", dataType != nil)
            dataType = try scanner.text()
        } else if key.equals("shape") {
            try Self.refuseSecond("shape", shape != nil)
            shape = try scanner.named("'shape'") { (s) throws(ServingError) in try s.shape() }
        } else if key.equals("parameters") {
            try readParameters(&scanner)
        } else if key.equals("data") {
            try Self.refuseSecond("data", hasData)
            // Clients write `data` last as a rule, and then it is read in one pass; otherwise its
            // place is noted until element type and shape are known.
            if let name, let shape, let type = dataType?.dataType, let count = shape.elements {
                data = try JSONTensor.read(&scanner, name: name, dataType: type, count: count)
            } else {
                scanner.skipSpace()
                dataPosition = scanner.position
                try scanner.skipValue()
            }
        } else {
            try scanner.skipValue()
        }
    }

    private static func refuseSecond(
        _ member: StaticString, _ isSecond: Bool
    ) throws(ServingError) {
        if isSecond { throw ServingError(.invalidArgument, "'\(member)' is given twice") }
    }

    private mutating func readParameters(_ scanner: inout JSONScanner) throws(ServingError) {
        try scanner.members(of: "an input's 'parameters'") { (scanner, key) throws(ServingError) in
            if key.equals("binary_data_size") {
                binarySize = try scanner.named("'binary_data_size'") { (s) throws(ServingError) in
                    try s.binarySize()
                }
            } else if key.equals("shared_memory_region") {
                throw ServingError(.unsupported, "shared memory is not supported by this server")
            } else {
                try scanner.skipValue()
            }
        }
    }

    /// The shape, once it and the element type are known to fit the model's input.
    func checkedShape(for spec: TensorInterface) throws(ServingError) -> [Int] {
        guard let dataType else {
            throw ServingError(.invalidArgument, "input '\(spec.name)' has no 'datatype'")
        }
        guard dataType.equals(spec.dataType.rawValue) else {
            throw ServingError(
                .invalidArgument,
                "input '\(spec.name)' has datatype '\(dataType.string ?? "?")', "
                    + "the model takes \(spec.dataType.rawValue)")
        }
        guard let shape else {
            throw ServingError(.invalidArgument, "input '\(spec.name)' has no 'shape'")
        }
        return shape
    }

    /// The tensor's JSON data.
    func buffer(
        _ scanner: JSONScanner, _ name: JSONText, _ type: DataType, elements: Int
    ) throws(ServingError) -> TensorBuffer {
        if let data { return data }
        guard let dataPosition else {
            throw ServingError(
                .invalidArgument,
                "input '\(name.string ?? "?")' has neither 'data' nor 'binary_data_size'")
        }
        var rewound = scanner
        rewound.position = dataPosition
        return try rewound.named("input '\(name.string ?? "?")'") { (s) throws(ServingError) in
            try JSONTensor.read(&s, name: name, dataType: type, count: elements)
        }
    }
}

/// The members of one requested output.
struct OutputText {
    var name: JSONText?
    var isBinary: Bool?
    var classification = 0

    /// Reads one member.
    mutating func read(_ key: JSONText, _ scanner: inout JSONScanner) throws(ServingError) {
        if key.equals("name") {
            name = try scanner.text()
        } else if key.equals("parameters") {
            try readParameters(&scanner)
        } else {
            try scanner.skipValue()
        }
    }

    private mutating func readParameters(_ scanner: inout JSONScanner) throws(ServingError) {
        try scanner.members(of: "an output's 'parameters'") { (scanner, key) throws(ServingError) in
            if key.equals("binary_data") {
                isBinary = try scanner.boolean()
            } else if key.equals("classification") {
                classification = try scanner.named("'classification'") {
                    (s) throws(ServingError) in try s.integer(Int.self)
                }
                guard classification >= 0 else {
                    throw ServingError(.invalidArgument, "'classification' must not be negative")
                }
            } else if key.equals("shared_memory_region") {
                throw ServingError(.unsupported, "shared memory is not supported by this server")
            } else {
                try scanner.skipValue()
            }
        }
    }
}

extension JSONScanner {
    /// Reads a value whose errors say what it was for.
    mutating func named<Value>(
        _ subject: String, _ read: (inout JSONScanner) throws(ServingError) -> Value
    ) throws(ServingError) -> Value {
        do throws(ServingError) {
            return try read(&self)
        } catch {
            throw error.about(subject)
        }
    }

    /// A string that must be valid text.
    mutating func string() throws(ServingError) -> String {
        guard let string = try text().string else { throw malformed("valid UTF-8 text") }
        return string
    }

    /// A shape: whole numbers that are not negative, whose product does not overflow.
    mutating func shape() throws(ServingError) -> [Int] {
        var shape: [Int] = []
        try elements(of: "'shape'") { (scanner) throws(ServingError) in
            let extent = try scanner.integer(Int.self)
            guard extent >= 0 else {
                throw ServingError(
                    .invalidArgument, "'shape' holds \(extent); extents must not be negative")
            }
            guard shape.count < 32 else {
                throw ServingError(.invalidArgument, "'shape' has more than 32 dimensions")
            }
            shape.append(extent)
        }
        guard shape.elements != nil else {
            throw ServingError(.invalidArgument, "'shape' \(shape) is too large")
        }
        return shape
    }

    /// The `name` of the object that stands here, as far as it can be read: for errors about members
    /// that come before it.
    func nameOfObject() -> String? {
        var ahead = self
        var name: String?
        try? ahead.members(of: "an object") { (scanner, key) throws(ServingError) in
            if key.equals("name") {
                name = try scanner.string()
            } else {
                try scanner.skipValue()
            }
        }
        return name
    }

    /// A number of bytes.
    mutating func binarySize() throws(ServingError) -> Int {
        let size = try integer(Int.self)
        guard size >= 0 else {
            throw ServingError(
                .invalidArgument, "'binary_data_size' is \(size); it must not be negative")
        }
        return size
    }

    /// Sequences need state between requests, which no engine here keeps.
    mutating func refuseSequence() throws(ServingError) {
        if peek() == UInt8(ascii: "\"") {
            guard try text().bytes.isEmpty else { throw Self.noSequences }
        } else if try integer(UInt64.self) != 0 {
            throw Self.noSequences
        }
    }

    private static let noSequences = ServingError(
        .unsupported, "'sequence_id': this model does not keep state between requests")
}

extension JSONText {
    /// The element type of this name.
    var dataType: DataType? {
        // Comparing with fourteen short names beats making a string.
        DataType.allCases.first { equals($0.rawValue) }
    }
}

extension [Int] {
    /// The product of the extents, unless it does not fit or no machine could hold it.
    var elements: Int? {
        var product = 1
        for extent in self {
            let (next, overflow) = product.multipliedReportingOverflow(by: extent)
            guard !overflow, next <= 1 << 40 else { return nil }
            product = next
        }
        return product
    }
}
