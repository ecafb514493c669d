internal import Hummingbird
internal import NIOCore
internal import ServingModel
internal import ServingRuntime

/// What a route knows of a request besides its head and body.
struct GatewayContext: RequestContext {
    var coreContext: CoreRequestContextStorage

    /// The connection that it came in on.
    let channel: any Channel

    /// What the request is called.
    var label = RequestLabel.none

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }

    /// The model that the path names.
    var modelName: String {
        let raw = parameters.get("model") ?? ""
        return raw.removingURLPercentEncoding() ?? raw
    }

    /// The model's version that the path names; `nil` when it leaves the choice to the server.
    var modelVersion: Int? {
        get throws(ServingError) {
            guard let text = parameters.get("version") else { return nil }
            guard let version = Int(text), version >= 1 else {
                throw ServingError(
                    .invalidArgument, "model version '\(text)' is not a whole number above 0")
            }
            return version
        }
    }
}
