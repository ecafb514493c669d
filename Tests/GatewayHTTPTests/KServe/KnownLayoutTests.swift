import GatewayHTTP
import ServingModel
import ServingRuntime
import Testing

@Suite("JSON parts that are recognised")
struct KnownLayoutTests {
    /// A model, as far as a layout cares.
    private final class Model {}

    /// A request as memory that outlives its decoding.
    private struct Placed {
        let memory: GuardedMemory
        let body: InferBody

        init?(_ json: [UInt8], _ binary: [UInt8]) {
            memory = GuardedMemory(capacity: json.count + binary.count)
            guard
                let body = InferBody(
                    first: memory.place(json + binary), more: [], headerLength: json.count)
            else { return nil }
            self.body = body
        }
    }

    private static func bytes(_ decoded: DecodedInfer) -> [[UInt8]] {
        decoded.inputs.map { input in
            [UInt8](unsafeUninitializedCapacity: input.count) { target, count in
                if let base = target.baseAddress { input.copy(to: base) }
                count = input.count
            }
        }
    }

    @Test("A recognised request says exactly what reading it says, with numbers of its own")
    func same() throws {
        let model = Model()
        var recognised = 0
        for seed in 0..<4_000 {
            var generator = SeededGenerator(seed: seed)
            let infer = InferCase(&generator)
            let request = infer.rendered(&generator)
            let first = try #require(Placed(request.json, request.binary))
            let decoded = try InferDecoder.decode(first.body, for: infer.interface)
            let layout = KnownLayout(first.body, decoded, for: infer.interface, of: model)
            let isPlain = infer.inputs.allSatisfy { $0.binary != nil && $0.spec.dataType != .bytes }
            #expect((layout != nil) == (isPlain && infer.id == nil), "seed \(seed)")
            guard let layout else { continue }
            recognised += 1
            let other = try #require(
                Placed(request.json, generator.bytes(request.binary.count)))
            #expect(layout.describes(other.body, of: model), "seed \(seed)")
            let found = layout.decode(other.body)
            let expected = try InferDecoder.decode(other.body, for: infer.interface)
            #expect(Self.bytes(found) == Self.bytes(expected), "seed \(seed)")
            #expect(found.rows == expected.rows)
            #expect(found.shapes == expected.shapes)
            #expect(found.wish == expected.wish)
            #expect(layout.wish == expected.wish)
            #expect(layout.describes(other.body.header, of: model))
            #expect(found.outputs.map(\.index) == expected.outputs.map(\.index))
            #expect(found.outputs.map(\.isBinary) == expected.outputs.map(\.isBinary))
            withExtendedLifetime((first, other)) {}
        }
        #expect(recognised > 200)
    }

    @Test("Another JSON part, another length or another model is not recognised")
    func different() throws {
        let model = Model()
        var tried = 0
        for seed in 0..<4_000 {
            var generator = SeededGenerator(seed: seed)
            let infer = InferCase(&generator)
            let request = infer.rendered(&generator)
            let first = try #require(Placed(request.json, request.binary))
            let decoded = try InferDecoder.decode(first.body, for: infer.interface)
            guard let layout = KnownLayout(first.body, decoded, for: infer.interface, of: model)
            else { continue }
            tried += 1
            #expect(!layout.describes(first.body, of: Model()))
            var json = request.json
            json[generator.pick(0...json.count - 1)] ^= 1 << UInt8(generator.pick(0...7))
            let changed = try #require(Placed(json, request.binary))
            #expect(!layout.describes(changed.body, of: model), "seed \(seed)")
            let longer = try #require(Placed(request.json, request.binary + [0]))
            #expect(!layout.describes(longer.body, of: model), "seed \(seed)")
            if !request.binary.isEmpty {
                let shorter = try #require(Placed(request.json, request.binary.dropLast()))
                #expect(!layout.describes(shorter.body, of: model), "seed \(seed)")
            }
            withExtendedLifetime((first, changed, longer)) {}
        }
        #expect(tried > 200)
    }
}
