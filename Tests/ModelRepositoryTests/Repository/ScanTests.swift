import EngineAPI
import Foundation
import ModelRepository
import Testing

@Suite struct ScanTests {
    @Test("Models are found by ascending name; files and hidden directories are none")
    func names() throws {
        let repository = try TemporaryRepository()
        for name in ["zebra", "alpha", "Beta", ".git", "..data"] {
            try repository.file("\(name)/1/model.onnx")
        }
        try repository.file("README.md")
        #expect(try repository.scan().map(\.name) == ["Beta", "alpha", "zebra"])
        #expect(try repository.scan().allSatisfy { $0.problem == nil })
    }

    @Test("Only numeric directories without a leading zero are versions, in numeric order")
    func versions() throws {
        let repository = try TemporaryRepository()
        for version in ["1", "10", "2", "03", "0", "v4", "5x", "-6", "99999999999999999999"] {
            try repository.file("m/\(version)/model.onnx")
        }
        try repository.file("m/7")
        try repository.file("m/.8/model.onnx")
        let model = try #require(try repository.model("m"))
        #expect(model.versions == [1, 2, 10])
        #expect(model.servable.map(\.version) == [10])
    }

    @Test("A configured model becomes a source for its engine")
    func source() throws {
        let repository = try TemporaryRepository()
        try repository.file("resnet/config.pbtxt", Examples.imageClassifier)
        try repository.file("resnet/labels.txt", "cat\r\ndog\n\nfish\n")
        try repository.file("resnet/3/model.onnx")
        let model = try #require(try repository.model("resnet"))
        #expect(model.problem == nil)
        let version = try #require(model.servable.first)
        #expect(version.model == "resnet")
        #expect(version.version == 3)
        #expect(version.engine.name == "onnxruntime")
        #expect(version.source.name == "resnet")
        #expect(version.source.path == "\(repository.path)/resnet/3/model.onnx")
        #expect(version.source.maxBatchSize == 32)
        #expect(version.source.declared == Examples.imageSignature)
        #expect(version.source.threadsPerInstance == 1)
        #expect(version.labels == ["scores": ["cat", "dog", "", "fish"]])
        #expect(version.configuration.backend == "onnxruntime")
        #expect(version.configuration.defaultModelFileName == "model.onnx")
    }

    @Test("Without a configuration the file tells the engine, and the model is left to complete")
    func unconfigured() throws {
        let repository = try TemporaryRepository()
        try repository.file("m/1/model.pt")
        let version = try #require(try repository.model("m")?.servable.first)
        #expect(version.engine.name == "torchscript")
        #expect(version.source.maxBatchSize == ModelConfiguration.defaultMaxBatchSize)
        #expect(version.source.declared.inputs.isEmpty)
        #expect(version.configuration.leavesBatchingOpen)
    }

    @Test(
        "backend comes before platform, and both before the files; case does not matter",
        arguments: [
            ("backend: 'ONNXRuntime'", "onnxruntime"),
            ("platform: 'pytorch_libtorch'", "torchscript"),
            ("backend: 'pytorch' platform: 'onnxruntime_onnx'", "torchscript"),
            ("", "onnxruntime"),
        ])
    func engineChoice(_ text: String, _ engine: String) throws {
        let repository = try TemporaryRepository()
        try repository.file("m/config.pbtxt", text)
        try repository.file("m/1/model.onnx")
        try repository.file("m/1/model.pt")
        #expect(try repository.model("m")?.servable.first?.engine.name == engine)
    }

    @Test("A model without an engine says which engines there are")
    func noEngine() throws {
        let repository = try TemporaryRepository()
        try repository.file("a/config.pbtxt", "backend: 'tensorflow'")
        try repository.file("a/1/model.onnx")
        try repository.file("b/1/weights.bin")
        let entries = try repository.scan()
        #expect(
            entries.map(\.problem) == [
                "backend: 'tensorflow' is no engine of this server; known are onnxruntime,"
                    + " torchscript, synthetic",
                "neither backend nor platform is configured, and no version holds a file that tells"
                    + " the engine; known are model.onnx (onnxruntime), model.pt (torchscript)",
            ])
        #expect(entries.allSatisfy { $0.servable.isEmpty })
    }

    @Test("An engine without files needs no version directory, and serves those that exist")
    func synthetic() throws {
        let repository = try TemporaryRepository()
        try repository.file("a/config.pbtxt", "backend: 'synthetic'")
        try repository.file("b/config.pbtxt", "backend: 'synthetic'")
        try repository.folder("b/4")
        let entries = try repository.scan()
        #expect(entries.map(\.problem) == [nil, nil])
        #expect(entries.map(\.versions) == [[1], [4]])
        #expect(entries.flatMap(\.servable).map(\.source.path) == ["", ""])
    }

    @Test("The version policy names versions that are missing, and the others are served")
    func missingVersion() throws {
        let repository = try TemporaryRepository()
        try repository.file(
            "m/config.pbtxt", "version_policy { specific { versions: [1, 2, 3] } }")
        try repository.file("m/1/model.onnx")
        try repository.folder("m/2")
        let model = try #require(try repository.model("m"))
        #expect(model.servable.map(\.version) == [1])
        #expect(model.unservable.map(\.version) == [2, 3])
        #expect(
            model.unservable.first?.reason
                == "default_model_filename: version 2 has no file '\(repository.path)/m/2/model.onnx'"
        )
        #expect(model.problem?.contains("asks for version 3, which does not exist") == true)
    }

    @Test("A configured file name is used, below the version only")
    func fileName() throws {
        let repository = try TemporaryRepository()
        let names = ["good": "sub/net.onnx", "bad": "../../secret.onnx"]
        for (model, name) in names {
            try repository.file(
                "\(model)/config.pbtxt",
                "backend: 'onnxruntime' default_model_filename: '\(name)'")
            try repository.file("\(model)/1/sub/net.onnx")
        }
        try repository.file("secret.onnx")
        let good = try #require(try repository.model("good"))
        #expect(good.servable.first?.source.path.hasSuffix("/good/1/sub/net.onnx") == true)
        let bad = try #require(try repository.model("bad"))
        #expect(bad.servable.isEmpty)
        #expect(bad.problem?.contains("default_model_filename: is '../../secret.onnx'") == true)
    }

    @Test("Labels of the version come before those of the model; missing labels are a problem")
    func labels() throws {
        let repository = try TemporaryRepository()
        let text = """
            output { name: "y" data_type: TYPE_FP32 dims: 2 label_filename: "labels.txt" }
            version_policy { all { } }
            """
        try repository.file("a/config.pbtxt", text)
        try repository.file("a/labels.txt", "old")
        try repository.file("a/1/model.onnx")
        try repository.file("a/2/model.onnx")
        try repository.file("a/2/labels.txt", "new")
        try repository.file("b/config.pbtxt", text)
        try repository.file("b/1/model.onnx")
        let entries = try repository.scan()
        #expect(entries.first?.servable.map { $0.labels["y"] } == [["old"], ["new"]])
        #expect(entries.last?.problem?.contains("output[0].label_filename: '") == true)
    }

    @Test("Linked models and versions are served, links that lead nowhere are problems")
    func links() throws {
        let store = try TemporaryRepository()
        try store.file("blob/1/model.onnx")
        let repository = try TemporaryRepository()
        try repository.link("linked", to: "\(store.path)/blob")
        try repository.link("nowhere", to: "\(store.path)/gone")
        try repository.folder("versions")
        try repository.link("versions/5", to: "\(store.path)/blob/1")
        let entries = try repository.scan()
        #expect(entries.map(\.name) == ["linked", "nowhere", "versions"])
        #expect(entries.map { $0.problem == nil } == [true, false, true])
        #expect(entries.last?.servable.map(\.version) == [5])
    }

    @Test("The first repository wins, and the others are named")
    func duplicates() throws {
        let first = try TemporaryRepository()
        let second = try TemporaryRepository()
        try first.file("both/1/model.onnx")
        try second.file("both/2/model.onnx")
        try second.file("own/1/model.onnx")
        let entries = try ModelRepository(
            roots: [first.path, second.path], engines: TemporaryRepository.engines
        ).scan()
        #expect(entries.map(\.name) == ["both", "own"])
        #expect(entries.first?.versions == [1])
        #expect(entries.first?.shadowedDirectories == ["\(second.path)/both"])
        #expect(entries.last?.shadowedDirectories.isEmpty == true)
    }

    @Test("A repository that is missing or no directory is an error that names it")
    func missingRoot() throws {
        let repository = try TemporaryRepository()
        try repository.file("file")
        for (path, message) in [
            ("\(repository.path)/gone", "does not exist"),
            ("\(repository.path)/file", "is not a directory"),
        ] {
            let broken = ModelRepository(roots: [repository.path, path], engines: [])
            #expect {
                _ = try broken.scan()
            } throws: { error in
                let error = error as? RepositoryError
                return error?.path == path && error?.message == message
            }
        }
    }

    @Test("Asking for one model takes a name that exists, never a path")
    func entryByName() throws {
        let repository = try TemporaryRepository()
        try repository.file("m/1/model.onnx")
        try repository.file(".hidden/1/model.onnx")
        for name in ["", ".", "..", "m/../m", "m/", ".hidden", "\0", "x"] {
            #expect(try repository.model(name) == nil, "\(name)")
        }
        let given = try ModelConfiguration(
            json: #"{"backend": "synthetic", "max_batch_size": 2}"#, directoryName: "m")
        let model = try ModelRepository(
            roots: [repository.path], engines: TemporaryRepository.engines
        ).entry(named: "m", configuration: given)
        #expect(model?.servable.first?.engine.name == "synthetic")
        #expect(model?.servable.first?.source.maxBatchSize == 2)
    }
}
