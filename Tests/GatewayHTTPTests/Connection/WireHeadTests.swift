import GatewayHTTP
import Testing

@Suite("Framing requests in place")
struct WireHeadTests {
    private static let start = "POST /v2/models/m/infer HTTP/1.1\r\nHost: t\r\n"

    // MARK: Against the library's parser

    @Test("Plain requests are framed exactly as the library's parser frames them")
    func valid() throws {
        for seed in 0..<1_500 {
            var generator = SeededGenerator(seed: seed)
            let stream = Self.stream(&generator)
            let wire = WireFraming.frame(stream)
            let library = try LibraryFraming.frame(stream)
            #expect(!library.failed, "seed \(seed)")
            #expect(wire.consumed == stream.count, "seed \(seed)")
            #expect(wire.messages == library.messages, "seed \(seed)")
        }
    }

    @Test("Of a damaged stream nothing is plain that the library's parser frames differently")
    func damaged() throws {
        var plain = 0
        for seed in 0..<12_000 {
            var generator = SeededGenerator(seed: seed)
            var stream = Self.stream(&generator)
            for _ in 0..<generator.pick(1...3) { Self.damage(&stream, &generator) }
            let wire = WireFraming.frame(stream)
            plain += wire.messages.count
            // The library stops for good at the first request that it refuses, or after one that
            // closes the connection; up to there both must see the same requests.
            let library = try LibraryFraming.frame(Array(stream[..<wire.consumed]))
            let context = "seed \(seed): \(String(decoding: stream, as: UTF8.self))"
            let closing = wire.messages.firstIndex { !$0.isKeptAlive }
            let comparable = wire.messages.prefix(closing.map { $0 + 1 } ?? wire.messages.count)
            #expect(library.messages.starts(with: comparable), "\(context)")
            #expect(!library.failed || closing != nil, "\(context)")
        }
        #expect(plain >= 10_000)
    }

    @Test("A head that is not whole is never plain")
    func truncated() {
        let head = Array("\(Self.start)Content-Length: 5\r\nX: y\r\n\r\n".utf8)
        for count in 0..<head.count {
            #expect(!WireFraming.isPlain(String(decoding: head[..<count], as: UTF8.self)))
        }
        #expect(WireFraming.isPlain(String(decoding: head, as: UTF8.self)))
    }

    @Test("A head over the limit is never plain")
    func limit() {
        let head = "\(Self.start)X: \(String(repeating: "a", count: 500))\r\n\r\n"
        #expect(WireFraming.isPlain(head, limit: head.utf8.count))
        #expect(!WireFraming.isPlain(head, limit: head.utf8.count - 1))
        #expect(!WireFraming.isPlain(head, limit: 0))
    }

    // MARK: Smuggling

    @Test(
        "What could be read in two ways is never plain",
        arguments: [
            "Content-Length: 5\r\nContent-Length: 5", "Content-Length: 5\r\nContent-Length: 6",
            "Content-Length: 5\r\ncontent-length: 5", "Content-Length: 5, 5", "Content-Length: +5",
            "Content-Length: -5", "Content-Length: 0x5", "Content-Length: 5 5", "Content-Length:",
            "Content-Length: ", "Content-Length: five", "Content-Length: 5.0", "Content-Length: 5;",
            "Content-Length: ٥", "Content-Length: 1e1", "Content-Length: 18446744073709551616",
            "Content-Length: 99999999999999999999", "Content-Length: 9223372036854775808",
            "Content-Length: 0000000000000000000005", "Content-Length : 5", "Content-Length\t: 5",
            " Content-Length: 5", "\tContent-Length: 5", "Content-Length: 5\r\n folded",
            "X: a\r\n\tb", "Content-Length: 5\n", "X: a\nContent-Length: 5",
            "X: a\rContent-Length: 5",
            "X: a\u{0}b", "X: a\u{B}b", "X: a\u{7F}", "Transfer-Encoding: chunked",
            "transfer-encoding: identity", "Transfer-Encoding: chunked\r\nContent-Length: 5",
            "Content-Length: 5\r\nTransfer-Encoding: xchunked", "TRANSFER-ENCODING:\tchunked",
            "Transfer-Encoding : chunked", "Transfer-Encoding", "Upgrade: h2c",
            "Connection: upgrade", "Connection: keep-alive, upgrade", "Connection: close, x",
            "Connection: Transfer-Encoding", "Connection:", "Expect: 100-continue", "Expect: x",
            ": x", "X", "", "X y: z", "X(y): z", "X,y: z", "X/y: z", "X\"y: z", "X@y: z", "X{y}: z",
            "X\\y: z", "X=y: z", "X;y: z", "X<y>: z", "X[y]: z", "X?y: z", "é: z",
        ])
    func smuggling(fields: String) {
        // An empty line in the middle ends the head: what follows would be a body without a length.
        guard !fields.isEmpty else { return }
        #expect(!WireFraming.isPlain("\(Self.start)\(fields)\r\n\r\nhello"))
        #expect(!WireFraming.isPlain("\(Self.start)\(fields)\r\nX: y\r\n\r\nhello"))
        #expect(!WireFraming.isPlain("\(Self.start)A: b\r\n\(fields)\r\n\r\nhello"))
    }

    @Test(
        "Request lines that are unusual are never plain",
        arguments: [
            "", "\r\n", "POST /a HTTP/1.0", "POST /a HTTP/1.2", "POST /a HTTP/2.0",
            "POST /a http/1.1",
            "POST /a", "POST  /a HTTP/1.1", "POST /a  HTTP/1.1", " POST /a HTTP/1.1",
            "POST /a HTTP/1.1 ", "POST /a b HTTP/1.1", "POST a HTTP/1.1", "POST * HTTP/1.1",
            "OPTIONS * HTTP/1.1", "POST http://t/a HTTP/1.1", "CONNECT t:80 HTTP/1.1",
            "CONNECT /a HTTP/1.1", "POST\t/a HTTP/1.1", "POST /a\tHTTP/1.1", "POST /a\tb HTTP/1.1",
            "P\u{0}ST /a HTTP/1.1", "post /a HTTP/1.1", "PO(ST /a HTTP/1.1", "/a HTTP/1.1",
            " /a HTTP/1.1", "POST / é HTTP/1.1", "POST /é HTTP/1.1", "PRI * HTTP/2.0",
            "POST /a HTTP/1.1\r", "POST /a\rb HTTP/1.1",
        ])
    func requestLines(line: String) {
        #expect(!WireFraming.isPlain("\(line)\r\nHost: t\r\n\r\n"))
        #expect(!WireFraming.isPlain("\(line)\nHost: t\n\n"))
    }

    @Test("Lines that end in a bare line feed are never plain")
    func bareLineFeed() {
        let head = "\(Self.start)Content-Length: 5\r\nX: y\r\n\r\n"
        #expect(WireFraming.isPlain(head))
        var position = head.startIndex
        while let end = head[position...].firstIndex(of: "\r\n") {
            #expect(!WireFraming.isPlain(head.replacingCharacters(in: end, with: "\n")))
            #expect(!WireFraming.isPlain(head.replacingCharacters(in: end, with: "\r")))
            position = head.index(after: end)
        }
    }

    @Test("Closing is contagious: one field that says so is enough")
    func keepAlive() {
        func isKept(_ fields: String) -> Bool? {
            WireFraming.frame(Array("\(Self.start)\(fields)\r\n".utf8)).messages.first?.isKeptAlive
        }
        #expect(isKept("") == true)
        #expect(isKept("Connection: keep-alive\r\n") == true)
        #expect(isKept("connection: \t CLOSE \r\n") == false)
        #expect(isKept("Connection: keep-alive\r\nConnection: close\r\n") == false)
        #expect(isKept("Connection: close\r\nConnection: keep-alive\r\n") == false)
    }

    @Test("Fields are handed out with their names and without the space around their values")
    func fields() {
        let head = "\(Self.start)A: b\r\nX-Empty:\r\nC:\t d e \t\r\nContent-Length:  7 \r\n\r\n"
        var found: [String] = []
        Array(head.utf8).withUnsafeBytes { bytes in
            let reading = WireHead.read(bytes, limit: 1_000) { name, value in
                found.append(
                    String(decoding: name, as: UTF8.self) + "="
                        + String(decoding: value, as: UTF8.self))
            }
            guard case .plain(let head) = reading else {
                Issue.record("not plain")
                return
            }
            #expect(head.contentLength == 7)
            #expect(head.length == bytes.count)
            #expect(head.isPost)
        }
        #expect(found == ["Host=t", "A=b", "X-Empty=", "C=d e"])
    }

    // MARK: Streams

    /// A few valid requests, one after the other.
    private static func stream(_ generator: inout SeededGenerator) -> [UInt8] {
        var stream: [UInt8] = []
        for _ in 0..<generator.pick(1...4) {
            let body = generator.bytes(generator.chance(percent: 70) ? generator.pick(0...40) : 0)
            var fields = ["Host: t", "X-Request-Id: \(generator.pick(0...99))", "Accept:*/*"]
            if !body.isEmpty || generator.chance(percent: 30) {
                let name = generator.pick(of: [
                    "Content-Length", "content-length", "CONTENT-LENGTH",
                ])
                fields.append("\(name): \(generator.chance(percent: 10) ? "00" : "")\(body.count)")
            }
            if generator.chance(percent: 20) { fields.append("Connection: keep-alive") }
            if generator.chance(percent: 20) { fields.append("X-Odd: \u{e9}\t;,=\"()") }
            let method = generator.pick(of: ["POST", "POST", "GET", "PUT", "DELETE", "HEAD"])
            let target = generator.pick(of: [
                "/", "/v2", "/v2/models/m/infer", "/v2/models/m/versions/1/infer?a=b%20c",
            ])
            stream += Array("\(method) \(target) HTTP/1.1\r\n".utf8)
            for field in fields.shuffled(using: &generator) { stream += Array("\(field)\r\n".utf8) }
            stream += Array("\r\n".utf8) + body
        }
        return stream
    }

    private static let snippets = [
        "\r\n", "\n", "\r", " ", "\t", ":", ",", "\0", "Content-Length: 3\r\n",
        "Content-Length: 0\r\n",
        "Transfer-Encoding: chunked\r\n", "Connection: close\r\n", "Connection: upgrade\r\n",
        "Upgrade: x\r\n", "Expect: 100-continue\r\n", "GET / HTTP/1.1\r\n\r\n", "\r\n\r\n",
        "0\r\n\r\n",
        "CONNECT / HTTP/1.1\r\n", "HTTP/1.1", "HTTP/1.0", "Proxy-Connection: close\r\n", "\u{e9}",
        "X(",
        "#", "|", "^", "\"", "<", "Keep-Alive: 1\r\n", "M-SEARCH", "SOURCE", "QUERY",
    ].map { Array($0.utf8) }

    private static func damage(_ stream: inout [UInt8], _ generator: inout SeededGenerator) {
        guard !stream.isEmpty else { return }
        let place = generator.pick(0...stream.count - 1)
        switch generator.pick(0...5) {
        case 0: stream[place] = generator.bytes(1)[0]
        case 1: stream[place] ^= 1 << UInt8(generator.pick(0...7))
        case 2: stream.remove(at: place)
        case 3: stream.insert(contentsOf: generator.pick(of: snippets), at: place)
        case 4:
            // Between two lines, where it counts.
            let lines = stream.indices.filter { stream[$0] == 0x0A }
            guard !lines.isEmpty else { return }
            stream.insert(
                contentsOf: generator.pick(of: snippets), at: generator.pick(of: lines) + 1)
        default:
            // In place of the method or the target.
            let spaces = stream.indices.filter { stream[$0] == 0x20 }
            guard !spaces.isEmpty else { return }
            stream.insert(
                contentsOf: generator.pick(of: snippets), at: generator.pick(of: spaces))
        }
    }
}

extension String {
    /// The same text with one character replaced.
    fileprivate func replacingCharacters(in index: Index, with text: String) -> String {
        String(self[..<index]) + text + String(self[self.index(after: index)...])
    }
}
