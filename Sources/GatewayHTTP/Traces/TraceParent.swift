package import ServingRuntime

/// The field `traceparent` of W3C Trace Context: `00-<trace id>-<parent id>-<flags>` in lower-case
/// hexadecimal digits.
package struct TraceParent: Sendable, Equatable {
    /// The trace's 16 bytes, most significant first.
    package var traceHigh: UInt64
    /// The rest of them.
    package var traceLow: UInt64
    /// The caller's span.
    package var span: UInt64
    /// Whether the caller records the trace.
    package var isSampled: Bool

    /// Reads the field; nothing when it is malformed, as the standard wants such a field to be ignored.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        let dash = UInt8(ascii: "-")
        guard bytes.count >= 55, bytes[2] == dash, bytes[35] == dash, bytes[52] == dash,
            let version = bytes.hexadecimal(0..<2), version != 0xFF,
            // Later versions may add to the end, after a dash; this one ends here.
            bytes.count == 55 || (version > 0 && bytes[55] == dash),
            let high = bytes.hexadecimal(3..<19), let low = bytes.hexadecimal(19..<35),
            let span = bytes.hexadecimal(36..<52), let flags = bytes.hexadecimal(53..<55),
            high | low != 0, span != 0
        else { return nil }
        traceHigh = high
        traceLow = low
        self.span = span
        isSampled = flags & 1 == 1
    }

    /// Reads the field from text.
    package init?(_ text: String) {
        var text = text
        let read = text.withUTF8 { TraceParent(UnsafeRawBufferPointer($0)) }
        guard let read else { return nil }
        self = read
    }
}

extension TraceContext {
    /// The trace's name: 32 hexadecimal digits.
    package var traceID: String {
        RequestName.number(traceHigh).description + RequestName.number(traceLow).description
    }

    /// The span's name: 16 hexadecimal digits.
    package var spanID: String { RequestName.number(span).description }

    /// The field `traceparent` that names this span to others.
    package var field: String { "00-\(traceID)-\(spanID)-01" }
}

extension UnsafeRawBufferPointer {
    /// Up to sixteen lower-case hexadecimal digits as a number.
    fileprivate func hexadecimal(_ range: Range<Int>) -> UInt64? {
        var value: UInt64 = 0
        for byte in self[range] {
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            default: return nil
            }
            value = value << 4 | UInt64(digit)
        }
        return value
    }
}
