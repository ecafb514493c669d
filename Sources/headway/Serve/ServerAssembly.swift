internal import ControlCore
internal import EngineAPI
internal import Foundation
internal import GatewayCore
internal import GatewayHTTP
internal import Logging
internal import ModelRepository
internal import SchedulerCore
internal import ServerConfiguration
internal import ServiceLifecycle
internal import ServingModel
internal import ServingRuntime
internal import UnixSignals

/// Puts the server together and runs it until it is told to stop.
struct ServerAssembly {
    let configuration: ServerConfiguration
    let repositories: [String]
    let engines: [any Engine]
    let logger: Logger

    /// Services stop in the reverse of this order: readiness goes first, then the API drains, the models
    /// end when nobody can ask for them any more, and the last spans are sent.
    func run() async throws {
        let catalog = ModelCatalog()
        let repository = ModelRepository(roots: repositories, engines: engines.map(\.descriptor))
        // A repository that cannot be read is better said before ports are opened.
        _ = try repository.scan()
        let recorder = try makeRecorder()
        let exporter = try makeExporter()
        let timer = ThreadTimer()
        let manager = ModelManager(
            repository: repository, engines: engines,
            settings: modelSettings(recorder, exporter, timer), catalog: catalog, timer: timer,
            logger: logger)
        let gateway = HTTPGateway(
            manager: manager, settings: gatewaySettings, exporter: exporter, logger: logger)
        let bound = AsyncStream.makeStream(of: BoundPort.self)
        var services: [any Service] = [
            ModelService(
                manager: manager, repositories: repositories, host: configuration.network.host,
                bound: bound.stream),
            gateway.metrics { bound.continuation.yield(.metrics($0)) },
            gateway.api { bound.continuation.yield(.api($0)) },
            gateway.monitor,
            DrainSignal(
                catalog: catalog, timeout: configuration.limits.drainTimeout, recorder: recorder,
                logger: logger),
        ]
        if let exporter { services.insert(exporter, at: 0) }
        let group = ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet)
        do {
            try await ServiceGroup(configuration: group).run()
        } catch {
            throw gateway.explanation(of: error).map(ServeFailure.init) ?? error
        }
        Signals.ignore()
        await recorder?.finish()
        Terminal.print("headway stopped: every request in flight was answered")
    }

    private func makeRecorder() throws -> TraceRecorder? {
        guard let path = configuration.record else { return nil }
        let logger = logger
        do {
            return try TraceRecorder(path: path) { problem in logger.notice("\(problem)") }
        } catch {
            throw ServeFailure("\(error)")
        }
    }

    private func makeExporter() throws -> TraceExporter? {
        guard let endpoint = configuration.observability.traceEndpoint else { return nil }
        do {
            return try TraceExporter(
                endpoint: endpoint, classes: configuration.classes, logger: logger)
        } catch {
            throw ServeFailure("observability.trace_endpoint: \(error)")
        }
    }

    private func modelSettings(
        _ recorder: TraceRecorder?, _ exporter: TraceExporter?, _ timer: ThreadTimer
    ) -> ModelSettings {
        let runtime = configuration.runtime
        let cores = HTTPGateway.availableCores
        var settings = ModelSettings(
            classes: configuration.classes,
            maxQueuedRequests: configuration.limits.maxQueuedRequests,
            maxQueuedBytes: configuration.limits.maxQueuedBytes,
            threadsPerInstance: runtime.threadsPerInstance,
            sharesCores: runtime.eventLoops(cores: cores) + runtime.threadsPerInstance > cores,
            recorder: recorder, exactClasses: configuration.exactClasses, breaker: breakerSettings,
            generation: generationSettings)
        settings.health = healthSettings
        settings.ladder.hysteresis.quietFor = configuration.variantQuiet
        settings.memory = memoryManager(timer)
        settings.checksOutputs = runtime.checksOutputs
        settings.decisions = DecisionSettings(
            capacity: configuration.observability.decisionRecords,
            sampling: configuration.observability.decisionSampling)
        if let exporter {
            settings.decisions.onTraced = { record, model in
                exporter.offer(TracedRequest(record, model: model))
            }
        }
        return settings
    }

    private func memoryManager(_ timer: ThreadTimer) -> MemoryManager? {
        let memory = configuration.memory
        guard let limit = memory.limit(allowedBytes: HostDevice.memoryBytes) else { return nil }
        var settings = ModelPager.Settings(limit: limit)
        settings.minimumResidency = memory.minimumResidency
        if memory.idleAfter > .zero { settings.idleAfter = memory.idleAfter }
        let logger = logger
        return MemoryManager(settings, timer: timer) { model, error in
            logger.error(
                "model could not be brought back into memory",
                metadata: ["model": "\(model)", "error": "\(error)"])
        }
    }

    private var breakerSettings: BreakerSettings? {
        let breaker = configuration.breaker
        guard breaker.isEnabled else { return nil }
        var settings = BreakerSettings()
        settings.tightens = breaker.isAdaptive
        settings.failures = breaker.failures
        settings.slowdown = breaker.slowdown
        settings.stallFactor = UInt64(breaker.stallFactor)
        settings.leastStall = breaker.leastStall
        settings.firstPause = breaker.firstPause
        settings.longestPause = breaker.longestPause
        return settings
    }

    private var healthSettings: HealthSettings? {
        let health = configuration.health
        guard health.isEnabled else { return nil }
        var settings = HealthSettings()
        settings.isDryRun = health.isDryRun
        settings.rules = []
        if health.raisesBatches { settings.rules.insert(.batches) }
        if health.limitsMemory { settings.rules.insert(.memory) }
        if health.prefersVariants { settings.rules.insert(.latency) }
        settings.leastUtilization = Double(health.utilizationPercent) / 100
        settings.mostMemory = Double(health.memoryPercent) / 100
        settings.calmMemory = Double(health.memoryCalmPercent) / 100
        settings.slow = health.latency
        settings.calmLoad = Double(health.loadCalmPercent) / 100
        return settings
    }

    private var generationSettings: GenerationSettings {
        let generation = configuration.generation
        var settings = GenerationSettings()
        settings.slots = generation.slots
        settings.cacheSlots = generation.prefixSlots
        settings.keyValueTokens = generation.keyValueTokens
        settings.keyValueBytes =
            HostDevice.memoryBytes / 100 * UInt64(generation.keyValueMemoryPercent)
        settings.swapBytes = generation.swapBytes
        settings.maxContext = generation.maxContext
        settings.maxStepTokens = generation.maxStepTokens
        settings.threads = generation.threads ?? configuration.runtime.threadsPerInstance
        settings.isExact = generation.isExact
        settings.policy = generation.policy
        settings.maxQueuedRequests = generation.maxQueuedRequests
        settings.firstToken = generation.firstToken
        settings.perToken = generation.perToken
        return settings
    }

    private var gatewaySettings: HTTPGatewaySettings {
        let limits = configuration.limits
        let observability = configuration.observability
        var settings = HTTPGatewaySettings(
            host: configuration.network.host, port: configuration.network.httpPort,
            metricsPort: configuration.network.metricsPort,
            eventLoops: configuration.runtime.eventLoops(cores: HTTPGateway.availableCores),
            maxConnections: limits.maxConnections,
            connection: ConnectionLimits(
                maxBodyBytes: limits.maxBodyBytes, headerTimeout: limits.headerTimeout,
                idleTimeout: limits.idleTimeout, maxHeaderBytes: limits.maxHeaderBytes))
        settings.memoryLimit = configuration.health.memoryLimitBytes.map { UInt64($0) }
        settings.connection.minUploadRate = limits.minUploadRate
        settings.connection.writeTimeout = limits.writeTimeout
        settings.connection.ledger = ConnectionLedger(
            mostBodyBytes: limits.maxIncomingBytes, mostStreams: limits.maxStreams)
        settings.renewalGrowth = UInt64(configuration.breaker.renewalGrowth)
        if observability.traceEndpoint != nil { settings.traceRatio = observability.traceRatio }
        return settings
    }

    private var quiet: Logger {
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .critical)
        return quiet
    }
}

/// A port that clients can connect to.
enum BoundPort: Sendable {
    case api(Int)
    case metrics(Int)
}
