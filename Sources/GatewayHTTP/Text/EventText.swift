internal import NIOCore

/// Server-sent events as text, gathered until they are sent.
///
/// The format is that of the HTML standard's `text/event-stream`; JSON has no line breaks, so each event
/// is one `data` line.
struct EventText {
    /// The content type of the stream.
    static let contentType = "text/event-stream; charset=utf-8"

    private(set) var bytes = ByteBuffer()

    /// Adds an event; `name` is its type, for protocols that have several.
    mutating func add(_ data: JSONWriter, named name: String? = nil) {
        if let name { bytes.writeString("event: \(name)\n") }
        bytes.writeString("data: ")
        bytes.writeImmutableBuffer(data.bytes)
        bytes.writeString("\n\n")
    }

    /// Adds the mark that ends a stream of OpenAI's.
    mutating func addDone() {
        bytes.writeString("data: [DONE]\n\n")
    }

    /// What was gathered, which is forgotten.
    mutating func take() -> ByteBuffer {
        defer { bytes = ByteBuffer() }
        return bytes
    }
}
