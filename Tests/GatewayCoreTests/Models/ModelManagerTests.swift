import GatewayCore
import ModelRepository
import ServingModel
import ServingRuntime
import Synchronization
import Testing

@Suite("Loading and unloading models", .timeLimit(.minutes(1)))
struct ModelManagerTests {
    private func states(_ models: ManagedModels, _ name: String) -> [String] {
        (models.catalog.versions(of: name) ?? []).map { "\($0.version) \($0.state.name)" }
    }

    private func problem(_ body: () async throws -> Void) async -> ServingError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? ServingError
        }
    }

    // MARK: Start

    @Test("Models that cannot be served are told with the reason and stop nobody")
    func brokenModels() async throws {
        let models = try ManagedModels()
        try models.write("good")
        try models.write("torn", text: "max_batch_size: {")
        try models.write("refused", ManagedModels.parameter("fail", "weights are upside down"))
        try models.write("foreign", text: "backend: \"tensorrt\"")
        let told = Mutex<[String: String]>([:])
        try await models.manager.loadAll { progress in
            switch progress {
            case .loading: break
            case .ready(let model, _): told.withLock { $0[model.name] = "ready" }
            case .failed(let model, _, let reason): told.withLock { $0[model] = reason }
            }
        }
        let reasons = told.withLock { $0 }
        #expect(Set(reasons.keys) == ["good", "torn", "refused", "foreign"])
        #expect(reasons["good"] == "ready")
        #expect(reasons["refused"] == "weights are upside down")
        #expect(models.catalog.isReady)
        #expect(try await models.infer("good", 7) == 7)
        for name in reasons.keys where name != "good" {
            let error = await problem { _ = try await models.infer(name) }
            #expect(error?.code == .notReady, "\(name)")
            #expect(error?.message.contains(reasons[name] ?? "?") == true, "\(name)")
        }
        await models.manager.shutDown()
    }

    @Test("A repository that is not there is an error of the whole")
    func missingRepository() async throws {
        let models = try ManagedModels()
        try models.remove("")
        await #expect(throws: RepositoryError.self) { try await models.manager.loadAll() }
        let error = await problem { try await models.manager.load("m") }
        #expect(error?.code == .notReady)
    }

    @Test("The latest ready version serves who names none, and others serve who names them")
    func versions() async throws {
        let models = try ManagedModels()
        try models.write("m", versions: [1, 2, 10], "version_policy { all { } }")
        try await models.manager.loadAll()
        #expect(try models.catalog.find("m").interface.version == 10)
        #expect(try models.catalog.find("m", version: 2).interface.version == 2)
        #expect(models.catalog.ready.map(\.interface.version) == [1, 2, 10])
        let latest = try models.catalog.find("m")
        models.catalog.set("m", version: 10, to: .failed("x"))
        #expect(try models.catalog.find("m").interface.version == 2)
        await latest.served.stop()
        await models.manager.shutDown()
    }

    // MARK: Load and unload

    @Test("Loading what no repository has, or what cannot be served, is refused with the reason")
    func refusedLoads() async throws {
        let models = try ManagedModels()
        try models.write("m", ManagedModels.parameter("fail", "weights are upside down"))
        let unknown = await problem { try await models.manager.load("nothing") }
        #expect(unknown?.code == .notFound)
        #expect(unknown?.message.contains("'nothing'") == true)
        for name in ["../m", "m/1", "", "."] {
            let error = await problem { try await models.manager.load(name) }
            #expect(error?.code == .notFound, "\(name)")
        }
        let failed = await problem { try await models.manager.load("m") }
        #expect(failed?.code == .invalidArgument)
        #expect(failed?.message.contains("weights are upside down") == true)
        let odd = await problem { try await models.manager.load("m", configurationJSON: "{") }
        #expect(odd?.code == .invalidArgument)
        #expect(odd?.message.contains("'m'") == true)
        let gone = await problem { try await models.manager.unload("nothing") }
        #expect(gone?.code == .notFound)
    }

    @Test("A model can be unloaded, which frees it, and loaded again")
    func unload() async throws {
        let models = try ManagedModels()
        try models.write("m")
        try await models.manager.loadAll()
        #expect(models.engine.alive == 1)
        try await models.manager.unload("m")
        #expect(states(models, "m") == ["1 UNAVAILABLE"])
        #expect(await problem { _ = try await models.infer("m") }?.code == .notReady)
        #expect(models.engine.alive == 0)
        try await models.manager.unload("m")
        try await models.manager.load("m")
        #expect(try await models.infer("m", 3) == 3)
        await models.manager.shutDown()
    }

    @Test("Requests that wait while a model is loaded anew or unloaded are all answered")
    func reloadLosesNothing() async throws {
        let models = try ManagedModels()
        try models.write("m")
        try await models.manager.loadAll()
        let old = try models.catalog.find("m")
        async let held = ManagedModels.infer(old, ScriptedEngine.held)
        await models.until { models.engine.holding == 1 }
        async let waiting = ManagedModels.infer(old, 2)
        await models.until { old.served.load.queuedRequests == 1 }
        try models.write("m", ManagedModels.parameter("add", "0.5"))
        let manager = models.manager
        async let loaded: Void = manager.load("m")
        await models.until { (try? models.catalog.find("m")) !== old }
        // The new one answers while the old one still has work.
        #expect(try await models.infer("m", 5) == 5.5)
        #expect(models.engine.holding == 1)
        models.engine.release()
        #expect(try await held == ScriptedEngine.held)
        #expect(try await waiting == 2)
        try await loaded
        #expect(models.engine.alive == 1)
        #expect(await problem { _ = try await ManagedModels.infer(old, 1) }?.code == .notReady)
        await models.manager.shutDown()
    }

    @Test(
        "Loading anew what has become broken changes nothing: the old one goes on",
        arguments: [
            "max_batch_size: {", Configurations.text(ManagedModels.parameter("fail", "torn")),
        ])
    func failedReload(text: String) async throws {
        let models = try ManagedModels()
        try models.write("m")
        try await models.manager.loadAll()
        let old = try models.catalog.find("m")
        try models.write("m", text: text)
        #expect(await problem { try await models.manager.load("m") }?.code == .invalidArgument)
        #expect(try models.catalog.find("m") === old)
        #expect(states(models, "m") == ["1 READY"])
        #expect(try await models.infer("m", 4) == 4)
        try models.write("m", ManagedModels.parameter("add", "1"))
        try await models.manager.load("m")
        #expect(try await models.infer("m", 4) == 5)
        #expect(models.engine.alive == 1)
        await models.manager.shutDown()
    }

    @Test("Versions that the policy no longer chooses are retired, new ones are served")
    func newVersion() async throws {
        let models = try ManagedModels()
        try models.write("m", versions: [1])
        try await models.manager.loadAll()
        try models.write("m", versions: [2])
        try await models.manager.load("m")
        #expect(states(models, "m") == ["1 UNAVAILABLE", "2 READY"])
        #expect(try models.catalog.find("m").interface.version == 2)
        #expect(models.engine.alive == 1)
        await models.manager.shutDown()
    }

    @Test("A configuration that comes with the request counts in place of the file")
    func override() async throws {
        let models = try ManagedModels()
        try models.write("m", text: "max_batch_size: {")
        let json = """
            {"backend": "scripted", "max_batch_size": 4,
             "input": [{"name": "x", "data_type": "TYPE_FP32", "dims": [2]}],
             "output": [{"name": "y", "data_type": "TYPE_FP32", "dims": [2]}]}
            """
        try await models.manager.load("m", configurationJSON: json)
        #expect(try models.catalog.find("m").interface.maxBatchSize == 4)
        await models.manager.shutDown()
    }

    @Test("Loads and unloads of one model at the same time leave exactly what the catalog says")
    func concurrent() async throws {
        let models = try ManagedModels()
        try models.write("m")
        let manager = models.manager
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<12 {
                group.addTask {
                    if number % 3 == 2 {
                        try? await manager.unload("m")
                    } else {
                        try? await manager.load("m")
                    }
                }
            }
        }
        #expect(models.engine.alive == models.catalog.ready.count)
        try await manager.load("m")
        #expect(try await models.infer("m", 6) == 6)
        #expect(models.engine.alive == 1)
        await manager.shutDown()
    }

    // MARK: End

    @Test("Shutting down answers what waits and refuses what comes")
    func shutDown() async throws {
        let models = try ManagedModels()
        try models.write("m")
        try models.write("n")
        try await models.manager.loadAll()
        let handle = try models.catalog.find("m")
        async let held = ManagedModels.infer(handle, ScriptedEngine.held)
        await models.until { models.engine.holding == 1 }
        let manager = models.manager
        async let down: Void = manager.shutDown()
        await models.until { models.catalog.isDraining }
        #expect(!models.catalog.isReady)
        models.engine.release()
        #expect(try await held == ScriptedEngine.held)
        await down
        for name in ["m", "n"] {
            #expect(await problem { _ = try await models.infer(name) }?.code == .notReady)
        }
    }
}
