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

    var version: String
    var state: String
    var uptimeS: Double
    var residentBytes: UInt64
    var cpuS: Double
    var models: [Model]

    init(_ catalog: ModelCatalog, _ process: ProcessFigures) {
        version = HeadwayVersion.current
        state = catalog.isDraining ? "draining" : catalog.isReady ? "ready" : "starting"
        uptimeS = process.uptime.seconds
        residentBytes = process.residentBytes
        cpuS = process.cpuTime.seconds
        models = catalog.ready.map(Model.init)
    }
}
