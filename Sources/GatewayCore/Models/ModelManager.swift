package import ControlCore
package import EngineAPI
package import Logging
package import ModelRepository
package import ServingModel
package import ServingRuntime

/// What is told to every model that is loaded.
package struct ModelSettings: Sendable {
    /// Priority classes, most important first.
    package var classes: [PriorityClass]
    /// Most requests that may wait for one model.
    package var maxQueuedRequests: Int
    /// Most payload bytes that may wait for one model.
    package var maxQueuedBytes: Int
    /// Threads of one instance, unless the model's configuration says otherwise.
    package var threadsPerInstance: Int
    /// Whether instances compute on cores that event loops need too.
    package var sharesCores: Bool
    /// Records what the models' schedulers are told and answer; `nil` for no recording.
    package var recorder: TraceRecorder?
    /// What is remembered about requests that have ended.
    package var decisions = DecisionSettings()
    /// Classes whose requests are never answered by a cheaper variant of a model.
    package var exactClasses: [String]
    /// When instances that do not work are taken out of service; `nil` for never.
    package var breaker: BreakerSettings?
    /// When settings are changed because a model is not well; `nil` for never.
    package var health: HealthSettings?
    /// When cheaper variants come and go that are loaded on demand.
    package var ladder = VariantLadder.Settings()
    /// Whether answers are looked at before they leave, unless the model's configuration says otherwise.
    package var checksOutputs = false
    /// What is told to models that generate text.
    package var generation: GenerationSettings
    /// Decides which models are in memory; `nil` for all of them, always.
    package var memory: MemoryManager?

    /// Makes settings; see the properties.
    package init(
        classes: [PriorityClass], maxQueuedRequests: Int, maxQueuedBytes: Int,
        threadsPerInstance: Int, sharesCores: Bool = false, recorder: TraceRecorder? = nil,
        exactClasses: [String] = [], breaker: BreakerSettings? = BreakerSettings(),
        generation: GenerationSettings = GenerationSettings()
    ) {
        self.classes = classes
        self.maxQueuedRequests = maxQueuedRequests
        self.maxQueuedBytes = maxQueuedBytes
        self.threadsPerInstance = threadsPerInstance
        self.sharesCores = sharesCores
        self.recorder = recorder
        self.exactClasses = exactClasses
        self.breaker = breaker
        self.generation = generation
    }
}

/// Loads and unloads models: from a repository, through an engine, into the catalog.
///
/// A model that cannot be loaded is noted in the catalog with the reason; it never stops the server.
package actor ModelManager {
    /// Where loaded models are found.
    package nonisolated let catalog: ModelCatalog

    /// Decides which models are in memory; `nil` for all of them, always.
    package nonisolated var memory: MemoryManager? { settings.memory }

    let repository: ModelRepository
    private let engines: [any Engine]
    let settings: ModelSettings
    private let timer: any WakeupTimer
    private let devices = DeviceRegistry()
    let logger: Logger

    /// Models that are being loaded or unloaded, and who waits for his turn. An actor lets others in
    /// at every suspension: without turns an unload could forget what a load has just made ready.
    private var busy: [String: [CheckedContinuation<Void, Never>]] = [:]

    /// What happens while models load, for whoever shows it to a person.
    package enum Progress: Sendable {
        /// A version starts loading with an engine.
        case loading(model: String, version: Int, engine: String)
        /// A version takes requests.
        case ready(ReadyModel, took: Interval)
        /// A model or version cannot be served.
        case failed(model: String, version: Int?, reason: String)
    }

    /// A manager that has loaded nothing yet.
    package init(
        repository: ModelRepository, engines: [any Engine], settings: ModelSettings,
        catalog: ModelCatalog, timer: any WakeupTimer, logger: Logger
    ) {
        self.repository = repository
        self.engines = engines
        self.settings = settings
        self.catalog = catalog
        self.timer = timer
        self.logger = logger
    }

    /// Tries every model of the repository once.
    ///
    /// - Throws: ``RepositoryError`` when a repository cannot be read at all.
    package func loadAll(_ report: @Sendable (Progress) -> Void = { _ in }) async throws {
        for entry in try repository.scan() { await load(entry, report) }
        catalog.started()
    }

    /// Loads a model, or loads it anew after its files changed.
    ///
    /// - Throws: ``ServingError`` when no repository has it, or when none of its versions can be served.
    package func load(_ name: String, configurationJSON: String? = nil) async throws {
        do {
            var override: ModelConfiguration?
            if let configurationJSON {
                override = try ModelConfiguration(json: configurationJSON, directoryName: name)
            }
            guard let entry = try repository.entry(named: name, configuration: override) else {
                throw ServingError(.notFound, "no model repository has a model '\(name)'")
            }
            if let reason = await load(entry, { _ in }) {
                logger.error(
                    "model cannot be served", metadata: ["model": "\(name)", "reason": "\(reason)"])
                throw ServingError(.invalidArgument, "cannot load model '\(name)': \(reason)")
            }
        } catch let error as ConfigurationError {
            throw ServingError(.invalidArgument, "cannot load model '\(name)': \(error)")
        } catch let error as RepositoryError {
            throw ServingError(.notReady, "\(error)")
        }
    }

    /// Stops serving a model, after what waits has been served.
    ///
    /// - Throws: ``ServingError`` `notFound` when the catalog does not know the model.
    package func unload(_ name: String) async throws(ServingError) {
        await begin(name)
        defer { end(name) }
        guard let versions = catalog.versions(of: name) else {
            throw ServingError(.notFound, "unknown model '\(name)'")
        }
        for (version, state) in versions { await retire(name, version, state) }
    }

    /// Ends all models, after what waits has been served.
    package func shutDown() async {
        catalog.drain()
        for model in catalog.serving { await model.stop() }
    }

    // MARK: One model

    /// Waits until nobody else loads or unloads the model.
    private func begin(_ name: String) async {
        guard busy[name] != nil else {
            busy[name] = []
            return
        }
        await withCheckedContinuation { busy[name]?.append($0) }
    }

    /// Lets the next one load or unload the model.
    private func end(_ name: String) {
        if busy[name]?.isEmpty == false {
            busy[name]?.removeFirst().resume()
        } else {
            busy[name] = nil
        }
    }

    private func isServing(_ name: String, _ version: Int?) -> Bool {
        catalog.serving.contains { $0.name == name && version ?? $0.version == $0.version }
    }

    /// Loads what the version policy chooses and retires the rest; answers the first problem. A version
    /// that serves and cannot be loaded anew goes on to serve.
    @discardableResult
    private func load(_ entry: ModelEntry, _ report: @Sendable (Progress) -> Void) async -> String?
    {
        await begin(entry.name)
        defer { end(entry.name) }
        var problem: String?
        func fail(_ version: Int?, _ reason: String) {
            problem = problem ?? reason
            if isServing(entry.name, version) {
                // As it was.
            } else if let version {
                catalog.set(entry.name, version: version, to: .failed(reason))
            } else {
                catalog.setBroken(entry.name, reason: reason)
            }
            logger.debug(
                "model cannot be served",
                metadata: ["model": "\(entry.name)", "reason": "\(reason)"])
            report(.failed(model: entry.name, version: version, reason: reason))
        }
        for shadowed in entry.shadowedDirectories {
            logger.warning(
                "another repository has a model of this name, which is not served",
                metadata: ["model": "\(entry.name)", "path": "\(shadowed)"])
        }
        if entry.servable.isEmpty && entry.unservable.isEmpty {
            fail(nil, entry.problem ?? "the directory holds no version")
            return problem
        }
        for unservable in entry.unservable { fail(unservable.version, unservable.reason) }
        for version in entry.servable {
            report(
                .loading(model: entry.name, version: version.version, engine: version.engine.name))
            do {
                let (model, took) = try await start(version)
                report(.ready(model, took: took))
            } catch {
                fail(version.version, Self.reason(of: error))
            }
        }
        let chosen = Set(entry.servable.map(\.version) + entry.unservable.map(\.version))
        for (version, state) in catalog.versions(of: entry.name) ?? []
        where !chosen.contains(version) {
            await retire(entry.name, version, state)
        }
        return problem
    }

    /// Starts one version and puts it in the place of the one that served until now.
    private func start(
        _ version: ServableVersion
    ) async throws -> (model: ReadyModel, took: Interval) {
        let engine = try engine(of: version)
        let previous = catalog.versions(of: version.model)?.first { $0.version == version.version }
        if case .ready = previous?.state {
        } else {
            catalog.set(version.model, version: version.version, to: .loading)
        }
        let clock = MonotonicClock()
        let place = try await admit(version)
        let begun = clock.now()
        let model: ReadyModel
        do {
            model = try await serve(version, with: engine, place)
        } catch {
            if let place { settings.memory?.abandon(place.id) }
            throw error
        }
        if let place {
            try await admitted(model, version, place, took: begun.interval(to: clock.now()))
        }
        guard !catalog.isDraining else {
            // The server began to stop while this was loading: nobody would ever stop it.
            await model.stop()
            throw ServingError(.notReady, "the server is stopping")
        }
        catalog.set(version.model, version: version.version, to: .ready(model))
        if case .ready(let old) = previous?.state { await old.stop() }
        return (model, begun.interval(to: clock.now()))
    }

    private func serve(
        _ version: ServableVersion, with engine: any Engine, _ place: MemoryPlace?
    ) async throws -> ReadyModel {
        let residentBefore = ProcessUsage.residentBytes
        switch try await open(version, with: engine) {
        case .tensors(let model):
            let cheaper = try await residentVariants(of: version, model.signature)
            return .tensors(try await serve(version, model, cheaper, residentBefore))
        case .generator(let model):
            return .generator(try await serve(version, model, residentBefore, place))
        }
    }

    /// The engine that runs a version.
    func engine(of version: ServableVersion) throws(EngineError) -> any Engine {
        guard let engine = engines.first(where: { $0.descriptor.name == version.engine.name })
        else { throw EngineError(.unavailable, "no engine '\(version.engine.name)'") }
        return engine
    }

    /// Has the engine read the model's file, on a thread of its own.
    func open(
        _ version: ServableVersion, with engine: any Engine
    ) async throws -> OpenedModel {
        var source = version.source
        source.threadsPerInstance =
            version.configuration.threadsPerInstance ?? settings.threadsPerInstance
        // These are told to the scheduler and the session, not to the engine.
        source.parameters[ModelConfiguration.variantsParameter] = nil
        source.parameters[ModelConfiguration.variantLoadingParameter] = nil
        source.parameters[ModelConfiguration.deviceParameter] = nil
        source.parameters[ModelConfiguration.checkOutputsParameter] = nil
        if engine is any GenerativeEngine {
            source.parameters = source.parameters.filter {
                !$0.key.hasPrefix(GenerationSettings.parameterPrefix)
            }
        }
        let request = source
        return try await onThread(named: "headway-load") {
            if let engine = engine as? any GenerativeEngine { return try engine.open(request) }
            return .tensors(try engine.load(request))
        }
    }

    private func serve(
        _ version: ServableVersion, _ model: any EngineModel, _ cheaper: [any EngineModel],
        _ residentBefore: UInt64
    ) async throws -> ModelHandle {
        let configuration = try version.configuration.completed(with: model.signature)
        var specification = specification(version, configuration, model.signature)
        if !configuration.variants.isEmpty {
            specification.variants = [version.model] + configuration.variants
            specification.variantLoading = variantLoading(of: version, model.signature)
        }
        specification.onHealthChange = healthLog(version.model, specification)
        let served = try await ServedModel.start(
            specification, model: model, cheaper: cheaper, timer: timer,
            residentBefore: residentBefore)
        noteIdleFields(configuration)
        return ModelHandle(
            served: served, configuration: configuration, classes: settings.classes,
            exactClasses: settings.exactClasses)
    }

    private func serve(
        _ version: ServableVersion, _ model: any GenerativeModel, _ residentBefore: UInt64,
        _ place: MemoryPlace?
    ) async throws -> GeneratorHandle {
        let configuration = version.configuration
        var generation = settings.generation
        if let threads = configuration.threadsPerInstance { generation.threads = threads }
        generation = try generation.changed(by: configuration.parameters)
        var specification = try generation.specification(
            name: version.model, version: version.version, engine: version.engine.name,
            info: model.info, classes: settings.classes)
        specification.sharesCores = settings.sharesCores
        specification.decisions = settings.decisions
        specification.device = configuration.sharedDevice.map(devices.device(named:))
        specification.onEngineFailure = failureLog(version.model, "engine failed on a step")
        if let memory = settings.memory, let place {
            specification.onEnd = { memory.abandon(place.id) }
        }
        let generator = try await ServedGenerator.start(
            specification, model: model, timer: timer, residentBefore: residentBefore)
        noteIdleFields(configuration)
        return GeneratorHandle(generator: generator, configuration: configuration)
    }

    private func specification(
        _ version: ServableVersion, _ configuration: ModelConfiguration,
        _ signature: ModelSignature
    ) -> ServingSpecification {
        func interface(_ spec: TensorSpec, _ tensors: [TensorConfiguration]) -> TensorInterface {
            let tensor = tensors.first { $0.name == spec.name }
            let engineDims =
                configuration.maxBatchSize > 0 ? Array(spec.shape.dropFirst()) : spec.shape
            return TensorInterface(
                name: spec.name, dataType: spec.dataType, dims: tensor?.dims ?? engineDims,
                engineDims: tensor?.engineDims, labels: version.labels[spec.name] ?? [])
        }
        let queueLimit = configuration.dynamicBatching?.defaultQueuePolicy.maxQueueSize
        var specification = ServingSpecification(
            interface: ModelInterface(
                name: version.model, version: version.version, engine: version.engine.name,
                maxBatchSize: configuration.maxBatchSize,
                inputs: signature.inputs.map { interface($0, configuration.inputs) },
                outputs: signature.outputs.map { interface($0, configuration.outputs) }),
            instances: configuration.instanceCount, classes: settings.classes,
            maxQueuedRequests: min(queueLimit ?? .max, settings.maxQueuedRequests),
            maxQueuedBytes: settings.maxQueuedBytes, sharesCores: settings.sharesCores,
            onEngineFailure: failureLog(version.model, "engine failed on a batch"))
        specification.recorder = settings.recorder
        specification.decisions = settings.decisions
        specification.breaker = settings.breaker
        specification.checksOutputs = configuration.checksOutputs ?? settings.checksOutputs
        specification.onInstanceChange = changeLog(version.model)
        specification.health = settings.health
        specification.onRenewal = renewalLog(version.model)
        specification.device = configuration.sharedDevice.map(devices.device(named:))
        specification.memory = settings.memory
        return specification
    }

    private func retire(_ name: String, _ version: Int, _ state: ModelState) async {
        if case .ready(let model) = state {
            catalog.set(name, version: version, to: .unloading)
            await model.stop()
        }
        catalog.set(name, version: version, to: .unloaded)
    }

    static func reason(of error: any Error) -> String {
        switch error {
        case let error as EngineError: error.message
        case let error as ServingError: error.message
        default: "\(error)"
        }
    }
}
