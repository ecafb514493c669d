internal import SwiftProtobuf

/// Reads protobuf text into the schema's message, with errors that name field, line and column.
enum PbtxtReader {
    /// Longest text taken; real configurations have a few kilobytes.
    static let byteLimit = 4 << 20

    /// Reads `source`.
    ///
    /// - Throws: ``ConfigurationError`` of kind `malformed`.
    static func read(
        _ source: ConfigurationSource
    ) throws(ConfigurationError) -> Inference_ModelConfig {
        if source.bytes.count > byteLimit {
            throw .single(
                .malformed, .root,
                "\(source.bytes.count) bytes are more than the \(byteLimit) allowed",
                at: ConfigurationError.Location(file: source.file))
        }
        guard let text = String(validating: source.bytes, as: UTF8.self) else {
            throw .single(
                .malformed, .root, "not UTF-8 text", at: firstInvalidPlace(in: source))
        }
        do {
            return try Inference_ModelConfig(textFormatString: text)
        } catch {
            throw located(error, in: source)
        }
    }

    /// Finds the first field that SwiftProtobuf refuses.
    ///
    /// The decoder reads from left to right, so the text up to the end of a field, with all open
    /// brackets closed, is refused exactly when the fault is in or before that field: a binary
    /// search over the fields finds it.
    private static func located(
        _ error: any Error, in source: ConfigurationSource
    ) -> ConfigurationError {
        let outline = PbtxtScanner.outline(of: source)
        var low = 0
        var high = outline.entries.count
        var cause = error
        while low < high {
            let middle = (low + high) / 2
            if let refusal = refusal(of: outline.entries[middle], outline, source) {
                cause = refusal
                high = middle
            } else {
                low = middle + 1
            }
        }
        if low < outline.entries.count {
            let entry = outline.entries[low]
            let place = source.location(ofOffset: entry.start)
            return .single(
                .malformed, outline.path(of: low, in: source),
                "\(reason(of: cause)), in `\(source.text(entry.start..<entry.end).abridged)`",
                at: place)
        }
        let last = outline.entries.indices.last.map { outline.path(of: $0, in: source) }
        let after = last.map { " (after the field \($0))" } ?? ""
        if let stop = outline.stop {
            return .single(
                .malformed, .root, stop.reason + after, at: source.location(ofOffset: stop.offset))
        }
        return .single(
            .malformed, .root, reason(of: error) + after,
            at: source.location(ofOffset: source.bytes.count))
    }

    private static func refusal(
        of entry: PbtxtOutline.Entry, _ outline: PbtxtOutline, _ source: ConfigurationSource
    ) -> (any Error)? {
        var bytes = Array(source.bytes[..<entry.end])
        bytes += outline.closers(of: entry)
        do {
            _ = try Inference_ModelConfig(textFormatString: String(decoding: bytes, as: UTF8.self))
            return nil
        } catch {
            return error
        }
    }

    private static func reason(of error: any Error) -> String {
        switch error as? TextFormatDecodingError {
        case .unknownField: "unknown field"
        case .unrecognizedEnumValue: "not one of the values that this field knows"
        case .malformedNumber: "not a number that fits this field"
        case .invalidUTF8: "a string that is not UTF-8"
        case .schemaMismatch: "a value of the wrong type for this field"
        case .conflictingOneOf: "excluded by another field that is set already"
        case .messageDepthLimit: "nested deeper than any model configuration"
        case .truncated: "the text ends too early"
        case .trailingGarbage: "text that belongs to no field"
        default: "not valid protobuf text"
        }
    }

    private static func firstInvalidPlace(
        in source: ConfigurationSource
    ) -> ConfigurationError.Location {
        // Decoding with repair agrees with the text byte by byte up to the first fault.
        let repaired = String(decoding: source.bytes, as: UTF8.self).utf8
        let offset = zip(repaired, source.bytes).enumerated().first { $1.0 != $1.1 }?.offset
        return source.location(ofOffset: offset ?? source.bytes.count)
    }
}
