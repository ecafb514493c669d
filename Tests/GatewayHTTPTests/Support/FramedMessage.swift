import GatewayHTTP
import NIOCore
import NIOEmbedded
import NIOHTTP1

/// One request as somebody framed it.
struct FramedMessage: Equatable {
    var method: String
    var target: String
    var body: [UInt8]
    var isKeptAlive: Bool
}

/// Requests as the network library's parser frames them.
enum LibraryFraming {
    /// Everything that the parser makes of `bytes`; `failed` when it refused a part.
    static func frame(_ bytes: [UInt8]) throws -> (messages: [FramedMessage], failed: Bool) {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(
            ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes)))
        var failed = false
        do {
            try channel.writeInbound(ByteBuffer(bytes: bytes))
        } catch {
            failed = true
        }
        var messages: [FramedMessage] = []
        var open: FramedMessage?
        while let part = try? channel.readInbound(as: HTTPServerRequestPart.self) {
            switch part {
            case .head(let head):
                open = FramedMessage(
                    method: head.method.rawValue, target: head.uri, body: [],
                    isKeptAlive: head.isKeepAlive)
            case .body(let chunk): open?.body += Array(chunk.readableBytesView)
            case .end:
                if let message = open { messages.append(message) }
                open = nil
            }
        }
        _ = try? channel.finish(acceptAlreadyClosed: true)
        return (messages, failed)
    }
}

/// Requests as `WireHead` frames them.
enum WireFraming {
    /// The plain requests at the start of `bytes`, and how many bytes they are.
    static func frame(
        _ bytes: [UInt8], limit: Int = 65_536
    ) -> (messages: [FramedMessage], consumed: Int) {
        var messages: [FramedMessage] = []
        var position = 0
        let memory = GuardedMemory(capacity: bytes.count)
        let all = memory.place(bytes)
        while position < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: all[position...])
            guard case .plain(let head) = WireHead.read(rest, limit: limit, field: { _, _ in }),
                head.contentLength <= rest.count - head.length
            else { break }
            let end = head.length + head.contentLength
            messages.append(
                FramedMessage(
                    method: String(decoding: head.method, as: UTF8.self),
                    target: String(decoding: head.target, as: UTF8.self),
                    body: Array(rest[head.length..<end]), isKeptAlive: head.isKeptAlive))
            position += end
        }
        withExtendedLifetime(memory) {}
        return (messages, position)
    }

    /// Whether the first head of `text` is plain.
    static func isPlain(_ text: String, limit: Int = 65_536) -> Bool {
        let memory = GuardedMemory(capacity: text.utf8.count)
        let bytes = memory.place(Array(text.utf8))
        defer { withExtendedLifetime(memory) {} }
        if case .plain = WireHead.read(bytes, limit: limit, field: { _, _ in }) { return true }
        return false
    }
}
