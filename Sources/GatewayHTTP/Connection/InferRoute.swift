/// The path of an infer request: `/v2/models/{model}[/versions/{version}]/infer`.
package struct InferRoute: Equatable {
    /// Name of the model, percent-decoded.
    package var model: String

    /// The version, as written.
    package var version: String?

    /// Whether a target may be an infer route: quick, and right about everything that is.
    package static func mayBe(_ target: UnsafeRawBufferPointer) -> Bool {
        guard target.count > 17, target.starts(with: "/v2/models/".utf8) else { return false }
        let path = target.firstIndex(of: UInt8(ascii: "?")).map { target[..<$0] } ?? target[...]
        return path.suffix(6).elementsEqual("/infer".utf8)
    }

    /// Reads a request target; `nil` when it is any other path.
    package init?(target: String) {
        let utf8 = target.utf8
        let path = utf8.firstIndex(of: UInt8(ascii: "?")).map { utf8[..<$0] } ?? utf8[...]
        guard path.starts(with: "/v2/models/".utf8), path.last != UInt8(ascii: "/") else {
            return nil
        }
        var parts = path.dropFirst("/v2/models/".utf8.count)[...]
        guard let model = Self.next(&parts), !model.isEmpty else { return nil }
        var last = Self.next(&parts)
        if let word = last, word.elementsEqual("versions".utf8) {
            guard let part = Self.next(&parts), !part.isEmpty, let version = Self.decoded(part)
            else { return nil }
            self.version = version
            last = Self.next(&parts)
        }
        guard let last, last.elementsEqual("infer".utf8), parts.isEmpty else { return nil }
        guard let name = Self.decoded(model) else { return nil }
        self.model = name
    }

    private static func next(_ rest: inout Substring.UTF8View) -> Substring.UTF8View? {
        guard !rest.isEmpty else { return nil }
        let end = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
        defer { rest = end == rest.endIndex ? rest[end...] : rest[rest.index(after: end)...] }
        return rest[..<end]
    }

    private static func decoded(_ part: Substring.UTF8View) -> String? {
        guard part.contains(UInt8(ascii: "%")) else { return String(Substring(part)) }
        return String(Substring(part)).removingURLPercentEncoding()
    }
}

extension String {
    /// The text with `%XX` resolved; `nil` when an escape is malformed or the result is not UTF-8.
    func removingURLPercentEncoding() -> String? {
        var bytes: [UInt8] = []
        var rest = utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst()?.hexDigitValue,
                let low = rest.popFirst()?.hexDigitValue
            else { return nil }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

extension UInt8 {
    /// What this byte stands for as a hexadecimal digit.
    fileprivate var hexDigitValue: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
