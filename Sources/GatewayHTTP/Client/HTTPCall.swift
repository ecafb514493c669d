internal import Foundation
package import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Synchronization

/// One request to another server over plain HTTP/1.1, each on a connection of its own: for what is rare,
/// such as a batch of spans or a question of the command line.
package struct HTTPCall: Sendable {
    /// Why there is no answer.
    package struct Failure: Error, Sendable, CustomStringConvertible {
        /// What a person should know.
        package let description: String
    }

    /// What came back.
    package struct Answer: Sendable {
        /// Status of the answer.
        package var status: Int
        /// Its body.
        package var body: [UInt8]
    }

    /// Largest body of an answer.
    private static let longestBody = 16 << 20

    private let host: String
    private let port: Int
    private let path: String

    /// A call to `url`, such as `http://localhost:4318/v1/traces`; `path` is added to the URL's own.
    ///
    /// - Throws: ``Failure`` when it is not a URL of plain HTTP.
    package init(url: String, path: String = "") throws(Failure) {
        guard let parts = URLComponents(string: url), let host = parts.host, !host.isEmpty else {
            throw Failure(description: "'\(url)' is not a URL, such as http://localhost:8000")
        }
        guard parts.scheme == "http" else {
            throw Failure(description: "'\(url)' does not begin with http://")
        }
        self.host = host.trimmingCharacters(in: ["[", "]"])
        port = parts.port ?? 80
        let base = parts.percentEncodedPath
        let whole = (base.hasSuffix("/") ? String(base.dropLast()) : base) + path
        self.path = whole.isEmpty ? "/" : whole
    }

    /// Sends the request and waits for the answer: a `POST` when there is a JSON `body`, else a `GET`.
    ///
    /// - Throws: ``Failure`` when the server cannot be reached or does not answer in time.
    @concurrent
    package func send(
        _ body: [UInt8]? = nil, timeout: TimeAmount = .seconds(10),
        on group: (any EventLoopGroup)? = nil
    ) async throws(Failure) -> Answer {
        do {
            let eventLoop = (group ?? MultiThreadedEventLoopGroup.singleton).next()
            let promise = eventLoop.makePromise(of: Answer.self)
            let head = self.head(length: body?.count)
            ClientBootstrap(group: eventLoop).connectTimeout(timeout)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        try pipeline.addHTTPClientHandlers()
                        try pipeline.addHandler(
                            AnswerCollector(head, body, promise, limit: Self.longestBody))
                    }
                }
                .connect(host: host, port: port)
                .whenComplete { result in
                    switch result {
                    case .failure(let error): promise.fail(error)
                    case .success(let channel):
                        let expiry = channel.eventLoop.scheduleTask(in: timeout) {
                            promise.fail(Failure(description: "no answer in time"))
                            channel.close(promise: nil)
                        }
                        channel.closeFuture.whenComplete { _ in expiry.cancel() }
                    }
                }
            return try await promise.futureResult.get()
        } catch let failure as Failure {
            throw Failure(description: "\(host):\(port): \(failure.description)")
        } catch {
            throw Failure(description: "cannot reach \(host):\(port): \(Self.words(error))")
        }
    }

    private func head(length: Int?) -> HTTPRequestHead {
        var headers: HTTPHeaders = [
            "host": host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)",
            "connection": "close", "user-agent": "headway",
        ]
        if let length {
            headers.add(name: "content-type", value: "application/json")
            headers.add(name: "content-length", value: "\(length)")
        }
        return HTTPRequestHead(
            version: .http1_1, method: length == nil ? .GET : .POST, uri: path, headers: headers)
    }

    private static func words(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            error.connectionErrors.first.map { words($0.error) } ?? "unknown host"
        case let error as IOError: String(cString: strerror(error.errnoCode))
        default: "\(error)"
        }
    }
}

/// Sends one request and gathers its answer. Confined to its connection's event loop.
private final class AnswerCollector: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let head: HTTPRequestHead
    private let body: [UInt8]?
    private let promise: EventLoopPromise<HTTPCall.Answer>
    private let limit: Int
    private var answer = HTTPCall.Answer(status: 0, body: [])
    private var isDone = false

    init(
        _ head: HTTPRequestHead, _ body: [UInt8]?, _ promise: EventLoopPromise<HTTPCall.Answer>,
        limit: Int
    ) {
        self.head = head
        self.body = body
        self.promise = promise
        self.limit = limit
    }

    func channelActive(context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if let body {
            let bytes = context.channel.allocator.buffer(bytes: body)
            context.write(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): answer.status = Int(head.status.code)
        case .body(let part):
            guard answer.body.count + part.readableBytes <= limit else {
                fail("the answer is too long")
                return context.close(promise: nil)
            }
            answer.body.append(contentsOf: part.readableBytesView)
        case .end:
            isDone = true
            promise.succeed(answer)
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail("\(error)")
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail("the connection was closed before the answer was there")
    }

    private func fail(_ why: String) {
        guard !isDone else { return }
        isDone = true
        promise.fail(HTTPCall.Failure(description: why))
    }
}
