import GatewayHTTP
import NIOCore
import ServingModel
import Testing

@Suite("Compressed bodies")
struct ContentCodingTests {
    private static let codings = [ContentCoding.gzip, .deflate]
    private let allocator = ByteBufferAllocator()

    private func code(_ body: () throws -> Void) -> ServingError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? ServingError)?.code
        }
    }

    /// Bodies that compression makes smaller.
    private static func body(_ generator: inout SeededGenerator, _ count: Int) -> ByteBuffer {
        let words = ["\"data\"", ":", "[1,2,3],", "0.125,", "abc"]
        var text = ""
        while text.utf8.count < count { text += generator.pick(of: words) }
        return ByteBuffer(string: text)
    }

    @Test("What was compressed comes back", arguments: codings)
    func roundTrip(coding: ContentCoding) throws {
        var generator = SeededGenerator(seed: 11)
        for count in [100, 1_000, 4_095, 4_096, 4_097, 65_536, 300_000] {
            let body = Self.body(&generator, count)
            let packed = try #require(coding.compress(body, with: allocator))
            #expect(packed.readableBytes < body.readableBytes)
            let limit = body.readableBytes
            #expect(try coding.decompress(packed, limit: limit, with: allocator) == body)
            #expect(
                code { _ = try coding.decompress(packed, limit: limit - 1, with: allocator) }
                    == .payloadTooLarge)
        }
    }

    @Test("What compression would not make smaller is left alone", arguments: codings)
    func incompressible(coding: ContentCoding) {
        var generator = SeededGenerator(seed: 12)
        #expect(coding.compress(ByteBuffer(), with: allocator) == nil)
        #expect(coding.compress(ByteBuffer(string: "abc"), with: allocator) == nil)
        let noise = ByteBuffer(bytes: generator.bytes(10_000))
        #expect(coding.compress(noise, with: allocator) == nil)
    }

    @Test("Every cut through a compressed body is refused", arguments: codings)
    func truncated(coding: ContentCoding) throws {
        var generator = SeededGenerator(seed: 13)
        let packed = try #require(
            coding.compress(Self.body(&generator, 600), with: allocator))
        for count in 0..<packed.readableBytes {
            let cut = try #require(packed.getSlice(at: 0, length: count))
            #expect(
                code { _ = try coding.decompress(cut, limit: 1 << 20, with: allocator) }
                    == .invalidArgument, "\(count) bytes")
        }
    }

    @Test("Damage is refused, or harmless, and never exceeds the limit", arguments: codings)
    func damaged(coding: ContentCoding) throws {
        let limit = 2_000
        for seed in 0..<2_000 {
            var generator = SeededGenerator(seed: seed)
            var packed = try #require(
                coding.compress(Self.body(&generator, generator.pick(200...1_900)), with: allocator)
            )
            for _ in 0..<generator.pick(1...3) {
                packed.setInteger(
                    generator.bytes(1)[0], at: generator.pick(0...packed.readableBytes - 1))
            }
            do {
                let found = try coding.decompress(packed, limit: limit, with: allocator)
                #expect(found.readableBytes <= limit)
            } catch {
                #expect([.invalidArgument, .payloadTooLarge].contains(error.code))
            }
        }
    }

    @Test("A bomb is refused at the limit, without being unpacked", arguments: codings)
    func bomb(coding: ContentCoding) throws {
        let zeros = ByteBuffer(repeating: 0, count: 32 << 20)
        let packed = try #require(coding.compress(zeros, with: allocator))
        #expect(packed.readableBytes < 1 << 18)
        for limit in [0, 1, 4_095, 4_096, 1 << 20] {
            #expect(
                code { _ = try coding.decompress(packed, limit: limit, with: allocator) }
                    == .payloadTooLarge)
        }
    }

    @Test("Deflate without zlib's header is read, as some clients send it")
    func rawDeflate() throws {
        var generator = SeededGenerator(seed: 14)
        let body = Self.body(&generator, 5_000)
        let packed = try #require(ContentCoding.deflate.compress(body, with: allocator))
        let raw = try #require(packed.getSlice(at: 2, length: packed.readableBytes - 6))
        #expect(try ContentCoding.deflate.decompress(raw, limit: 10_000, with: allocator) == body)
        #expect(
            code { _ = try ContentCoding.gzip.decompress(raw, limit: 10_000, with: allocator) }
                == .invalidArgument)
    }

    @Test("A body of several gzip members is all of them")
    func members() throws {
        var generator = SeededGenerator(seed: 15)
        let first = Self.body(&generator, 500)
        let second = Self.body(&generator, 9_000)
        var packed = try #require(ContentCoding.gzip.compress(first, with: allocator))
        packed.writeImmutableBuffer(
            try #require(ContentCoding.gzip.compress(second, with: allocator)))
        var both = first
        both.writeImmutableBuffer(second)
        #expect(try ContentCoding.gzip.decompress(packed, limit: 1 << 20, with: allocator) == both)
        #expect(
            code { _ = try ContentCoding.gzip.decompress(packed, limit: 9_000, with: allocator) }
                == .payloadTooLarge)
    }

    @Test("Bytes after the end of a compressed body are refused", arguments: codings)
    func trailing(coding: ContentCoding) throws {
        var generator = SeededGenerator(seed: 16)
        var packed = try #require(coding.compress(Self.body(&generator, 500), with: allocator))
        packed.writeString("more")
        #expect(
            code { _ = try coding.decompress(packed, limit: 1 << 20, with: allocator) }
                == .invalidArgument)
    }

    // MARK: Header fields

    @Test("Content-Encoding names one coding, in any case")
    func contentEncoding() throws {
        for (text, coding) in [
            ("gzip", .gzip), ("GZip", .gzip), ("x-gzip", .gzip), ("deflate", .deflate),
            ("identity", nil), ("", nil),
        ] as [(String, ContentCoding?)] {
            #expect(try ContentCoding.of(contentEncoding: text) == coding)
        }
        for text in ["br", "zstd", "gzip, gzip", "gzip,deflate", "compress", " gzip", "*"] {
            #expect(code { _ = try ContentCoding.of(contentEncoding: text) } == .invalidArgument)
        }
    }

    @Test(
        "The best coding that the client accepts is chosen",
        arguments: [
            ("gzip", .gzip), ("gzip, deflate, br", .gzip), ("deflate", .deflate),
            ("DEFLATE, br", .deflate),
            ("deflate;q=1, gzip;q=0.1", .gzip), ("gzip;q=0", nil),
            ("gzip;q=0.0, deflate", .deflate),
            ("gzip; q=0 , deflate ; q=0", nil), ("identity", nil), ("", nil), (",,;", nil),
            ("br", nil),
            ("gzip;q=x", .gzip), ("gzipped", nil),
        ] as [(String, ContentCoding?)])
    func acceptEncoding(text: String, coding: ContentCoding?) {
        #expect(ContentCoding.best(acceptEncoding: text) == coding)
    }
}
