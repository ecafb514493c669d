internal import CCompression
package import NIOCore
package import ServingModel

/// The content codings of HTTP that Headway speaks.
package enum ContentCoding: String {
    /// The format of RFC 1952.
    case gzip
    /// The format of RFC 1950, or, when reading, RFC 1951.
    case deflate

    /// The coding of a `Content-Encoding` field; `nil` for none.
    ///
    /// - Throws: ``ServingError`` that lists the codings when it is none of them.
    package static func of(contentEncoding: String) throws(ServingError) -> ContentCoding? {
        switch contentEncoding.lowercased() {
        case "", "identity": return nil
        case "gzip", "x-gzip": return .gzip
        case "deflate": return .deflate
        default:
            throw ServingError(
                .invalidArgument,
                "unknown content encoding '\(contentEncoding)'; send gzip, deflate or identity")
        }
    }

    /// The best coding that an `Accept-Encoding` field allows; `nil` to send the body as it is.
    package static func best(acceptEncoding: String) -> ContentCoding? {
        var accepted: Set<String> = []
        for item in acceptEncoding.lowercased().split(separator: ",") {
            let parts = item.split(separator: ";").map { $0.filter { $0 != " " } }
            guard let name = parts.first else { continue }
            let isRefused = parts.dropFirst().contains { part in
                part.hasPrefix("q=") && Double(part.dropFirst(2)) == 0
            }
            if !isRefused { accepted.insert(String(name)) }
        }
        if accepted.contains("gzip") { return .gzip }
        return accepted.contains("deflate") ? .deflate : nil
    }

    /// Compresses a body; `nil` when that does not make it smaller.
    package func compress(_ body: ByteBuffer, with allocator: ByteBufferAllocator) -> ByteBuffer? {
        let isGzip = self == .gzip
        let bound = headway_deflate_bound(body.readableBytes, isGzip)
        var result = allocator.buffer(capacity: bound)
        let written = body.withUnsafeReadableBytes { input in
            result.writeWithUnsafeMutableBytes(minimumWritableBytes: bound) { output in
                headway_deflate(
                    input.baseAddress?.assumingMemoryBound(to: UInt8.self), input.count,
                    output.baseAddress?.assumingMemoryBound(to: UInt8.self), output.count, isGzip)
            }
        }
        return written > 0 && written < body.readableBytes ? result : nil
    }

    /// Decompresses a body of at most `limit` bytes.
    ///
    /// - Throws: ``ServingError`` when it is corrupt, cut off, or larger.
    package func decompress(
        _ body: ByteBuffer, limit: Int, with allocator: ByteBufferAllocator
    ) throws(ServingError) -> ByteBuffer {
        do {
            return try inflate(body, raw: false, limit: limit, with: allocator)
        } catch let error {
            // "deflate" means zlib's format, but some clients send it without zlib's header.
            guard self == .deflate, error.code == .invalidArgument else { throw error }
            return try inflate(body, raw: true, limit: limit, with: allocator)
        }
    }

    private func inflate(
        _ body: ByteBuffer, raw: Bool, limit: Int, with allocator: ByteBufferAllocator
    ) throws(ServingError) -> ByteBuffer {
        var result = allocator.buffer(capacity: min(body.readableBytes * 4, limit))
        var status = Int32(HEADWAY_INFLATE_CORRUPT)
        body.withUnsafeReadableBytes { input in
            let bytes = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
            guard let inflater = headway_inflate_create(bytes, input.count, raw) else { return }
            defer { headway_inflate_destroy(inflater) }
            repeat {
                let room = min(max(result.readableBytes, 4_096), limit + 1 - result.readableBytes)
                result.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { output in
                    var written = 0
                    status = headway_inflate_step(
                        inflater, output.baseAddress?.assumingMemoryBound(to: UInt8.self), room,
                        &written)
                    return written
                }
            } while status == HEADWAY_INFLATE_MORE_SPACE && result.readableBytes <= limit
        }
        if result.readableBytes > limit { throw .payloadTooLarge(limit: limit) }
        guard status == HEADWAY_INFLATE_DONE else {
            let what = status == HEADWAY_INFLATE_TRUNCATED ? "cut off" : "corrupt"
            throw ServingError(.invalidArgument, "the \(rawValue) body is \(what)")
        }
        return result
    }
}

extension ServingError {
    /// A body over the limit.
    static func payloadTooLarge(limit: Int) -> ServingError {
        ServingError(.payloadTooLarge, "the request's body is larger than \(limit) bytes")
    }
}
