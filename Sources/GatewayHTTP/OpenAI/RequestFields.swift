internal import ServingModel

/// The members of an object in a request, read one by one. What is wrong is said with the member's name,
/// what it is and what it may be. A member that is null counts as absent, one that nobody reads is
/// nobody's fault.
package struct RequestFields {
    /// The object.
    package let value: JSONValue

    /// How the object is called within the request, with a dot at its end; empty for the whole.
    private let path: String

    /// The members of `value`, which is called `name` within the request.
    package init(_ value: JSONValue, _ name: String = "") throws(RequestProblem) {
        guard case .object = value else {
            throw name.isEmpty
                ? RequestProblem(
                    ServingError(
                        .invalidArgument,
                        "the request's body must be a JSON object, not \(value.kind)"))
                : RequestProblem(name, "must be an object, not \(value.kind)")
        }
        self.value = value
        path = name.isEmpty ? "" : "\(name)."
    }

    /// The name of a member within the request.
    package func name(_ key: String) -> String { path + key }

    /// Says that a member has a value which is not allowed.
    package func problem(_ key: String, _ complaint: String) -> RequestProblem {
        RequestProblem(name(key), complaint)
    }

    /// A member of any kind.
    package subscript(_ key: String) -> JSONValue? { value[key] }

    // MARK: Kinds

    /// A string.
    package func string(_ key: String) throws(RequestProblem) -> String? {
        try read(key, "a string") { $0.text }
    }

    /// A string that must be there.
    package func requiredString(_ key: String) throws(RequestProblem) -> String {
        guard let text = try string(key) else { throw problem(key, "is missing") }
        return text
    }

    /// One word of a list.
    package func word(
        _ key: String, of allowed: [String]
    ) throws(RequestProblem) -> String? {
        guard let text = try string(key) else { return nil }
        guard allowed.contains(text) else {
            let list = allowed.map { "'\($0)'" }.joined(separator: ", ")
            throw problem(key, "is '\(text)'; it may be \(list)")
        }
        return text
    }

    /// True or false.
    package func flag(_ key: String) throws(RequestProblem) -> Bool? {
        try read(key, "true or false") { if case .boolean(let value) = $0 { value } else { nil } }
    }

    /// A whole number within bounds.
    package func integer(
        _ key: String, in bounds: ClosedRange<Int>
    ) throws(RequestProblem) -> Int? {
        let wish = Self.wish("a whole number", bounds.lowerBound, bounds.upperBound)
        return try read(key, wish) { value in
            value.integer.flatMap { bounds.contains($0) ? $0 : nil }
        }
    }

    /// A number within bounds.
    package func number(
        _ key: String, in bounds: ClosedRange<Double>
    ) throws(RequestProblem) -> Double? {
        let wish = Self.wish("a number", bounds.lowerBound, bounds.upperBound)
        return try read(key, wish) { value in
            value.double.flatMap { bounds.contains($0) ? $0 : nil }
        }
    }

    /// The members of an object.
    package func object(_ key: String) throws(RequestProblem) -> RequestFields? {
        guard let value = value[key] else { return nil }
        return try RequestFields(value, name(key))
    }

    /// A list.
    package func array(_ key: String) throws(RequestProblem) -> [JSONValue]? {
        try read(key, "an array") { $0.elements }
    }

    /// A string, or a list of at most `most` strings; empty when it is absent.
    package func strings(_ key: String, most: Int) throws(RequestProblem) -> [String] {
        let wish = "a string or an array of at most \(most) strings"
        return try read(key, wish) { value in
            if let text = value.text { return [text] }
            guard let elements = value.elements, elements.count <= most else { return nil }
            let texts = elements.compactMap(\.text)
            return texts.count == elements.count ? texts : nil
        } ?? []
    }

    // MARK: Complaints

    private func read<Value>(
        _ key: String, _ wish: String, _ convert: (JSONValue) -> Value?
    ) throws(RequestProblem) -> Value? {
        guard let value = value[key] else { return nil }
        guard let converted = convert(value) else {
            throw problem(key, "must be \(wish), not \(value.kind)")
        }
        return converted
    }

    private static func wish<Number: Comparable & Numeric>(
        _ kind: String, _ least: Number, _ most: Number
    ) -> String {
        "\(kind) from \(least) to \(most)"
    }
}
