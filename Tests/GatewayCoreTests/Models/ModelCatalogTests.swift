import GatewayCore
import ServingModel
import Testing

@Suite("The catalog of models")
struct ModelCatalogTests {
    private func problem(
        _ catalog: ModelCatalog, _ name: String, version: Int? = nil
    ) -> ServingError? {
        do {
            _ = try catalog.find(name, version: version)
            return nil
        } catch {
            return error
        }
    }

    @Test("An unknown model is told with the list of those that there are")
    func unknown() throws {
        let catalog = ModelCatalog()
        let nothing = try #require(problem(catalog, "a"))
        #expect(nothing.code == .notFound)
        #expect(nothing.message == "unknown model 'a'; the models are: there are none")
        for name in ["zebra", "ant"] { catalog.set(name, version: 1, to: .unloaded) }
        let some = try #require(problem(catalog, "a"))
        #expect(some.code == .notFound)
        #expect(some.message == "unknown model 'a'; the models are: ant, zebra")
    }

    @Test("An unknown version is told with the list of those that there are")
    func unknownVersion() throws {
        let catalog = ModelCatalog()
        for version in [10, 2] { catalog.set("m", version: version, to: .loading) }
        let error = try #require(problem(catalog, "m", version: 3))
        #expect(error.code == .notFound)
        #expect(error.message == "model 'm' has no version 3; it has 2, 10")
    }

    @Test("A model that is not ready says why, and only loading passes by itself")
    func notReady() throws {
        let states: [(ModelState, String, Interval?)] = [
            (.loading, "still loading", .seconds(1)), (.unloading, "not loaded", nil),
            (.unloaded, "not loaded", nil), (.failed("no file 'x'"), "no file 'x'", nil),
        ]
        for (state, word, retry) in states {
            let catalog = ModelCatalog()
            catalog.set("m", version: 4, to: state)
            for version in [nil, 4] {
                let error = try #require(problem(catalog, "m", version: version))
                #expect(error.code == .notReady)
                #expect(error.message.contains("'m'"))
                #expect(error.message.contains(word))
                #expect(error.message.contains("version 4") == (version != nil))
                #expect(error.retryAfter == retry)
            }
        }
    }

    @Test("A broken model has no version and says what is wrong with it, until it has one")
    func broken() throws {
        let catalog = ModelCatalog()
        #expect(catalog.versions(of: "m") == nil)
        catalog.setBroken("m", reason: "line 3 is odd")
        let error = try #require(problem(catalog, "m"))
        #expect(error.code == .notReady)
        #expect(error.message.contains("line 3 is odd"))
        #expect(catalog.versions(of: "m")?.isEmpty == true)
        #expect(catalog.entries.map(\.name) == ["m"])
        #expect(catalog.entries.first?.version == nil)
        #expect(catalog.entries.first?.state.reason == "line 3 is odd")
        catalog.set("m", version: 1, to: .loading)
        #expect(catalog.entries.map(\.version) == [1])
    }

    @Test("States have Triton's names and reasons")
    func names() {
        #expect(ModelState.loading.name == "LOADING")
        #expect(ModelState.unloading.name == "UNLOADING")
        #expect(ModelState.unloaded.name == "UNAVAILABLE")
        #expect(ModelState.failed("x").name == "UNAVAILABLE")
        #expect(ModelState.unloaded.reason == "unloaded")
        #expect(ModelState.failed("x").reason == "x")
        #expect(ModelState.loading.reason.isEmpty)
    }

    @Test("Entries are in order of name and version")
    func order() {
        let catalog = ModelCatalog()
        for (name, version) in [("b", 10), ("b", 9), ("a", 1), ("c", 2)] {
            catalog.set(name, version: version, to: .unloaded)
        }
        catalog.setBroken("aa", reason: "x")
        #expect(catalog.entries.map(\.name) == ["a", "aa", "b", "b", "c"])
        #expect(catalog.entries.map(\.version) == [1, nil, 9, 10, 2])
        #expect(catalog.versions(of: "b")?.map(\.version) == [9, 10])
        catalog.remove("b", version: 9)
        catalog.remove("c", version: 2)
        #expect(catalog.entries.map(\.version) == [1, nil, 10])
        #expect(catalog.versions(of: "c") == nil)
    }

    @Test("Every change of a model's state changes the generation, and reading does not")
    func generation() {
        let catalog = ModelCatalog()
        var seen: Set = [catalog.generation]
        catalog.set("m", version: 1, to: .loading)
        #expect(seen.insert(catalog.generation).inserted)
        catalog.set("m", version: 1, to: .unloaded)
        #expect(seen.insert(catalog.generation).inserted)
        catalog.setBroken("n", reason: "x")
        #expect(seen.insert(catalog.generation).inserted)
        catalog.remove("m", version: 1)
        #expect(seen.insert(catalog.generation).inserted)
        _ = problem(catalog, "m")
        _ = catalog.entries
        #expect(seen.contains(catalog.generation))
    }

    @Test("The server is ready from the first try of all models until it drains")
    func readiness() {
        let catalog = ModelCatalog()
        #expect(!catalog.isReady)
        catalog.started()
        #expect(catalog.isReady)
        catalog.drain()
        #expect(!catalog.isReady)
        #expect(catalog.isDraining)
    }
}
