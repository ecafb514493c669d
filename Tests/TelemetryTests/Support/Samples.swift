import ControlCore
import ServingModel
import ServingRuntime
import Telemetry

/// Figures of a model with something in every field.
func busyModel(_ name: String = "digits", version: Int = 1) -> ModelFigures {
    var statistics = ModelStatistics(classes: 2, variants: 2)
    statistics.inferences = 13
    statistics.executions = 4
    statistics.success.add(.milliseconds(3), times: 5)
    statistics.failure.add(.milliseconds(1), times: 2)
    statistics.cancelled = 3
    statistics.rejected = 6
    statistics.queue.add(.milliseconds(1), times: 5)
    statistics.computeInput.add(.microseconds(10), times: 5)
    statistics.computeInfer.add(.microseconds(1_500), times: 5)
    statistics.computeOutput.add(.microseconds(20), times: 5)
    statistics.batches[1, default: .init()].infer.add(.milliseconds(1), times: 2)
    statistics.batches[3, default: .init()].infer.add(.milliseconds(1))
    statistics.batches[2_000, default: .init()].infer.add(.milliseconds(9))
    statistics.variants = [3, 2]
    statistics.variantLoads[1].add(.milliseconds(250), times: 2)
    statistics.classes[0].inTime = 4
    statistics.classes[0].late = 1
    statistics.classes[0].latency.record(.microseconds(100))
    statistics.classes[0].latency.record(.milliseconds(3))
    statistics.classes[0].latency.record(.seconds(100))
    statistics.classes[0].queue.record(.milliseconds(1))
    statistics.classes[1].rejected = [.queueFull: 5, .deadlineMissed: 1]
    var figures = ModelFigures(
        interface: ModelInterface(
            name: name, version: version, engine: "onnxruntime", maxBatchSize: 8, inputs: [],
            outputs: []),
        statistics: statistics,
        load: ModelLoad(
            queuedRequests: 7, queuedRows: 9, queuedBytes: 1_024, inFlight: 8,
            queuedByClass: [3, 4], predictedSingle: .microseconds(1_250),
            predictedFull: .milliseconds(4),
            maxBatchRows: 6,
            instances: [
                BreakerPanel.Reading(),
                BreakerPanel.Reading(
                    state: .open, isolations: [.failing: 2, .stalled: 1], recoveries: 1,
                    relapses: 3, anomaly: 0.75),
            ],
            health: HealthReading(
                isDryRun: true, mostRequests: 400, preferredVariant: 1,
                changes: [.batches: 1, .memory: 5, .latency: 2])),
        classes: ["high", "low"], variants: ["digits", "digits-int8"], isReady: true,
        measuredBytes: 4_096)
    var memory = MemoryFigures.Model()
    memory.bytes = 5_000
    memory.loads.add(.milliseconds(250), times: 2)
    memory.pageOuts = 3
    figures.memory = memory
    figures.residency = .pagedOut
    figures.presentVariants = ["digits"]
    return figures
}

/// Figures of a generator with something in every field.
func busyGenerator(_ name: String = "tales", version: Int = 2) -> GeneratorFigures {
    var statistics = GenerationStatistics(classes: 2)
    statistics.stopped = 4
    statistics.cutOff = 3
    statistics.failed = 2
    statistics.cancelled = 1
    statistics.promptTokens = 640
    statistics.cachedTokens = 128
    statistics.started = 10
    statistics.prefixHits = 6
    statistics.generatedTokens = 77
    statistics.steps = 20
    statistics.stepTokens = 600
    statistics.stepTime = .milliseconds(1_500)
    statistics.preemptions = 5
    statistics.swaps = 4
    statistics.classes[0].inTime = 6
    statistics.classes[0].late = 1
    statistics.classes[0].firstToken.record(.milliseconds(30))
    statistics.classes[0].betweenTokens.record(.milliseconds(3))
    statistics.classes[0].queue.record(.milliseconds(1))
    statistics.classes[0].total.record(.seconds(1))
    statistics.classes[1].rejected = [.deadlineMissed: 8]
    return GeneratorFigures(
        name: name, version: version, statistics: statistics,
        load: GenerationLoad(
            waiting: 7, running: 4, queuedTokens: 900, waitingByClass: [2, 5],
            keyValueTokens: 512, cachedTokens: 64, keyValueCapacity: 2_048, blockTokens: 16,
            inFlight: 11, predictedStep: .milliseconds(2), predictedToken: .microseconds(50)),
        classes: ["high", "low"])
}

/// Figures of a process on a known machine.
let quietProcess: ProcessFigures = {
    var figures = ProcessFigures(
        version: "1.2.3", residentBytes: 1 << 20, cpuTime: .milliseconds(1_500),
        uptime: .seconds(60),
        machine: MachineFigures(
            utilization: 0.25, memoryTotalBytes: 1 << 30, memoryUsedBytes: 1 << 29))
    figures.proportionalBytes = 1 << 19
    figures.memoryGrowth = 1_000
    figures.traces = TraceFigures()
    figures.memory = MemoryFigures(limitBytes: 8_000, usedBytes: 6_000)
    figures.connections = ConnectionFigures(
        open: 3, bodyBytes: 70_000, streams: 2, cut: [.slowReader: 4], refused: [.streams: 5])
    figures.gpus = [
        GPUFigures(
            uuid: "GPU-1", name: "Example", utilization: 0.5, memoryTotalBytes: 1 << 34,
            memoryUsedBytes: 1 << 33, power: 250)
    ]
    return figures
}()
