package import GatewayCore
internal import Hummingbird
internal import HummingbirdCore
package import Logging
package import NIOCore
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
    /// Most connections open at a time.
    package var maxConnections: Int
    /// Limits of each connection.
    package var connection: ConnectionLimits

    /// Makes settings; see the properties.
    package init(
        host: String, port: Int, metricsPort: Int, maxConnections: Int,
        connection: ConnectionLimits
    ) {
        self.host = host
        self.port = port
        self.metricsPort = metricsPort
        self.maxConnections = maxConnections
        self.connection = connection
    }
}

/// The HTTP side of the server: one service for the API's port, one for the metrics port.
package struct HTTPGateway: Sendable {
    private let routes: KServeRoutes
    private let settings: HTTPGatewaySettings
    private let group: any EventLoopGroup
    private let loops: LoopContexts
    private let logger: Logger

    /// A gateway to the models of `manager`.
    package init(
        manager: ModelManager, settings: HTTPGatewaySettings, group: any EventLoopGroup,
        logger: Logger
    ) {
        routes = KServeRoutes(
            catalog: manager.catalog, manager: manager,
            observer: ProcessObserver(version: HeadwayVersion.current))
        self.settings = settings
        self.group = group
        self.logger = logger
        loops = LoopContexts(group)
    }

    /// The service of the API's port; `onBound` is told the port once clients can connect.
    package func api(onBound: @escaping @Sendable (Int) async -> Void) -> any Service {
        let limits = settings.connection
        let catalog = routes.catalog
        let loops = loops
        return Application(
            router: routes.router(),
            server: HTTPServerBuilder { responder in
                HTTPConnection(
                    responder: responder, catalog: catalog, loops: loops, limits: limits)
            },
            configuration: ApplicationConfiguration(
                address: .hostname(settings.host, port: settings.port),
                backlog: 4_096,
                availableConnectionsDelegate: .maximum(
                    settings.maxConnections, logger: logger)),
            onServerRunning: { channel in await onBound(channel.localAddress?.port ?? 0) },
            eventLoopGroupProvider: .shared(group), logger: quiet)
    }

    /// The service of the metrics port.
    package func metrics(onBound: @escaping @Sendable (Int) async -> Void) -> any Service {
        Application(
            router: routes.metricsRouter(),
            configuration: ApplicationConfiguration(
                address: .hostname(settings.host, port: settings.metricsPort)),
            onServerRunning: { channel in await onBound(channel.localAddress?.port ?? 0) },
            eventLoopGroupProvider: .shared(group), logger: quiet)
    }

    /// The framework's own messages matter less than ours.
    private var quiet: Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, .warning)
        return logger
    }
}
