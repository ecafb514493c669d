internal import GatewayCore
internal import NIOHTTP1
internal import ServingModel
internal import ServingRuntime

extension Exchange {
    /// Takes what matters from the request's header fields; answers whether the client waits for leave
    /// to send the body. A bad value is kept as the reason for refusing the request.
    func read(_ headers: HTTPHeaders) -> Bool {
        var expectsContinue = false
        for (name, value) in headers {
            // Few fields matter; their lengths tell most others apart without comparing.
            switch name.utf8.count {
            case 6 where name.isField("expect"):
                expectsContinue = true
            case 12 where name.isField("x-request-id"):
                requestID = value.isPrintable ? value : ""
            case 14 where name.isField("content-length"):
                if let length = Int(value), length > bodyLimit {
                    refuse(.payloadTooLarge(limit: bodyLimit))
                }
            case 15 where name.isField("x-headway-class"):
                wish.className = value
            case 15 where name.isField("accept-encoding"):
                accepts = ContentCoding.best(acceptEncoding: value)
            case 16 where name.isField("content-encoding"):
                do throws(ServingError) {
                    encoding = try ContentCoding.of(contentEncoding: value)
                } catch { refuse(error) }
            case 21 where name.isField("x-headway-deadline-ms"):
                readDeadline(value)
            case 31 where name.isField("inference-header-content-length"):
                readHeaderLength(value)
            default: break
            }
        }
        return expectsContinue
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

    private func readHeaderLength(_ value: String) {
        guard let length = Int(value), length >= 0 else {
            refuse(
                ServingError(
                    .invalidArgument,
                    "Inference-Header-Content-Length is '\(value)'; it must be a whole number "
                        + "that is not negative"))
            return
        }
        headerLength = length
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

extension String {
    /// Whether this is the field name `name`, which is in lower case.
    fileprivate func isField(_ name: StaticString) -> Bool {
        var index = 0
        for byte in utf8 {
            let lower = byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
            if lower != name.utf8Start[index] { return false }
            index += 1
        }
        return true
    }

    /// Short enough and clean enough to be echoed in a header field.
    fileprivate var isPrintable: Bool {
        !isEmpty && utf8.count <= 256 && utf8.allSatisfy { $0 >= 0x21 && $0 <= 0x7E }
    }
}
