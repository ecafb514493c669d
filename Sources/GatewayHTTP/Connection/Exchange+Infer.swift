internal import CPlatform
internal import GatewayCore
internal import NIOCore
internal import NIOHTTP1
internal import ServingModel
internal import ServingRuntime

extension Exchange {
    /// Takes what matters from the request's header fields; answers whether the client waits for leave
    /// to send the body. A bad value is kept as the reason for refusing the request.
    func read(_ headers: HTTPHeaders) -> Bool {
        var expectsContinue = false
        for (name, value) in headers {
            var name = name
            var value = value
            name.withUTF8 { name in
                value.withUTF8 { value in
                    let name = UnsafeRawBufferPointer(name)
                    let value = UnsafeRawBufferPointer(value)
                    if name.isField("expect") {
                        expectsContinue = true
                    } else if name.isField("content-length") {
                        announce(length: value.decimal ?? 0)
                    } else {
                        readField(name, value)
                    }
                }
            }
        }
        return expectsContinue
    }

    /// Takes one header field, if it matters.
    func readField(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
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
                refuse(error)
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

    /// Refuses a body that is announced to be too large.
    func announce(length: Int) {
        if length > bodyLimit { refuse(.payloadTooLarge(limit: bodyLimit)) }
    }

    private static func text(_ value: UnsafeRawBufferPointer) -> String {
        String(decoding: value, as: UTF8.self)
    }

    private func refuse(_ error: ServingError) {
        // The first problem is the one to report, except that a body that is not read comes first.
        if refusal == nil || error.code == .payloadTooLarge { refusal = error }
    }

    private func readDeadline(_ value: String) {
        guard let milliseconds = Double(value), milliseconds > 0, milliseconds <= 86_400_000 else {
            refuse(
                ServingError(
                    .invalidArgument,
                    "x-headway-deadline-ms is '\(value)'; it must be a number above 0 and "
                        + "at most 86400000, which is a day"))
            return
        }
        wish.deadline = Interval(milliseconds: milliseconds)
    }

    private func readVariant(_ value: String) {
        switch value {
        case "full": wish.wantsFullModel = true
        case "any": wish.wantsFullModel = false
        default:
            refuse(
                ServingError(
                    .invalidArgument, "x-headway-variant is '\(value)'; it must be full or any"))
        }
    }

    private func refuseHeaderLength(_ value: String) {
        refuse(
            ServingError(
                .invalidArgument,
                "Inference-Header-Content-Length is '\(value)'; it must be a whole number "
                    + "that is not negative"))
    }

    /// What the request is called from now on.
    func name(on loop: LoopContext) -> RequestLabel {
        if let label { return label }
        let name = requestID.isEmpty ? .number(loop.nextRequestID()) : RequestName.text(requestID)
        let named = RequestLabel(name: name, trace: loop.traceContext(traceParent))
        label = named
        return named
    }

    /// Whether the JSON part may ask for a priority or a timeout.
    var mayHoldQualityOfService: Bool {
        guard let first = chunks.first else { return false }
        return first.withUnsafeReadableBytes { bytes in
            bytes.prefix(headerLength ?? bytes.count).mayHoldQualityOfService
        }
    }

    /// The version asked for in the path.
    func requestedVersion() throws(ServingError) -> Int? {
        guard let text = route?.version else { return nil }
        guard let version = Int(text), version >= 1 else {
            throw ServingError(
                .invalidArgument, "model version '\(text)' is not a whole number above 0")
        }
        return version
    }

    /// Takes over what the decoder found that belongs to the answer.
    func adopt(_ decoded: DecodedInfer, _ model: ModelHandle) throws(ServingError) {
        id = decoded.id
        outputs = decoded.outputs
        wish.priority = decoded.wish.priority
        wish.timeout = decoded.wish.timeout
        for output in outputs where output.classification > 0 {
            let spec = model.interface.outputs[output.index]
            guard Classification.supports(spec.dataType) else {
                throw ServingError(
                    .invalidArgument,
                    "output '\(spec.name)' is \(spec.dataType.rawValue), which cannot be classified"
                )
            }
        }
    }
}

extension Slice<UnsafeRawBufferPointer> {
    /// Whether this JSON may ask for a priority or a timeout. Looks for the words, so it may be wrong
    /// about a request that has them elsewhere, which is then judged after parsing.
    var mayHoldQualityOfService: Bool {
        let json = UnsafeRawBufferPointer(rebasing: self)
        return json.holds("\"priority\"") || json.holds("\"timeout\"")
    }
}

extension UnsafeRawBufferPointer {
    /// Whether `text` stands anywhere in these bytes.
    fileprivate func holds(_ text: StaticString) -> Bool {
        guard let base = baseAddress else { return false }
        return headway_holds(base, count, text.utf8Start, text.utf8CodeUnitCount)
    }

    /// Short enough and clean enough to be echoed in a header field.
    fileprivate var isPrintableID: Bool {
        !isEmpty && count <= 256 && allSatisfy { $0 >= 0x21 && $0 <= 0x7E }
    }
}
