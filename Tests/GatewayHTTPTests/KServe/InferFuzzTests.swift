import Foundation
import GatewayHTTP
import ServingModel
import ServingRuntime
import Testing

/// Requests as no client should send them. Memory is guarded: reading beyond a body ends the process.
@Suite("Infer requests that were tampered with")
struct InferFuzzTests {
    /// More of everything when the machine has the night for it.
    private static let seeds =
        ProcessInfo.processInfo.environment["HEADWAY_NIGHTLY"] == "1" ? 400_000 : 20_000

    @Test("Random damage is refused or read, and never ends the server")
    func damage() throws {
        let decoder = PiecewiseDecoder()
        var refused = 0
        for seed in 0..<Self.seeds {
            var generator = SeededGenerator(seed: seed)
            let infer = InferCase(&generator)
            let request = infer.rendered(&generator)
            var bytes = request.json + request.binary
            for _ in 0..<generator.pick(1...4) { Self.damage(&bytes, &generator) }
            let length = Self.headerLength(request, &generator)
            do {
                let found = try decoder.decode(bytes, headerLength: length, for: infer.interface)
                if let found { Self.check(found, infer.interface, "seed \(seed)") }
            } catch let error as ServingError {
                refused += 1
                #expect([.invalidArgument, .unsupported].contains(error.code), "seed \(seed)")
                #expect(!error.message.isEmpty)
            }
        }
        #expect(refused > Self.seeds / 2)
    }

    @Test("Every cut through a request is refused")
    func truncation() throws {
        let decoder = PiecewiseDecoder()
        for seed in 0..<60 {
            var generator = SeededGenerator(seed: seed)
            let infer = InferCase(&generator)
            let request = infer.rendered(&generator)
            for count in 0..<request.json.count {
                #expect(throws: ServingError.self, "seed \(seed), \(count) bytes") {
                    try decoder.decode(
                        Array(request.json[..<count]), headerLength: nil, for: infer.interface)
                }
            }
            for count in request.binary.indices {
                #expect(throws: ServingError.self, "seed \(seed), \(count) binary bytes") {
                    try decoder.decode(
                        request.json + request.binary[..<count],
                        headerLength: request.json.count, for: infer.interface)
                }
            }
        }
    }

    @Test("Random bytes are no request")
    func noise() throws {
        let decoder = PiecewiseDecoder()
        for seed in 0..<2_000 {
            var generator = SeededGenerator(seed: seed)
            let infer = InferCase(&generator)
            let alphabet = Array("{}[]\",:\\ 0123456789eE+-.truefalsnIiypdxINT32FP".utf8)
            let bytes = (0..<generator.pick(0...200)).map { _ in
                seed % 2 == 0 ? generator.pick(of: alphabet) : generator.bytes(1)[0]
            }
            #expect(throws: ServingError.self) {
                try decoder.decode(bytes, headerLength: nil, for: infer.interface)
            }
        }
    }

    @Test(
        "Requests that once ended the server, or broke its promises, are refused",
        arguments: FailCases.all)
    func failCases(failCase: FailCases.Case) throws {
        let decoder = PiecewiseDecoder()
        let message = message {
            _ = try decoder.decode(
                Array(failCase.json.utf8), headerLength: nil, for: FailCases.interface)
        }
        #expect(message?.contains(failCase.word) == true, "\(message ?? "accepted")")
    }

    // MARK: Damage

    private static func damage(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
        guard !bytes.isEmpty else { return }
        let place = generator.pick(0...bytes.count - 1)
        switch generator.pick(0...6) {
        case 0: bytes[place] ^= 1 << UInt8(generator.pick(0...7))
        case 1: bytes[place] = generator.bytes(1)[0]
        case 2: bytes.removeSubrange(place..<min(place + generator.pick(1...8), bytes.count))
        case 3: bytes.removeLast(bytes.count - place)
        case 4: bytes.insert(contentsOf: generator.pick(of: snippets), at: place)
        case 5:
            // A part of the request a second time, as for members that come twice.
            let end = min(place + generator.pick(1...60), bytes.count)
            bytes.insert(
                contentsOf: Array(bytes[place..<end]), at: generator.pick(0...bytes.count))
        default:
            // One number in place of another.
            let digits = bytes.indices.filter { (0x30...0x39).contains(bytes[$0]) }
            guard !digits.isEmpty else { return }
            let digit = generator.pick(of: digits)
            bytes.replaceSubrange(digit...digit, with: generator.pick(of: numbers))
        }
    }

    private static let snippets = [
        "\"", "\\", "{", "}", "[", "]", ",", ":", "null", "\\u", "\\ud800", "\0", "1e999", "-",
        "\"shape\":[1],", "\"data\":[1],", "\"datatype\":\"FP64\",", "\"name\":\"x\",",
        "\"parameters\":{\"binary_data_size\":4},", "\"inputs\":[],",
    ].map { Array($0.utf8) }

    private static let numbers = [
        "0", "-1", "99999999999", "9223372036854775807", "18446744073709551616", "1e9", "0.5",
        "4294967296", "1099511627776", "1099511627777",
    ].map { Array($0.utf8) }

    private static func headerLength(
        _ request: RenderedInfer, _ generator: inout SeededGenerator
    ) -> Int? {
        switch generator.pick(0...9) {
        case 0: 0
        case 1: generator.pick(0...request.json.count + request.binary.count + 5)
        case 2: nil
        default: request.json.count
        }
    }

    /// Whatever is accepted has exactly the bytes that the batch will take it for.
    private static func check(
        _ found: DecodedBytes, _ interface: ModelInterface, _ context: String
    ) {
        #expect(found.inputs.count == interface.inputs.count, "\(context)")
        let decoded = found.decoded
        #expect(decoded.rows >= 1, "\(context)")
        #expect(!interface.isBatched || decoded.rows <= interface.maxBatchSize, "\(context)")
        for (index, input) in interface.inputs.enumerated() {
            let extents = decoded.shapes?[index] ?? input.dims
            #expect(extents.allSatisfy { $0 >= 0 }, "\(context)")
            guard let size = input.dataType.elementSize else { continue }
            let elements = extents.reduce(decoded.rows, *)
            #expect(found.inputs[index].count == elements * size, "\(context)")
        }
        #expect(decoded.outputs.allSatisfy { interface.outputs.indices.contains($0.index) })
    }
}
