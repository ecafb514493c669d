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
                        fields.read(name, value)
                    }
                }
            }
        }
        refusal = refusal ?? fields.problem
        return expectsContinue
    }

    /// Refuses a body that is announced to be too large.
    func announce(length: Int) {
        // Of several problems a body that is not read comes first.
        if length > bodyLimit { refusal = .payloadTooLarge(limit: bodyLimit) }
    }

    /// What the request is called from now on.
    func name(on loop: LoopContext) -> RequestLabel {
        if let label { return label }
        let name =
            fields.requestID.isEmpty
            ? .number(loop.nextRequestID()) : RequestName.text(fields.requestID)
        let named = RequestLabel(name: name, trace: loop.traceContext(fields.traceParent))
        label = named
        return named
    }

    /// Whether the JSON part may ask for a priority or a timeout.
    var mayHoldQualityOfService: Bool {
        guard let first = chunks.first else { return false }
        return first.withUnsafeReadableBytes { bytes in
            bytes.prefix(fields.headerLength ?? bytes.count).mayHoldQualityOfService
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
        fields.wish.priority = decoded.wish.priority
        fields.wish.timeout = decoded.wish.timeout
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
}
