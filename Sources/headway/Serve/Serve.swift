internal import ArgumentParser
internal import Foundation
internal import GatewayCore
internal import GatewayHTTP
internal import Logging
internal import ModelRepository
internal import NIOCore
internal import NIOPosix
internal import ServerConfiguration
internal import ServiceLifecycle
internal import ServingRuntime

/// `headway serve`.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve models over HTTP.",
        discussion: """
            Settings come from the configuration file, then HEADWAY_… variables of the environment, then
            flags; docs/configuration.md lists all of them. Prints a line that starts with "headway ready"
            when every model has been loaded. SIGTERM and SIGINT let requests in flight finish, then the
            program ends with code 0.
            """)

    @Option(name: .long, help: "Folder of models in Triton's layout; may be given several times.")
    var modelRepository: [String] = []

    @Option(help: "Configuration file in YAML.")
    var config: String?

    @Option(help: "Address or name to listen on. [default: 127.0.0.1]")
    var host: String?

    @Option(help: "Port of the API; 0 picks a free one. [default: 8000]")
    var httpPort: Int?

    @Option(
        help: "Port of the gRPC API. Accepted for compatibility: this version speaks HTTP only.")
    var grpcPort: Int?

    @Option(help: "Port that serves metrics only; 0 picks a free one. [default: 8002]")
    var metricsPort: Int?

    @Option(help: "Threads that serve connections. [default: half of the cores]")
    var eventLoops: Int?

    @Option(help: "Threads that one model instance may use. [default: 1]")
    var threadsPerInstance: Int?

    @Option(help: "Least severe messages to log: trace, debug, info, notice, warning, error.")
    var logLevel: String?

    @Option(name: .customLong("set"), help: "Any setting of docs/configuration.md, as KEY=VALUE.")
    var settings: [String] = []

    func run() async throws {
        let configuration = try resolveConfiguration()
        LoggingSystem.bootstrap { label in StreamLogHandler.standardError(label: label) }
        var logger = Logger(label: "headway")
        logger.logLevel = Logger.Level(rawValue: configuration.logLevel.rawValue) ?? .info
        if grpcPort != nil {
            logger.notice("--grpc-port has no effect: this version speaks HTTP only")
        }
        let installation = Installation()
        let repositories = try repositories(configuration, installation)
        raiseDescriptorLimit()
        let group = MultiThreadedEventLoopGroup(
            numberOfThreads: configuration.runtime.eventLoops(cores: System.coreCount))
        do {
            try await ServerAssembly(
                configuration: configuration, repositories: repositories,
                engines: installation.engines(logger: logger), group: group, logger: logger
            ).run()
        } catch {
            throw Self.explained(error, configuration)
        }
        try await group.shutdownGracefully()
    }

    private func resolveConfiguration() throws -> ServerConfiguration {
        var file: (yaml: String, origin: String)?
        if let config {
            do {
                file = (try String(contentsOfFile: config, encoding: .utf8), config)
            } catch {
                throw ValidationError("cannot read the configuration file \(config)")
            }
        }
        do {
            return try ServerConfiguration.resolve(
                file: file, environment: ProcessInfo.processInfo.environment,
                overrides: Overrides(
                    host: host, httpPort: httpPort, metricsPort: metricsPort,
                    repositories: modelRepository, eventLoops: eventLoops,
                    threadsPerInstance: threadsPerInstance, logLevel: logLevel,
                    settings: settings))
        } catch {
            throw ValidationError("\(error)")
        }
    }

    private func repositories(
        _ configuration: ServerConfiguration, _ installation: Installation
    ) throws -> [String] {
        guard configuration.repositories.isEmpty else { return configuration.repositories }
        guard let demo = installation.demoModels else {
            throw ValidationError(
                "no model repository: name one with --model-repository FOLDER, or start headway in "
                    + "the project's folder to serve the bundled demo models")
        }
        return [demo]
    }

    /// Every connection is a file descriptor; the soft limit of most systems is 1,024.
    private func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// Errors that a person can do something about say what.
    private static func explained(
        _ error: any Error, _ configuration: ServerConfiguration
    ) -> any Error {
        switch error {
        case let error as IOError where error.errnoCode == EADDRINUSE:
            return ServeFailure(
                "a port is in use on \(configuration.network.host): the API wants "
                    + "\(configuration.network.httpPort) (--http-port), metrics "
                    + "\(configuration.network.metricsPort) (--metrics-port); 0 picks a free one")
        case let error as IOError where error.errnoCode == EACCES:
            return ServeFailure("not allowed to listen on port \(configuration.network.httpPort)")
        case is SocketAddressError:
            return ServeFailure(
                "cannot listen on host '\(configuration.network.host)' (--host): no such address")
        case let error as IOError:
            return ServeFailure("cannot listen on \(configuration.network.host): \(error)")
        case let error as RepositoryError:
            return ServeFailure("\(error); name another with --model-repository")
        default:
            return error
        }
    }
}

/// Why the server could not start.
struct ServeFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
