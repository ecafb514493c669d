import EngineAPI
import EnginePlugin
import SchedulerTesting
import ServingModel
import Simulator
import Testing

@Suite("Files of models")
struct ModelFileTests {
    @Test("What is wrong with a file is said")
    func reasons() throws {
        for (name, reason) in [("corrupt", "GGUF"), ("truncated", "corrupted or incomplete")] {
            let error = #expect(throws: EngineError.self) {
                try Fixtures.engine.open(Fixtures.source(name))
            }
            #expect(error?.kind == .invalidModel)
            #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
            #expect(error?.message.contains("\(name).gguf") == true)
        }
    }

    @Test("A file cut off anywhere is refused")
    func cutOff() throws {
        let whole = try Fixtures.contents(Fixtures.path("decoder"))
        for part in 0..<16 {
            try Fixtures.withFile(Array(whole.prefix(whole.count * part / 16))) { path in
                let source = ModelSource(name: "cut", path: path, maxBatchSize: 0)
                let error = #expect(throws: EngineError.self) { try Fixtures.engine.open(source) }
                #expect(error?.kind == .invalidModel)
            }
        }
    }

    /// The head of a file holds sizes, types and names: a server must survive all that may stand there.
    @Test("A file with damaged bytes in its head is refused or opens, and never ends the process")
    func damaged() throws {
        let whole = try Fixtures.contents(Fixtures.path("decoder"))
        try forEachSeed(count: 150) { random in
            var draw = random
            var bytes = whole
            for _ in 0..<draw.integer(in: 1...4) {
                bytes[draw.integer(in: 0...12_000)] = UInt8(draw.integer(in: 0...255))
            }
            try Fixtures.withFile(bytes) { path in
                let source = ModelSource(
                    name: "damaged", path: path, maxBatchSize: 0, parameters: ["use_mmap": "0"])
                do {
                    _ = try Fixtures.engine.open(source)
                } catch let error as EngineError {
                    #expect([.invalidModel, .outOfMemory].contains(error.kind))
                }
            }
        }
    }

    @Test("A decoder can be asked for vectors, an encoder not for text")
    func tasks() throws {
        let source = try Fixtures.source(
            "decoder", maxBatchSize: 4, parameters: ["task": "embed", "normalize": "0"])
        let instance = try Fixtures.engine.load(source).makeInstance()
        let vectors = try instance.run([.texts(["one", "two", "one"])])[0].floats
        #expect(vectors.count == 3 * 64)
        #expect(vectors[..<64].elementsEqual(vectors[128...]))
        #expect(!vectors[..<64].elementsEqual(vectors[64..<128]))
        let error = #expect(throws: EngineError.self) {
            try Fixtures.engine.open(
                Fixtures.source("encoder", parameters: ["task": "generate"]))
        }
        #expect(error?.kind == .invalidModel)
    }

    @Test("Texts of a batch are packed into passes, too long ones refused with both lengths")
    func packing() throws {
        let source = try Fixtures.source(
            "encoder", maxBatchSize: 200, parameters: ["max_tokens": "64"])
        let instance = try Fixtures.engine.load(source).makeInstance()
        let texts = (0..<200).map { String(repeating: "ab ", count: 1 + $0 % 20) }
        let vectors = try instance.run([.texts(texts)])[0].floats
        for row in [0, 19, 20, 139, 199] {
            let alone = try instance.run([.texts([texts[row]])])[0].floats
            for (left, right) in zip(alone, vectors[row * 64..<row * 64 + 64]) {
                #expect(abs(left - right) < 1e-3)
            }
        }
        #expect(try instance.run([.texts([])])[0].shape == [0, 64])
        let error = #expect(throws: EngineError.self) {
            try instance.run([.texts(["fine", String(repeating: "ab ", count: 40)])])
        }
        #expect(error?.kind == .invalidInput)
        #expect(error?.message.contains("82 tokens") == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("64") == true)
        let invalid = Tensor(dataType: .bytes, shape: [1, 1], bytes: [2, 0, 0, 0, 0xC3, 0x28])
        let malformed = #expect(throws: EngineError.self) { try instance.run([invalid]) }
        #expect(malformed?.message.contains("UTF-8") == true)
    }
}
