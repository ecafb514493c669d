package import ServingModel

/// A request of a public trace.
package struct TraceRequest: Sendable, Equatable {
    /// When it came, counted from the first row.
    package var at: Interval
    /// Tokens of its input.
    package var inputTokens: Int
    /// Tokens of its answer.
    package var outputTokens: Int
    /// Names of the blocks that its input consists of, as many as the trace tells: equal blocks at the
    /// beginning of two inputs are a common prefix.
    package var blocks: [UInt64] = []
}

/// How many requests came per second from a moment on.
package struct TraceRate: Sendable, Equatable {
    /// The moment, counted from the first row.
    package var at: Interval
    /// Requests per second until the next moment.
    package var perSecond: Double
}

/// The public traces that can be read; their columns are in `docs/traces.md`.
package enum PublicTrace: String, Sendable, CaseIterable {
    /// Azure LLM inference traces: `TIMESTAMP,ContextTokens,GeneratedTokens`.
    case azureLLM = "azure_llm"
    /// Rates of ServeGen, summed over clients: `t_seconds,requests_per_second`.
    case serveGen = "servegen"
    /// Traces of Mooncake, one JSON object a line: `timestamp`, `input_length`, `output_length`,
    /// `hash_ids`.
    case mooncake
    /// Counts of the Numenta Anomaly Benchmark, one for each five minutes: `timestamp,value`.
    case nab

    /// The first line of a file in this format; `nil` where every line is a row.
    package var title: String? {
        switch self {
        case .azureLLM: "TIMESTAMP,ContextTokens,GeneratedTokens"
        case .serveGen: "t_seconds,requests_per_second"
        case .nab: "timestamp,value"
        case .mooncake: nil
        }
    }

    /// The format of a file that begins with `bytes`; `nil` when it is none of these.
    package init?(beginning bytes: [UInt8]) {
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        let text = String(decoding: line, as: UTF8.self)
        if let format = Self.allCases.first(where: { $0.title == text }) {
            self = format
        } else if text.hasPrefix("{") {
            self = .mooncake
        } else {
            return nil
        }
    }

    /// A row of any format.
    package enum Row: Sendable, Equatable {
        /// One request.
        case request(TraceRequest)
        /// A rate from now on.
        case rate(TraceRate)

        /// When it is, counted from the first row.
        package var at: Interval {
            get {
                switch self {
                case .request(let request): request.at
                case .rate(let rate): rate.at
                }
            }
            set {
                switch self {
                case .request(var request):
                    request.at = newValue
                    self = .request(request)
                case .rate(var rate):
                    rate.at = newValue
                    self = .rate(rate)
                }
            }
        }
    }
}

extension PublicTrace {
    static let tokens = 0...1 << 30

    /// One row; its time counts from whatever the format counts from.
    func row(_ line: ArraySlice<UInt8>) throws(LineProblem) -> Row {
        if case .mooncake = self { return .request(try MooncakeRow.request(line)) }
        let cells = Word(bytes: line).parts
        let count = self == .azureLLM ? 3 : 2
        guard cells.count == count else {
            throw LineProblem("\(cells.count) columns; allowed: \(count)")
        }
        switch self {
        case .azureLLM:
            return .request(
                TraceRequest(
                    at: try Timestamp.interval(cells[0]),
                    inputTokens: try cells[1].number("ContextTokens", in: Self.tokens),
                    outputTokens: try cells[2].number("GeneratedTokens", in: Self.tokens)))
        case .serveGen:
            let seconds = try cells[0].number("t_seconds", in: 0...1 << 32)
            let rate = try Self.rate("requests_per_second", cells[1])
            return .rate(TraceRate(at: .seconds(UInt64(seconds)), perSecond: rate))
        case .nab, .mooncake:
            let rate = try Self.rate("value", cells[1]) / 300
            return .rate(TraceRate(at: try Timestamp.interval(cells[0]), perSecond: rate))
        }
    }

    private static func rate(_ what: String, _ cell: Word) throws(LineProblem) -> Double {
        guard let rate = Double(cell.text), (0...1e12).contains(rate) else {
            throw LineProblem("\(what) is \(cell.quoted); allowed: a number from 0 to 1e12")
        }
        return rate
    }
}
