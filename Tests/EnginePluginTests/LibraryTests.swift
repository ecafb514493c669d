import EngineAPI
import EnginePlugin
import Testing

@Suite("Finding the llama engine")
struct LibraryTests {
    @Test("The library that make engines builds is found")
    func found() throws {
        #expect(try Fixtures.engine.version().contains("llama-cpp-python"))
        #expect(try Fixtures.engine.libraryPath().contains("llama"))
    }

    @Test("A missing library is unavailable, with every place looked at and what to do")
    func missing() throws {
        let named = LlamaEngine.candidates(
            environment: ["HEADWAY_LLAMA": "/nonexistent/mine.so"],
            engineFolders: ["/nonexistent/engines"])
        #expect(named == ["/nonexistent/mine.so"], "who names a library wants no other")
        let candidates = LlamaEngine.candidates(
            environment: [:], engineFolders: ["/nonexistent/engines"])
        #expect(candidates.first?.hasPrefix("/nonexistent/engines/llama/libheadway-llama.") == true)
        // The loader's own path is left out: this machine may have the library there.
        let engine = LlamaEngine(candidates: named + candidates.prefix(1)) { _, _ in }
        let source = ModelSource(name: "m", path: "/nonexistent/model.gguf", maxBatchSize: 0)
        let error = #expect(throws: EngineError.self) { try engine.open(source) }
        #expect(error?.kind == .unavailable)
        for text in named + candidates.prefix(1) + ["make engines", "HEADWAY_LLAMA"] {
            #expect(error?.message.contains(text) == true)
        }
    }

    @Test("A file that is no library, and a library that is another, are unavailable")
    func notTheLibrary() throws {
        for path in [try Fixtures.path("corrupt"), "libm.so.6"] {
            let engine = LlamaEngine(candidates: [path]) { _, _ in }
            let error = #expect(throws: EngineError.self) { try engine.version() }
            #expect(error?.kind == .unavailable)
        }
    }
}
