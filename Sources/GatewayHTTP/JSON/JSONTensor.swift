package import EngineAPI
package import ServingModel

/// Reads a tensor's `data` array, nested to the tensor's shape or flat, straight into the layout that
/// a batch has: row-major, little-endian.
package enum JSONTensor {
    /// Reads `count` elements of type `dataType`.
    ///
    /// - Throws: ``ServingError`` that names the tensor when the elements are of another kind, out of
    ///   range, or not `count` many.
    package static func read(
        _ scanner: inout JSONScanner, name: JSONText, dataType: DataType, count: Int
    ) throws(ServingError) -> TensorBuffer {
        if dataType == .bytes { return try readStrings(&scanner, name: name, count: count) }
        // An element takes a byte at least: a shape alone must not make the server allocate.
        guard count <= scanner.remaining else {
            throw ServingError(
                .invalidArgument,
                "input '\(name.string ?? "?")' has fewer elements in its data than the \(count) "
                    + "of its shape")
        }
        let buffer = TensorBuffer(byteCount: count * (dataType.elementSize ?? 1))
        let memory = buffer.memory
        switch dataType {
        case .bool:
            try read(&scanner, name, count, memory) { (s) throws(ServingError) -> UInt8 in
                try s.truth()
            }
        case .uint8: try readIntegers(&scanner, name, count, memory, UInt8.self)
        case .uint16: try readIntegers(&scanner, name, count, memory, UInt16.self)
        case .uint32: try readIntegers(&scanner, name, count, memory, UInt32.self)
        case .uint64: try readIntegers(&scanner, name, count, memory, UInt64.self)
        case .int8: try readIntegers(&scanner, name, count, memory, Int8.self)
        case .int16: try readIntegers(&scanner, name, count, memory, Int16.self)
        case .int32: try readIntegers(&scanner, name, count, memory, Int32.self)
        case .int64: try readIntegers(&scanner, name, count, memory, Int64.self)
        case .fp32:
            try read(&scanner, name, count, memory) { (s) throws(ServingError) -> Float in
                Float(try s.double())
            }
        case .fp64:
            try read(&scanner, name, count, memory) { (s) throws(ServingError) -> Double in
                try s.double()
            }
        case .fp16, .bf16:
            throw ServingError(
                .invalidArgument,
                "input '\(name.string ?? "?")' is \(dataType.rawValue), which has no JSON form: "
                    + "send it as binary data")
        case .bytes: break
        }
        return buffer
    }

    private static func readIntegers<Integer: FixedWidthInteger & BitwiseCopyable>(
        _ scanner: inout JSONScanner, _ name: JSONText, _ count: Int,
        _ memory: UnsafeMutableRawBufferPointer, _ type: Integer.Type
    ) throws(ServingError) {
        try read(&scanner, name, count, memory) { (s) throws(ServingError) -> Integer in
            try s.integer(Integer.self)
        }
    }

    /// Reads elements through any nesting of arrays.
    @inline(__always)
    private static func read<Element: BitwiseCopyable>(
        _ scanner: inout JSONScanner, _ name: JSONText, _ count: Int,
        _ memory: UnsafeMutableRawBufferPointer,
        _ element: (inout JSONScanner) throws(ServingError) -> Element
    ) throws(ServingError) {
        let target = memory.baseAddress
        var found = 0
        try walk(&scanner, name) { (scanner) throws(ServingError) in
            let value = try element(&scanner)
            if found < count {
                target?.storeBytes(
                    of: value, toByteOffset: found * MemoryLayout<Element>.size, as: Element.self)
            }
            found += 1
        }
        guard found == count else { throw wrongCount(name, found: found, expected: count) }
    }

    private static func readStrings(
        _ scanner: inout JSONScanner, name: JSONText, count: Int
    ) throws(ServingError) -> TensorBuffer {
        var bytes: [UInt8] = []
        var found = 0
        try walk(&scanner, name) { (scanner) throws(ServingError) in
            let text = try scanner.text()
            guard let content = text.hasEscapes ? text.unescaped : Array(text.bytes) else {
                throw scanner.malformed("a valid escape in a string")
            }
            withUnsafeBytes(of: UInt32(content.count).littleEndian) { bytes.append(contentsOf: $0) }
            bytes.append(contentsOf: content)
            found += 1
        }
        guard found == count else { throw wrongCount(name, found: found, expected: count) }
        let buffer = TensorBuffer(byteCount: bytes.count)
        buffer.memory.copyBytes(from: bytes)
        return buffer
    }

    /// Calls `element` before each element of an array, however nested, in order.
    @inline(__always)
    private static func walk(
        _ scanner: inout JSONScanner, _ name: JSONText,
        _ element: (inout JSONScanner) throws(ServingError) -> Void
    ) throws(ServingError) {
        guard scanner.take(UInt8(ascii: "[")) else {
            throw scanner.malformed("an array as data of input '\(name.string ?? "?")'")
        }
        var depth = 1
        var mayClose = true
        while depth > 0 {
            switch scanner.peek() {
            case UInt8(ascii: "["):
                scanner.position += 1
                depth += 1
                guard depth <= JSONScanner.maxDepth else {
                    throw scanner.malformed("arrays nested at most \(JSONScanner.maxDepth) deep")
                }
                mayClose = true
                continue
            case UInt8(ascii: "]"):
                guard mayClose else { throw scanner.malformed("a value") }
                scanner.position += 1
                depth -= 1
            default:
                try element(&scanner)
            }
            // After a value or a closed array: a comma and another value, or the end of the array.
            while depth > 0 {
                if scanner.take(UInt8(ascii: ",")) {
                    mayClose = false
                    break
                }
                guard scanner.take(UInt8(ascii: "]")) else {
                    throw scanner.malformed("',' or ']' in an array")
                }
                depth -= 1
            }
        }
    }

    private static func wrongCount(_ name: JSONText, found: Int, expected: Int) -> ServingError {
        ServingError(
            .invalidArgument,
            "input '\(name.string ?? "?")' has \(found) elements in its data, its shape says \(expected)"
        )
    }
}

extension JSONScanner {
    /// A boolean element: `true`, `false`, or a number that is 0 or 1.
    mutating func truth() throws(ServingError) -> UInt8 {
        switch peek() {
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return try boolean() ? 1 : 0
        default:
            let value = try integer(UInt8.self)
            guard value <= 1 else { throw malformed("true or false") }
            return value
        }
    }
}
