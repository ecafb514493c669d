internal import CPlatform
internal import Foundation
package import GatewayCore
internal import Hummingbird
internal import HummingbirdCore
package import Logging
internal import NIOCore
internal import NIOPosix
package import ServiceLifecycle
internal import ServingModel
internal import Telemetry

/// Where the gateway listens, and what it allows.
package struct HTTPGatewaySettings: Sendable {
    /// Address or name of the interface.
    package var host: String
    /// Port of the API; 0 for any free one.
    package var port: Int
    /// Port of the metrics; 0 for any free one.
    package var metricsPort: Int
    /// Threads that serve connections.
    package var eventLoops: Int
    /// Most connections open at a time.
    package var maxConnections: Int
    /// Limits of each connection.
    package var connection: ConnectionLimits
    /// Growth of memory in bytes from which on instances are made anew; 0 for never.
    package var renewalGrowth: UInt64 = 0
    /// Share of the requests without a caller's trace that are traced; `nil` when nothing is.
    package var traceRatio: Double?
    /// Bytes that the process may take, for the health rules; `nil` for the machine's memory.
    package var memoryLimit: UInt64?

    /// Makes settings; see the properties.
    package init(
        host: String, port: Int, metricsPort: Int, eventLoops: Int, maxConnections: Int,
        connection: ConnectionLimits
    ) {
        self.host = host
        self.port = port
        self.metricsPort = metricsPort
        self.eventLoops = eventLoops
        self.maxConnections = maxConnections
        self.connection = connection
    }
}

/// The HTTP side of the server: one service for the API's port, one for the metrics port.
///
/// Its event loops end with the process. A service is over before the framework has let go of
/// everything: its quiescing helper answers a promise when it is released, and on a loop that has
/// ended that is an error.
package struct HTTPGateway: Sendable {
    private let routes: KServeRoutes
    private let settings: HTTPGatewaySettings
    private let group: MultiThreadedEventLoopGroup
    private let loops: LoopContexts
    private let watcher: Monitor
    private let logger: Logger

    /// A gateway to the models of `manager`, which tells what `exporter` does with traces.
    package init(
        manager: ModelManager, settings: HTTPGatewaySettings, exporter: TraceExporter? = nil,
        logger: Logger
    ) {
        let ledger = settings.connection.ledger
        let memory = MemoryWatch(catalog: manager.catalog, bound: settings.renewalGrowth)
        let observer = ProcessObserver(
            version: HeadwayVersion.current, traces: { exporter?.figures },
            connections: { ledger.figures }, memoryGrowth: { memory.growth })
        watcher = Monitor(
            catalog: manager.catalog, observer: observer, memory: memory,
            memoryLimit: settings.memoryLimit)
        routes = KServeRoutes(
            catalog: manager.catalog, manager: manager,
            observer: observer, monitor: watcher,
            maxBodyBytes: settings.connection.maxBodyBytes, ledger: ledger,
            tracing: settings.traceRatio.map(RouteTracing.init))
        self.settings = settings
        group = MultiThreadedEventLoopGroup(numberOfThreads: settings.eventLoops)
        self.logger = logger
        loops = LoopContexts(group, traceRatio: settings.traceRatio)
    }

    /// Cores that this process may use: those that it is not kept away from (`taskset`, CPU sets), and no
    /// more than a container's quota is worth.
    package static var availableCores: Int {
        max(1, min(System.coreCount, Int(headway_allowed_cores())))
    }

    /// What a person can do about an error of the services; `nil` when it is not about the network.
    package func explanation(of error: any Error) -> String? {
        switch error {
        case let error as IOError where error.errnoCode == EADDRINUSE:
            "a port is in use on \(settings.host): the API wants \(settings.port) (--http-port), "
                + "metrics \(settings.metricsPort) (--metrics-port); 0 picks a free one"
        case let error as IOError where error.errnoCode == EACCES:
            "not allowed to listen on port \(settings.port) or \(settings.metricsPort)"
        case is SocketAddressError:
            "cannot listen on host '\(settings.host)' (--host): no such address"
        case let error as IOError:
            "cannot listen on \(settings.host) (--host): \(String(cString: strerror(error.errnoCode)))"
        default: nil
        }
    }

    /// The service that watches the models for the dashboard. It ends the streams of those who look on,
    /// so it has to stop before the API does.
    package var monitor: any Service { watcher }

    /// The service of the API's port; `onBound` is told the port once clients can connect.
    package func api(onBound: @escaping @Sendable (Int) async -> Void) -> any Service {
        service(routes.router(), port: settings.port, catalog: routes.catalog, onBound)
    }

    /// The service of the metrics port.
    package func metrics(onBound: @escaping @Sendable (Int) async -> Void) -> any Service {
        service(routes.metricsRouter(), port: settings.metricsPort, catalog: nil, onBound)
    }

    private func service(
        _ router: Router<GatewayContext>, port: Int, catalog: ModelCatalog?,
        _ onBound: @escaping @Sendable (Int) async -> Void
    ) -> any Service {
        let loops = loops
        let limits = settings.connection
        return Application(
            router: router,
            server: HTTPServerBuilder { responder in
                HTTPConnection(
                    responder: responder, catalog: catalog, loops: loops, limits: limits)
            },
            configuration: ApplicationConfiguration(
                address: .hostname(settings.host, port: port), backlog: 4_096,
                availableConnectionsDelegate: .maximum(
                    settings.maxConnections, logger: logger)),
            onServerRunning: { channel in await onBound(channel.localAddress?.port ?? 0) },
            eventLoopGroupProvider: .shared(group), logger: quiet)
    }

    /// The framework's own messages matter less than ours.
    private var quiet: Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, .critical)
        return logger
    }
}
