package import ServingModel

/// A JSON value as a tree, for requests that are not hot.
///
/// Members keep their order and numbers their digits: a schema or a tool that is passed on to an engine
/// reads as the client wrote it.
package enum JSONValue: Equatable, Sendable {
    /// One member of an object.
    package struct Member: Equatable, Sendable {
        /// The member's name.
        package var key: String
        /// Its value.
        package var value: JSONValue

        /// Pairs a name with a value.
        package init(_ key: String, _ value: JSONValue) {
            self.key = key
            self.value = value
        }
    }

    case null
    case boolean(Bool)
    /// A finite number, as written.
    case number(String)
    case string(String)
    case array([JSONValue])
    /// Of members with the same name the last one counts, as in most parsers.
    case object([Member])

    /// Reads a whole text.
    ///
    /// - Throws: ``ServingError`` `invalidArgument` that names the position of the fault.
    package init(parsing bytes: UnsafeRawBufferPointer) throws(ServingError) {
        var scanner = JSONScanner(bytes)
        self = try scanner.value()
        try scanner.expectEnd()
    }

    /// Reads a whole text.
    package init(parsing text: String) throws(ServingError) {
        let bytes = Array(text.utf8)
        let result = bytes.withUnsafeBytes { bytes in
            Result { () throws(ServingError) in try JSONValue(parsing: bytes) }
        }
        self = try result.get()
    }

    /// The member of that name; `nil` when there is none, or when it is null.
    package subscript(_ key: String) -> JSONValue? {
        guard case .object(let members) = self,
            let value = members.last(where: { $0.key == key })?.value, value != .null
        else { return nil }
        return value
    }

    /// The text of a string; `nil` for anything else.
    package var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The elements of an array; `nil` for anything else.
    package var elements: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The value of a number; `nil` for anything else.
    package var double: Double? {
        if case .number(let digits) = self { Double(digits) } else { nil }
    }

    /// The value of a whole number; `nil` for anything else.
    package var integer: Int? {
        guard case .number(let digits) = self else { return nil }
        return Int(digits) ?? Double(digits).flatMap { Int(exactly: $0) }
    }

    /// What kind of value it is, for messages: `a string`, `null`.
    package var kind: String {
        switch self {
        case .null: "null"
        case .boolean(let value): "\(value)"
        case .number(let digits): digits
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }

    /// The value as JSON text.
    package var json: String {
        let buffer = TextBuffer(capacity: 256)
        buffer.append(self)
        return String(decoding: buffer.bytes, as: UTF8.self)
    }
}

extension JSONScanner {
    /// Reads any value as a tree.
    package mutating func value(depth: Int = 0) throws(ServingError) -> JSONValue {
        guard depth < Self.maxDepth else {
            throw malformed("values nested at most \(Self.maxDepth) deep")
        }
        switch peek() {
        case UInt8(ascii: "{"):
            var result: [JSONValue.Member] = []
            try members(of: "a value") { (scanner, key) throws(ServingError) in
                let name = try scanner.string(key)
                result.append(JSONValue.Member(name, try scanner.value(depth: depth + 1)))
            }
            return .object(result)
        case UInt8(ascii: "["):
            var result: [JSONValue] = []
            try elements(of: "a value") { (scanner) throws(ServingError) in
                result.append(try scanner.value(depth: depth + 1))
            }
            return .array(result)
        case UInt8(ascii: "\""):
            let text = try text()
            return .string(try string(text))
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .boolean(try boolean())
        case UInt8(ascii: "n"):
            guard take(literal: "null") else { throw malformed("a value") }
            return .null
        default: return try number()
        }
    }

    private func string(_ text: JSONText) throws(ServingError) -> String {
        guard let string = text.string else {
            throw malformed("valid UTF-8 and valid escapes in the string that ends here")
        }
        return string
    }

    private mutating func number() throws(ServingError) -> JSONValue {
        let start = position
        guard try double().isFinite else { throw malformed("a finite number") }
        return .number(String(decoding: slice(from: start), as: UTF8.self))
    }
}

extension TextBuffer {
    /// Appends a tree as JSON text.
    package func append(_ value: JSONValue) {
        switch value {
        case .null: append("null")
        case .boolean(let value): append(value ? "true" : "false")
        case .number(let digits): append(text: digits)
        case .string(let text): appendJSON(text)
        case .array(let elements):
            append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { append(UInt8(ascii: ",")) }
                append(element)
            }
            append(UInt8(ascii: "]"))
        case .object(let members):
            append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { append(UInt8(ascii: ",")) }
                appendJSON(member.key)
                append(UInt8(ascii: ":"))
                append(member.value)
            }
            append(UInt8(ascii: "}"))
        }
    }
}
