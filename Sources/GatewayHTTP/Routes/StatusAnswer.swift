internal import GatewayCore
internal import ServingModel
internal import ServingRuntime
internal import Telemetry

/// `GET /headway/v1/status`: what the server does right now.
struct StatusAnswer: Encodable {
    struct QueuedClass: Encodable {
        var name: String
        var queued: Int
        var inTime: UInt64
        var late: UInt64
        var rejected: [String: UInt64]
    }

    struct Model: Encodable {
        var name: String
        var version: Int
        var engine: String
        var instances: Int
        var maxBatchSize: Int
        var queuedRequests: Int
        var queuedBytes: Int
        var inFlight: Int
        var predictedSingleMs: Double
        var predictedFullMs: Double
        var measuredBytes: UInt64
        var residency: String
        /// Only where memory has a limit.
        var pageIns: UInt64?
        var pageOuts: UInt64?
        var classes: [QueuedClass]

        init(_ handle: ModelHandle) {
            let served = handle.served
            let load = served.load
            let statistics = served.statistics
            name = handle.interface.name
            version = handle.interface.version
            engine = handle.interface.engine
            instances = served.specification.instances
            maxBatchSize = handle.interface.maxBatchSize
            queuedRequests = load.queuedRequests
            queuedBytes = load.queuedBytes
            inFlight = load.inFlight
            predictedSingleMs = load.predictedSingle.milliseconds
            predictedFullMs = load.predictedFull.milliseconds
            measuredBytes = served.measuredBytes
            residency = served.residency.rawValue
            let memory = served.specification.memory?.figures(of: served)
            pageIns = memory?.loads.count
            pageOuts = memory?.pageOuts
            classes = served.specification.classes.enumerated().map { index, entry in
                let figures = statistics.classes[index]
                return QueuedClass(
                    name: entry.name, queued: load.queuedByClass[index], inTime: figures.inTime,
                    late: figures.late,
                    rejected: Dictionary(
                        uniqueKeysWithValues: figures.rejected.map { ($0.key.rawValue, $0.value) }))
            }
        }
    }

    struct Generator: Encodable {
        var name: String
        var version: Int
        var engine: String
        var slots: Int
        var maxContext: Int
        var waiting: Int
        var running: Int
        var queuedTokens: Int
        var keyValueTokens: Int
        var keyValueCapacity: Int
        var cachedTokens: Int
        var predictedStepMs: Double
        var predictedTokenMs: Double
        var generatedTokens: UInt64
        var preemptions: UInt64
        var measuredBytes: UInt64
        var classes: [QueuedClass]

        init(_ generator: ServedGenerator) {
            let specification = generator.specification
            let load = generator.load
            let statistics = generator.statistics
            name = specification.name
            version = specification.version
            engine = specification.engine
            slots = specification.slots
            maxContext = generator.maxContext
            waiting = load.waiting
            running = load.running
            queuedTokens = load.queuedTokens
            keyValueTokens = load.keyValueTokens
            keyValueCapacity = load.keyValueCapacity
            cachedTokens = load.cachedTokens
            predictedStepMs = load.predictedStep.milliseconds
            predictedTokenMs = load.predictedToken.milliseconds
            generatedTokens = statistics.generatedTokens
            preemptions = statistics.preemptions
            measuredBytes = generator.measuredBytes
            classes = specification.classes.enumerated().map { index, entry in
                let figures = statistics.classes[index]
                return QueuedClass(
                    name: entry.name, queued: load.waitingByClass[index], inTime: figures.inTime,
                    late: figures.late,
                    rejected: Dictionary(
                        uniqueKeysWithValues: figures.rejected.map { ($0.key.rawValue, $0.value) }))
            }
        }
    }

    var version: String
    var state: String
    var uptimeS: Double
    var residentBytes: UInt64
    var cpuS: Double
    /// Only where memory has a limit.
    var memoryLimitBytes: UInt64?
    var memoryUsedBytes: UInt64?
    var models: [Model]
    var generators: [Generator]

    init(_ catalog: ModelCatalog, _ process: ProcessFigures) {
        version = HeadwayVersion.current
        state = catalog.isDraining ? "draining" : catalog.isReady ? "ready" : "starting"
        uptimeS = process.uptime.seconds
        residentBytes = process.residentBytes
        cpuS = process.cpuTime.seconds
        memoryLimitBytes = process.memory?.limitBytes
        memoryUsedBytes = process.memory?.usedBytes
        models = catalog.ready.map(Model.init)
        generators = catalog.generators.map { Generator($0.generator) }
    }
}
