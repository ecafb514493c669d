import EngineAPI
import EngineSynthetic
import EngineTesting
import ServingModel
import Synchronization
import Testing

@Suite("The synthetic engine")
struct SyntheticEngineTests {
    @Test("It passes the conformance suite")
    func conformance() throws {
        let signature = Synthetic.echo(.fp32, [-1, 4])
        let fixture = ConformanceFixture(
            source: Synthetic.source(signature, ["base_us": "5", "per_row_us": "2"]),
            signature: signature,
            unloadable: [
                Synthetic.source(signature, ["base_us": "fast"]),
                ModelSource(name: "undeclared", path: "", maxBatchSize: 8),
            ]
        ) { rows in [Synthetic.tensor(.fp32, [rows, 4])] }
        let engine = SyntheticEngine(wait: { _ in })
        try EngineConformance(engine: engine, fixture: fixture).runAll()
    }

    @Test("It passes the conformance suite with strings, and with two inputs")
    func conformanceOfStrings() throws {
        let signature = ModelSignature(
            inputs: [
                TensorSpec(name: "text", dataType: .bytes, shape: [-1, 2]),
                TensorSpec(name: "weight", dataType: .int16, shape: [-1]),
            ],
            outputs: [
                TensorSpec(name: "text_out", dataType: .bytes, shape: [-1, 2]),
                TensorSpec(name: "score", dataType: .fp64, shape: [-1, 3]),
            ])
        let fixture = ConformanceFixture(
            source: Synthetic.source(signature), signature: signature, unloadable: []
        ) { rows in [Synthetic.strings(rows: rows, columns: 2), Synthetic.tensor(.int16, [rows])] }
        try EngineConformance(engine: SyntheticEngine(), fixture: fixture).runAll()
    }

    @Test(
        "A run costs the base and its rows, rounded up to whole tiles",
        arguments: [
            (rows: 1, nanoseconds: UInt64(140_000)), (rows: 4, nanoseconds: 140_000),
            (rows: 5, nanoseconds: 180_000), (rows: 8, nanoseconds: 180_000),
        ])
    func cost(rows: Int, nanoseconds: UInt64) throws {
        let waits = Waits()
        let instance = try Synthetic.instance(
            ["base_us": "100", "per_row_us": "10", "tile": "4"], waits)
        _ = try instance.run([Synthetic.tensor(.fp32, [rows, 4])])
        #expect(waits.all == [nanoseconds])
    }

    @Test("A run of a model without costs does not wait")
    func noCost() throws {
        let waits = Waits()
        _ = try Synthetic.instance([:], waits).run([Synthetic.tensor(.fp32, [3, 4])])
        #expect(waits.all.isEmpty)
    }

    @Test("Every n-th run stalls and every n-th run fails, each instance by itself")
    func faults() throws {
        let waits = Waits()
        let instance = try Synthetic.instance(
            ["base_us": "1", "stall_every": "2", "stall_us": "50", "fail_every": "3"], waits)
        let input = [Synthetic.tensor(.fp32, [1, 4])]
        var kinds: [EngineError.Kind?] = []
        for _ in 1...6 {
            do throws(EngineError) {
                _ = try instance.run(input)
                kinds.append(nil)
            } catch {
                kinds.append(error.kind)
            }
        }
        #expect(kinds == [nil, nil, .failed, nil, nil, .failed])
        #expect(waits.all == [1_000, 51_000, 1_000, 51_000, 1_000, 51_000])
    }

    @Test(
        "A fault begins and ends where it is told to, in the instance that it names",
        arguments: ["fail", "hang", "slow", "leak", "garbage"])
    func fault(kind: String) throws {
        let waits = Waits()
        let engine = SyntheticEngine(wait: { waits.add($0) })
        let model = try engine.load(
            Synthetic.source(
                Synthetic.echo(.fp32, [-1, 4]),
                [
                    "base_us": "2", "fault": kind, "fault_from": "2", "fault_runs": "2",
                    "fault_instance": "1", "fault_us": "50", "leak_bytes": "64",
                ]))
        let sound = try model.makeInstance()
        let sick = try model.makeInstance()
        let input = [Synthetic.tensor(.fp32, [2, 4])]
        for _ in 1...4 { #expect(try sound.run(input)[0].shape == [2, 4]) }
        var answers: [[Int]?] = []
        for _ in 1...4 { answers.append(try? sick.run(input)[0].shape) }
        let broken: [Int]? = kind == "fail" ? nil : kind == "garbage" ? [1, 4] : [2, 4]
        #expect(answers == [[2, 4], broken, broken, [2, 4]])
        let longer: UInt64 = kind == "hang" ? 52_000 : kind == "slow" ? 20_000 : 2_000
        #expect(Array(waits.all.suffix(4)) == [2_000, longer, longer, 2_000])
    }

    @Test("Every kind of garbage breaks the promise in its own way")
    func garbage() throws {
        func answer(_ kind: String) throws -> [Tensor] {
            let engine = SyntheticEngine(wait: { _ in })
            let model = try engine.load(
                Synthetic.source(
                    Synthetic.echo(.fp32, [-1, 4]), ["fault": "garbage", "garbage": kind]))
            return try model.makeInstance().run([Synthetic.tensor(.fp32, [2, 4])])
        }
        #expect(try answer("fewer_rows")[0].shape == [1, 4])
        #expect(try answer("more_rows")[0].shape == [3, 4])
        #expect(try answer("more_rows")[0].bytes.count == 48)
        #expect(try answer("bytes")[0].bytes.count == 33)
        #expect(try answer("type")[0].dataType == .uint8)
        #expect(try answer("missing").isEmpty)
        #expect(try answer("shape")[0].shape == [2, .max, 4])
        let numbers = try answer("nan")
        #expect(numbers[0].bytes.loadUnaligned(as: Float.self).isNaN)
        #expect(throws: EngineError.self) { try answer("rubbish") }
    }

    @Test("Batches above the configured number of rows run out of memory, smaller ones run")
    func outOfMemory() throws {
        let instance = try Synthetic.instance(["oom_above_rows": "4"], Waits())
        let error = #expect(throws: EngineError.self) {
            try instance.run([Synthetic.tensor(.fp32, [5, 4])])
        }
        #expect(error?.kind == .outOfMemory)
        #expect(try instance.run([Synthetic.tensor(.fp32, [4, 4])]).count == 1)
    }

    @Test("Outputs that match no input are zeros in the declared shape")
    func zeros() throws {
        let signature = ModelSignature(
            inputs: [TensorSpec(name: "x", dataType: .fp32, shape: [-1, 4])],
            outputs: [
                TensorSpec(name: "y", dataType: .int32, shape: [-1, 2]),
                TensorSpec(name: "z", dataType: .bytes, shape: [-1, -1]),
            ])
        let model = try SyntheticEngine().load(Synthetic.source(signature))
        let outputs = try model.makeInstance().run([Synthetic.tensor(.fp32, [3, 4])])
        #expect(outputs.map(\.shape) == [[3, 2], [3, 1]])
        #expect(
            outputs.map { Array($0.bytes) } == [
                .init(repeating: 0, count: 24), .init(repeating: 0, count: 12),
            ])
    }

    @Test("An echo is a copy, because the caller may reuse the input's memory")
    func echoCopies() throws {
        let input = Synthetic.tensor(.fp32, [1, 4])
        let before = Array(input.bytes)
        let outputs = try Synthetic.instance([:], Waits()).run([input])
        input.mutableBytes.initializeMemory(as: UInt8.self, repeating: 0xFF)
        #expect(Array(outputs[0].bytes) == before)
    }

    @Test(
        "Unknown and malformed parameters are refused by name",
        arguments: [
            ("base_us", "-1"), ("base_us", "nan"), ("per_row_us", "1e99"), ("tile", "0"),
            ("work", "play"), ("memory_bytes", "1.5"), ("fail_every", "x"), ("speed", "9"),
            ("fault", "burn"), ("fault_runs", "3"),
        ])
    func parameters(key: String, value: String) {
        let error = #expect(throws: EngineError.self) {
            try SyntheticEngine().load(
                Synthetic.source(Synthetic.echo(.fp32, [-1, 4]), [key: value]))
        }
        #expect(error?.kind == .invalidModel)
        #expect(error?.message.contains("'\(key)'") == true)
    }

    @Test("Sleeping and spinning take at least the time of the run", arguments: ["sleep", "spin"])
    func realTime(work: String) throws {
        let signature = Synthetic.echo(.fp32, [-1, 4])
        let model = try SyntheticEngine().load(
            Synthetic.source(signature, ["base_us": "300", "work": work]))
        let instance = try model.makeInstance()
        let time = try ContinuousClock().measure {
            _ = try instance.run([Synthetic.tensor(.fp32, [1, 4])])
        }
        #expect(time >= .microseconds(300))
    }
}
