import EngineAPI
import EngineSynthetic
import Foundation
import GatewayCore
import GatewayHTTP
import Logging
import ModelRepository
import ServiceLifecycle
import ServingModel
import ServingRuntime

/// A gateway in this process, on free ports, with models of the synthetic engine that echo their input.
struct LiveServer {
    /// Port of the API.
    let port: Int
    /// Port of the metrics.
    let metricsPort: Int
    /// The models.
    let manager: ModelManager
    private let group: ServiceGroup

    static let maxBodyBytes = 100_000

    /// Two numbers in, the same two out.
    static let echo = """
        max_batch_size: 8
        input [ { name: "x" data_type: TYPE_INT32 dims: [ 2 ] } ]
        output [ { name: "y" data_type: TYPE_INT32 dims: [ 2 ] } ]
        """

    /// Runs `body` beside a server and ends the server, which must end by itself.
    static func run(
        _ models: [String: String], engine: any Engine = SyntheticEngine(),
        interface: String = echo,
        _ body: @Sendable @escaping (LiveServer) async throws -> Void
    ) async throws {
        let path = try repository(models, engine.descriptor.name, interface)
        defer { try? FileManager.default.removeItem(atPath: path) }
        // The framework keeps a request's name in its logger, so the handler must keep metadata.
        var logger = Logger(label: "test") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .critical
        let quiet = logger
        let manager = ModelManager(
            repository: ModelRepository(roots: [path], engines: [engine.descriptor]),
            engines: [engine],
            settings: ModelSettings(
                classes: PriorityClass.defaultTable, maxQueuedRequests: 1_000,
                maxQueuedBytes: 1 << 24, threadsPerInstance: 1,
                // Engines of tests are held up for as long as it takes.
                breaker: nil),
            catalog: ModelCatalog(), timer: ThreadTimer(), logger: quiet)
        try await manager.loadAll()
        let gateway = HTTPGateway(
            manager: manager,
            settings: HTTPGatewaySettings(
                host: "127.0.0.1", port: 0, metricsPort: 0, eventLoops: 2, maxConnections: 100,
                connection: ConnectionLimits(
                    maxBodyBytes: maxBodyBytes, headerTimeout: .seconds(10),
                    idleTimeout: .seconds(60), maxHeaderBytes: 8_192)),
            logger: quiet)
        let bound = AsyncStream.makeStream(of: (isAPI: Bool, port: Int).self)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    gateway.metrics { bound.continuation.yield((false, $0)) },
                    gateway.api { bound.continuation.yield((true, $0)) },
                ], logger: quiet))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            var ports: [Bool: Int] = [:]
            for await one in bound.stream {
                ports[one.isAPI] = one.port
                if ports.count == 2 { break }
            }
            let server = LiveServer(
                port: ports[true] ?? 0, metricsPort: ports[false] ?? 0, manager: manager,
                group: group)
            tasks.addTask {
                do { try await body(server) } catch {
                    await group.triggerGracefulShutdown()
                    throw error
                }
                await group.triggerGracefulShutdown()
            }
            try await tasks.waitForAll()
        }
        await manager.shutDown()
    }

    /// Tells the server to stop.
    func stop() async {
        manager.catalog.drain()
        await group.triggerGracefulShutdown()
    }

    /// Runs `body`, which blocks, on a thread of its own, with a connection.
    func connected<Value: Sendable>(
        toMetrics: Bool = false, receiveBytes: Int32? = nil,
        _ body: @escaping @Sendable (LiveConnection) throws -> Value
    ) async throws -> Value {
        let port = toMetrics ? metricsPort : port
        return try await onThread(named: "client") {
            try body(try LiveConnection(port: port, receiveBytes: receiveBytes))
        }
    }

    private static func repository(
        _ models: [String: String], _ engine: String, _ interface: String
    ) throws -> String {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("live-\(UUID().uuidString)").path
        for (name, rest) in models {
            try FileManager.default.createDirectory(
                atPath: "\(path)/\(name)/1", withIntermediateDirectories: true)
            let text = "backend: \"\(engine)\"\n\(interface)\n\(rest)\n"
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)/config.pbtxt"))
        }
        return path
    }
}
