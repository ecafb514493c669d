internal import GatewayCore
internal import ServingModel
internal import ServingRuntime
internal import Telemetry

/// `GET /headway/v1/status`: what the server does right now.
struct StatusAnswer: Encodable {
    struct QueuedClass: Encodable {
        var name: String
        var queued: Int
        var in_time: UInt64
        var late: UInt64
        var rejected: [String: UInt64]
    }

    struct Model: Encodable {
        var name: String
        var version: Int
        var engine: String
        var instances: Int
        var max_batch_size: Int
        var queued_requests: Int
        var queued_bytes: Int
        var in_flight: Int
        var predicted_single_ms: Double
        var predicted_full_ms: Double
        var measured_bytes: UInt64
        var classes: [QueuedClass]

        init(_ handle: ModelHandle) {
            let served = handle.served
            let load = served.load
            let statistics = served.statistics
            name = handle.interface.name
            version = handle.interface.version
            engine = handle.interface.engine
            instances = served.specification.instances
            max_batch_size = handle.interface.maxBatchSize
            queued_requests = load.queuedRequests
            queued_bytes = load.queuedBytes
            in_flight = load.inFlight
            predicted_single_ms = load.predictedSingle.milliseconds
            predicted_full_ms = load.predictedFull.milliseconds
            measured_bytes = served.measuredBytes
            classes = served.specification.classes.enumerated().map { index, entry in
                let figures = statistics.classes[index]
                return QueuedClass(
                    name: entry.name, queued: load.queuedByClass[index], in_time: figures.inTime,
                    late: figures.late,
                    rejected: Dictionary(
                        uniqueKeysWithValues: figures.rejected.map { ($0.key.rawValue, $0.value) }))
            }
        }
    }

    var version: String
    var state: String
    var uptime_s: Double
    var resident_bytes: UInt64
    var cpu_s: Double
    var models: [Model]

    init(_ catalog: ModelCatalog, _ process: ProcessFigures) {
        version = HeadwayVersion.current
        state = catalog.isDraining ? "draining" : catalog.isReady ? "ready" : "starting"
        uptime_s = process.uptime.seconds
        resident_bytes = process.residentBytes
        cpu_s = process.cpuTime.seconds
        models = catalog.ready.map(Model.init)
    }
}
