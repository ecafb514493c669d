import EngineAPI
import Foundation
import ModelRepository
import Testing

@Suite struct BrokenModelTests {
    @Test("Broken models are entries with a reason, beside healthy ones")
    func broken() throws {
        let repository = try TemporaryRepository()
        try repository.file("healthy/1/model.onnx")
        try repository.folder("empty")
        try repository.folder("directory-as-file/config.pbtxt")
        try repository.file("no-version/config.pbtxt", "backend: 'onnxruntime'")
        try repository.file("unsupported/config.pbtxt", "sequence_batching { }")
        try repository.file("wrong-name/config.pbtxt", "name: 'other'")
        try repository.file("typo/config.pbtxt", "max_batch_size: 1\nbackendd: 'onnxruntime'")
        try repository.file("nul/config.pbtxt", bytes: [0, 0, 0, 0])
        try repository.file("huge/config.pbtxt", String(repeating: "input {", count: 150_000))
        try repository.file("oversized/config.pbtxt", String(repeating: "#", count: 5 << 20))
        try repository.file("deep/config.pbtxt", String(repeating: "a{", count: 500_000))
        var random = SeededGenerator(seed: 7)
        try repository.file(
            "binary/config.pbtxt",
            bytes: (0..<(1 << 20)).map { _ in UInt8.random(in: 0...255, using: &random) })
        let reasons = [
            "binary": "config.pbtxt:1:", "deep": "config.pbtxt:1:1: a: unknown field",
            "directory-as-file": "is not a regular file",
            "empty": "has neither a config.pbtxt nor a version directory",
            "huge": "config.pbtxt:1:", "no-version": "has no version directory, such as '1'",
            "nul": "config.pbtxt:1:1", "oversized": "has 5242880 bytes; 4194304 are allowed",
            "typo": "config.pbtxt:2:1: backendd: unknown field",
            "unsupported": "config.pbtxt:1:1: sequence_batching: is not supported",
            "wrong-name": "config.pbtxt:1:1: name: is 'other'",
        ]
        let entries = try repository.scan()
        #expect(entries.map(\.name) == (reasons.keys + ["healthy"]).sorted())
        for entry in entries {
            if let reason = reasons[entry.name] {
                #expect(entry.servable.isEmpty)
                #expect(
                    entry.problem?.contains(reason) == true,
                    "\(entry.name): \(entry.problem ?? "no problem")")
            } else {
                #expect(entry.problem == nil)
                #expect(entry.servable.count == 1)
            }
        }
    }

    @Test("Libraries of operators are found in the model's directory, and missed by their path")
    func operatorLibraries() throws {
        let repository = try TemporaryRepository()
        let library = "\(repository.path)/m/lib/a.so"
        let named = "model_operations { op_library_filename: 'lib/a.so' }"
        for name in ["m", "missing"] {
            try repository.file("\(name)/1/model.onnx")
            try repository.file("\(name)/config.pbtxt", named)
        }
        try repository.file("other/config.pbtxt", "backend: 'synthetic' \(named)")
        try repository.file("m/lib/a.so")
        let model = try #require(try repository.model("m"))
        #expect(model.servable.map(\.source.operatorLibraries) == [[library]])
        let missing = try #require(try repository.model("missing"))
        #expect(missing.servable.isEmpty)
        #expect(missing.problem?.contains("/missing/lib/a.so'") == true, "\(missing.problem ?? "")")
        let other = try #require(try repository.model("other"))
        #expect(other.problem?.contains("'synthetic' takes no libraries of operators") == true)
    }

    @Test("A pipe in place of a configuration is refused, not waited for")
    func pipe() throws {
        let repository = try TemporaryRepository()
        try repository.file("m/1/model.onnx")
        #expect(mkfifo("\(repository.path)/m/config.pbtxt", 0o600) == 0)
        let model = try #require(try repository.model("m"))
        #expect(model.problem?.contains("is not a regular file") == true)
    }

    @Test("Problems name the file, so that a log line alone leads to the fault")
    func fileInMessage() throws {
        let repository = try TemporaryRepository()
        try repository.file(
            "m/config.pbtxt", "\n\ninput { name: 'x' dims: 0 data_type: TYPE_BOOL }")
        try repository.file("m/1/model.onnx")
        let problem = try #require(try repository.model("m")?.problem)
        #expect(problem.hasPrefix("\(repository.path)/m/config.pbtxt:3:19: input[0].dims: has 0;"))
    }
}
