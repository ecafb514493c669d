import EngineAPI
import EngineONNXRuntime
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

@Suite("Finding ONNX Runtime")
struct LibraryTests {
    @Test("The library that make engines installs is found")
    func found() throws {
        let version = try Fixtures.engine.version()
        #expect(version.split(separator: ".").count == 3)
        #expect(try Fixtures.engine.libraryPath().contains("onnxruntime"))
    }

    @Test("A missing library is unavailable, with every place looked at and what to do")
    func missing() throws {
        let named = ONNXRuntimeEngine.candidates(
            environment: ["HEADWAY_ONNXRUNTIME": "/nonexistent/mine.so"],
            engineFolders: ["/nonexistent/engines"])
        #expect(named == ["/nonexistent/mine.so"], "who names a library wants no other")
        let candidates =
            named
            + ONNXRuntimeEngine.candidates(
                environment: [:], engineFolders: ["/nonexistent/engines"])
        #expect(
            candidates == [
                "/nonexistent/mine.so", "/nonexistent/engines/onnxruntime/libonnxruntime.so",
                "libonnxruntime.so.1", "libonnxruntime.so",
            ])
        // The loader's own path is left out: this machine may have the library there.
        let engine = ONNXRuntimeEngine(candidates: Array(candidates.prefix(2))) { _, _ in }
        let source = ModelSource(name: "m", path: "/nonexistent/model.onnx", maxBatchSize: 0)
        let error = #expect(throws: EngineError.self) { try engine.load(source) }
        #expect(error?.kind == .unavailable)
        for text in candidates.prefix(2) + ["make engines", "HEADWAY_ONNXRUNTIME"] {
            #expect(error?.message.contains(text) == true)
        }
    }

    @Test("A file that is no library, and a library that is another, are unavailable")
    func notTheLibrary() throws {
        for path in [try Fixtures.path("corrupt"), "libm.so.6"] {
            let engine = ONNXRuntimeEngine(candidates: [path]) { _, _ in }
            let error = #expect(throws: EngineError.self) { try engine.version() }
            #expect(error?.kind == .unavailable)
            #expect(error?.message.contains(path) == true)
        }
    }

    @Test("A candidate that cannot be used is passed over with a warning")
    func passedOver() throws {
        let path = try Fixtures.engine.libraryPath()
        let lines = Lines()
        let engine = ONNXRuntimeEngine(candidates: ["/nonexistent/mine.so", path]) {
            lines.add("\($0) \($1)")
        }
        #expect(try engine.libraryPath() == path)
        #expect(lines.all.contains { $0.hasPrefix("warning") && $0.contains("mine.so") })
    }

    @Test("Relative paths count from the working folder, and an empty variable is none")
    func relative() {
        let candidates = ONNXRuntimeEngine.candidates(
            environment: ["HEADWAY_ONNXRUNTIME": "libmine.so"], engineFolders: [])
        #expect(candidates.first?.hasPrefix("/") == true)
        #expect(candidates.first?.hasSuffix("/libmine.so") == true)
        let none = ONNXRuntimeEngine.candidates(
            environment: ["HEADWAY_ONNXRUNTIME": ""], engineFolders: [])
        #expect(none == ["libonnxruntime.so.1", "libonnxruntime.so"])
    }

    #if os(Linux)
    @Test("Of several versions the newest is tried first, and half-copied files never are")
    func newestFirst() throws {
        var template = Array("/tmp/headway-engines-XXXXXX".utf8CString)
        let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
        let home = folder + "/onnxruntime"
        mkdir(home, 0o755)
        let names = [
            "libonnxruntime.so.1.9.0", "libonnxruntime.so.1.31.1", "libonnxruntime.so",
            "libonnxruntime.so.1.31.1.new.7", "libonnxruntime_providers_shared.so",
        ]
        for name in names { close(creat(home + "/" + name, 0o644)) }
        defer {
            for name in names { unlink(home + "/" + name) }
            rmdir(home)
            rmdir(folder)
        }
        let candidates = ONNXRuntimeEngine.candidates(environment: [:], engineFolders: [folder])
        #expect(
            candidates == [
                home + "/libonnxruntime.so.1.31.1", home + "/libonnxruntime.so.1.9.0",
                home + "/libonnxruntime.so", "libonnxruntime.so.1", "libonnxruntime.so",
            ])
    }
    #endif
}
