internal import GatewayCore
internal import ServingModel

/// What the header fields of an infer request say.
struct InferFields {
    /// Bytes of the JSON part; `nil` when the whole body is JSON.
    var headerLength: Int?
    /// How the body is compressed.
    var encoding: ContentCoding?
    /// How the answer may be compressed.
    var accepts: ContentCoding?
    /// The quality of service asked for.
    var wish = QualityOfService()
    /// The client's name for the request; empty when it has none.
    var requestID = ""
    /// What the caller says of the trace that the request belongs to.
    var traceParent: TraceParent?
    /// The first thing that is wrong with them.
    private(set) var problem: ServingError?

    /// Takes one field, if it matters.
    mutating func read(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        // Few fields matter; their lengths tell most others apart without comparing.
        switch name.count {
        case 11 where name.isField("traceparent"):
            traceParent = TraceParent(value)
        case 12 where name.isField("x-request-id"):
            if value.isPrintableID { requestID = Self.text(value) }
        case 15 where name.isField("x-headway-class"):
            wish.className = Self.text(value)
        case 15 where name.isField("accept-encoding"):
            accepts = ContentCoding.best(acceptEncoding: Self.text(value))
        case 16 where name.isField("content-encoding"):
            do throws(ServingError) {
                encoding = try ContentCoding.of(contentEncoding: Self.text(value))
            } catch {
                problem = problem ?? error
            }
        case 17 where name.isField("x-headway-variant"):
            readVariant(Self.text(value))
        case 21 where name.isField("x-headway-deadline-ms"):
            readDeadline(Self.text(value))
        case 31 where name.isField("inference-header-content-length"):
            headerLength = value.decimal
            if headerLength == nil { refuseHeaderLength(Self.text(value)) }
        default: break
        }
    }

    /// Whether another request may have the same: nothing names this one request, and nothing is wrong.
    var isRepeatable: Bool { requestID.isEmpty && traceParent == nil && problem == nil }

    private static func text(_ value: UnsafeRawBufferPointer) -> String {
        String(decoding: value, as: UTF8.self)
    }

    private mutating func refuse(_ message: String) {
        problem = problem ?? ServingError(.invalidArgument, message)
    }

    private mutating func readDeadline(_ value: String) {
        guard let milliseconds = Double(value), milliseconds > 0, milliseconds <= 86_400_000 else {
            return refuse(
                "x-headway-deadline-ms is '\(value)'; it must be a number above 0 and "
                    + "at most 86400000, which is a day")
        }
        wish.deadline = Interval(milliseconds: milliseconds)
    }

    private mutating func readVariant(_ value: String) {
        switch value {
        case "full": wish.wantsFullModel = true
        case "any": wish.wantsFullModel = false
        default: refuse("x-headway-variant is '\(value)'; it must be full or any")
        }
    }

    private mutating func refuseHeaderLength(_ value: String) {
        refuse(
            "Inference-Header-Content-Length is '\(value)'; it must be a whole number "
                + "that is not negative")
    }
}

extension UnsafeRawBufferPointer {
    /// Short enough and clean enough to be echoed in a header field.
    fileprivate var isPrintableID: Bool {
        !isEmpty && count <= 256 && allSatisfy { $0 >= 0x21 && $0 <= 0x7E }
    }
}
