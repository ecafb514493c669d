/// What a request is called outside the scheduler, for whoever asks about it later.
package struct RequestLabel: Sendable, Equatable {
    /// The answer's `x-request-id`.
    package var name: RequestName
    /// Its place in a trace, if it is traced.
    package var trace: TraceContext?

    /// Nobody will ask.
    package static let none = RequestLabel(name: .number(0))

    /// Makes a label; see the properties.
    package init(name: RequestName, trace: TraceContext? = nil) {
        self.name = name
        self.trace = trace
    }

    /// The label of number `index` of several requests that one call becomes: each has a span of its own.
    package func sibling(_ index: Int) -> RequestLabel {
        var label = self
        label.trace?.span &+= UInt64(index)
        return label
    }
}

/// The value of `x-request-id`.
package enum RequestName: Sendable, Hashable, CustomStringConvertible {
    /// A number that the server made up; sixteen hexadecimal digits on the wire.
    case number(UInt64)
    /// What the client called the request.
    case text(String)

    /// As it stands in the answer.
    package var description: String {
        switch self {
        case .text(let text): return text
        case .number(let number):
            let digits = String(number, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }
    }

    /// Whether `text` is this name on the wire.
    func isSpelled(_ text: String, number: UInt64?) -> Bool {
        switch self {
        case .text(let own): own == text
        case .number(let own): own == number
        }
    }
}

/// A request's own span in a trace, in the terms of W3C Trace Context. Only traced requests have one.
package struct TraceContext: Sendable, Hashable {
    /// The trace's 16 bytes, most significant first.
    package var traceHigh: UInt64
    /// The rest of them.
    package var traceLow: UInt64
    /// The request's own span.
    package var span: UInt64
    /// The caller's span; 0 when the trace begins here.
    package var parent: UInt64

    /// Makes a context; see the properties.
    package init(traceHigh: UInt64, traceLow: UInt64, span: UInt64, parent: UInt64) {
        self.traceHigh = traceHigh
        self.traceLow = traceLow
        self.span = span
        self.parent = parent
    }
}
