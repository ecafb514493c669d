import ServingRuntime
import Testing

@Suite("Putting text together from pieces")
struct TextAssemblerTests {
    /// Feeds pieces and answers what came out after each, and at the end.
    private func run(_ pieces: [[UInt8]], stops: [String] = []) -> (parts: [String], stop: Int?) {
        var assembler = TextAssembler(stops: stops)
        var parts = pieces.map { assembler.append($0) }
        parts.append(assembler.finish())
        return (parts, assembler.matchedStop)
    }

    private func run(_ pieces: [String], stops: [String]) -> (parts: [String], stop: Int?) {
        run(pieces.map { Array($0.utf8) }, stops: stops)
    }

    @Test("Plain text comes out as it comes in")
    func plain() {
        #expect(run(["Once", " upon", " a"], stops: []).parts == ["Once", " upon", " a", ""])
    }

    @Test("A character whose bytes come apart is given out once it is whole")
    func characters() {
        let euro = Array("€".utf8)
        #expect(
            run([[0x61, euro[0]], [euro[1]], [euro[2], 0x62]]).parts == ["a", "", "€b", ""])
        let crab = Array("🦀".utf8).map { [$0] }
        #expect(run(crab).parts == ["", "", "", "🦀", ""])
    }

    @Test(
        "Bytes that are no UTF-8 are replaced as the standard library does it, and hold nothing up",
        arguments: [
            [0xFF], [0x80, 0x61], [0xC3, 0x28], [0xE0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x61],
            [0xE2, 0x82], [0xF0, 0x9F, 0x61], [0xC0, 0xAF], [0xC3], [0xC3, 0xC3, 0xA9],
        ] as [[UInt8]])
    func invalid(bytes: [UInt8]) {
        let expected = String(decoding: bytes, as: UTF8.self)
        #expect(run([bytes]).parts.joined() == expected)
        #expect(run(bytes.map { [$0] }).parts.joined() == expected)
    }

    @Test("A stop string ends the text before it, across pieces, and nothing comes after it")
    func stops() {
        let (parts, stop) = run(["The E", "N", "D of it"], stops: ["xyz", "END"])
        #expect(parts == ["The ", "", "", ""])
        #expect(stop == 1)
    }

    @Test("What could begin a stop string is held back only as long as it could")
    func holding() {
        var assembler = TextAssembler(stops: ["\n\nUser"])
        #expect(assembler.append(Array("a\n".utf8)) == "a")
        #expect(assembler.append(Array("\n".utf8)) == "")
        #expect(assembler.append(Array("b".utf8)) == "\n\nb")
        #expect(assembler.append(Array("\n".utf8)) == "")
        #expect(assembler.finish() == "\n")
    }

    @Test("A stop string inside characters of several bytes is found at its own bytes")
    func stopInUnicode() {
        let text = Array("naïve — stop".utf8).map { [$0] }
        let (parts, stop) = run(text, stops: ["—"])
        #expect(parts.joined() == "naïve ")
        #expect(stop == 0)
    }

    @Test("Of several stop strings the first that is complete counts, and of those the longest")
    func several() {
        #expect(run(["abcd"], stops: ["abcd", "bc"]).parts.joined() == "a")
        #expect(run(["xyz!"], stops: ["z!", "yz!"]).stop == 1)
        #expect(run(["xyz!"], stops: ["z!", "yz!"]).parts.joined() == "x")
    }

    @Test("An empty stop string stops nothing")
    func empty() {
        #expect(run(["abc"], stops: [""]).parts == ["abc", ""])
    }

    @Test("Whatever the pieces, the text is the same", arguments: 0..<300)
    func anyPieces(seed: Int) {
        var random = SeededGenerator(seed: seed)
        let alphabet: [UInt8] = [0x61, 0x62, 0x63, 0xC3, 0xA9, 0xE2, 0x82, 0xAC, 0xF0, 0x9F, 0xFF]
        let bytes = (0..<Int.random(in: 0...60, using: &random)).map { _ in
            alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
        }
        let stops = (0..<Int.random(in: 0...3, using: &random)).map { _ in
            String("abcé€".shuffled(using: &random).prefix(Int.random(in: 1...4, using: &random)))
        }
        let singly = run(bytes.map { [$0] }, stops: stops)
        var pieces: [[UInt8]] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = min(Int.random(in: 0...7, using: &random), rest.count)
            pieces.append(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        let together = run(pieces, stops: stops)
        #expect(together.parts.joined() == singly.parts.joined(), "seed \(seed)")
        #expect(together.stop == singly.stop, "seed \(seed)")
        let whole = String(decoding: bytes, as: UTF8.self)
        if singly.stop == nil {
            #expect(singly.parts.joined() == whole, "seed \(seed)")
        }
        for stop in stops { #expect(!singly.parts.joined().contains(stop), "seed \(seed)") }
    }
}
