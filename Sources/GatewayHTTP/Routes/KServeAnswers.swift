internal import Foundation
internal import GatewayCore
internal import ModelRepository
internal import ServingModel
internal import ServingRuntime

/// `GET /v2`.
struct ServerMetadata: Encodable {
    let name = "headway"
    let version = HeadwayVersion.current
    let extensions = [
        "binary_tensor_data", "classification", "model_configuration", "model_repository",
        "parameters", "schedule_policy", "statistics",
    ]
}

/// `GET /v2/models/{model}`.
struct ModelMetadata: Encodable {
    struct TensorMetadata: Encodable {
        var name: String
        var datatype: String
        var shape: [Int]

        init(name: String, datatype: String, shape: [Int]) {
            self.name = name
            self.datatype = datatype
            self.shape = shape
        }

        init(_ tensor: TensorInterface, isBatched: Bool) {
            name = tensor.name
            datatype = tensor.dataType.rawValue
            shape = (isBatched ? [-1] : []) + tensor.dims
        }
    }

    var name: String
    var versions: [String]
    var platform: String
    var inputs: [TensorMetadata]
    var outputs: [TensorMetadata]

    init(_ model: ReadyModel, versions: [Int]) {
        name = model.name
        self.versions = versions.map(String.init)
        let configured = model.configuration.platform
        platform = configured.isEmpty ? model.engine : configured
        switch model {
        case .tensors(let handle):
            let interface = handle.interface
            inputs = interface.inputs.map { TensorMetadata($0, isBatched: interface.isBatched) }
            outputs = interface.outputs.map { TensorMetadata($0, isBatched: interface.isBatched) }
        case .generator:
            // What Triton's generate extension takes and gives.
            inputs = [TensorMetadata(name: "text_input", datatype: "BYTES", shape: [1])]
            outputs = [TensorMetadata(name: "text_output", datatype: "BYTES", shape: [1])]
        }
    }
}

/// One line of `POST /v2/repository/index`.
struct RepositoryIndexEntry: Encodable {
    var name: String
    var version: String?
    var state: String
    var reason: String

    init(_ entry: ModelCatalog.Entry) {
        name = entry.name
        version = entry.version.map(String.init)
        state = entry.state.name
        reason = entry.residency.map(\.reason) ?? entry.state.reason
    }
}

/// `GET /v2/models/{model}/stats`.
struct StatisticsAnswer: Encodable {
    struct Duration: Encodable {
        var count: UInt64 = 0
        var ns: UInt64 = 0

        init() {}

        init(_ duration: ModelStatistics.Duration) {
            count = duration.count
            ns = duration.total.nanoseconds
        }

        init(
            _ classes: [GenerationStatistics.Class],
            _ histogram: KeyPath<GenerationStatistics.Class, LatencyHistogram>
        ) {
            for entry in classes {
                count += entry[keyPath: histogram].count
                ns += entry[keyPath: histogram].sum.nanoseconds
            }
        }
    }

    struct Inference: Encodable {
        var success: Duration
        var fail: Duration
        var queue: Duration
        var computeInput: Duration
        var computeInfer: Duration
        var computeOutput: Duration
        var cacheHit = Duration()
        var cacheMiss = Duration()
    }

    struct Batch: Encodable {
        var batchSize: Int
        var computeInput: Duration
        var computeInfer: Duration
        var computeOutput: Duration
    }

    struct Memory: Encodable {
        var type: String
        var id: Int
        var byteSize: UInt64
    }

    struct Model: Encodable {
        var name: String
        var version: String
        var lastInference: UInt64
        var inferenceCount: UInt64
        var executionCount: UInt64
        var inferenceStats: Inference
        var batchStats: [Batch]
        var memoryUsage: [Memory]
        var responseStats: [String: String] = [:]

        init(_ model: ReadyModel) {
            switch model {
            case .tensors(let handle): self.init(handle)
            case .generator(let handle): self.init(handle)
            }
        }

        private init(_ handle: ModelHandle) {
            let statistics = handle.served.statistics
            name = handle.interface.name
            version = "\(handle.interface.version)"
            lastInference = statistics.lastInference.map(Self.epochMilliseconds) ?? 0
            inferenceCount = statistics.inferences
            executionCount = statistics.executions
            inferenceStats = Inference(
                success: Duration(statistics.success), fail: Duration(statistics.failure),
                queue: Duration(statistics.queue),
                computeInput: Duration(statistics.computeInput),
                computeInfer: Duration(statistics.computeInfer),
                computeOutput: Duration(statistics.computeOutput))
            batchStats = statistics.batches.sorted { $0.key < $1.key }.map { size, batch in
                Batch(
                    batchSize: size, computeInput: Duration(batch.input),
                    computeInfer: Duration(batch.infer), computeOutput: Duration(batch.output))
            }
            memoryUsage = [
                Memory(type: "CPU", id: 0, byteSize: handle.served.measuredBytes)
            ]
        }

        /// Triton's words for a generator: an inference is an answer, an execution a step.
        private init(_ handle: GeneratorHandle) {
            let statistics = handle.generator.statistics
            name = handle.name
            version = "\(handle.version)"
            lastInference = statistics.lastStep.map(Self.epochMilliseconds) ?? 0
            inferenceCount = statistics.stopped + statistics.cutOff
            executionCount = statistics.steps
            inferenceStats = Inference(
                success: Duration(statistics.classes, \.total),
                fail: Duration(), queue: Duration(statistics.classes, \.queue),
                computeInput: Duration(), computeInfer: Duration(), computeOutput: Duration())
            inferenceStats.fail.count = statistics.failed
            inferenceStats.computeInfer.count = statistics.steps
            inferenceStats.computeInfer.ns = statistics.stepTime.nanoseconds
            batchStats = []
            memoryUsage = [
                Memory(type: "CPU", id: 0, byteSize: handle.generator.measuredBytes)
            ]
        }

        /// The monotonic clock's instant on the wall clock.
        private static func epochMilliseconds(_ instant: Instant) -> UInt64 {
            let ago = instant.interval(to: MonotonicClock().now()).seconds
            return UInt64(max(Date().timeIntervalSince1970 - ago, 0) * 1_000)
        }
    }

    var modelStats: [Model]
}

/// Body of a repository request.
struct RepositoryRequest: Decodable {
    struct Parameters: Decodable {
        var config: String?
        var fileNames: [String] = []

        private struct Key: CodingKey {
            var stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            config = try container.decodeIfPresent(String.self, forKey: Key(stringValue: "config"))
            fileNames = container.allKeys.map(\.stringValue).filter { $0.hasPrefix("file:") }
                .sorted()
        }
    }

    var ready: Bool?
    var parameters: Parameters?
}
