internal import ArgumentParser
internal import Foundation
internal import GatewayCore
internal import Logging
internal import ModelRepository
internal import ServerConfiguration

/// `headway serve`.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve models over HTTP.",
        discussion: """
            Settings come from the configuration file, then HEADWAY_… variables of the environment, \
            then flags; docs/configuration.md lists all of them.

            Prints a line that starts with "headway ready" when every model has been loaded. SIGTERM \
            and SIGINT let requests in flight finish, then the program ends with code 0; a second SIGINT \
            ends it at once, with code 1.
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

    @Option(help: "How messages are written: text or json. [default: text]")
    var logFormat: String?

    @Option(
        help:
            "File to record every scheduling decision to, for `headway replay`. [default: none]")
    var record: String?

    @Option(name: .customLong("set"), help: "Any setting of docs/configuration.md, as KEY=VALUE.")
    var settings: [String] = []

    func run() async throws {
        Signals.heed()
        let configuration = try resolveConfiguration()
        let format = configuration.logFormat
        LoggingSystem.bootstrap { label in
            switch format {
            case .text: StreamLogHandler.standardError(label: label)
            case .json: JSONLogHandler(label: label)
            }
        }
        var logger = Logger(label: "headway")
        logger.logLevel = Logger.Level(rawValue: configuration.logLevel.rawValue) ?? .info
        if grpcPort != nil {
            logger.notice("--grpc-port has no effect: this version speaks HTTP only")
        }
        let installation = Installation()
        let repositories = try repositories(configuration, installation)
        raiseDescriptorLimit()
        do {
            try await ServerAssembly(
                configuration: configuration, repositories: repositories,
                engines: installation.engines(logger: logger), logger: logger
            ).run()
        } catch let error as RepositoryError {
            throw ServeFailure("\(error); name another with --model-repository")
        }
    }

    private func resolveConfiguration() throws -> ServerConfiguration {
        var file: (yaml: String, origin: String)?
        if let config {
            do {
                file = (try String(contentsOfFile: config, encoding: .utf8), config)
            } catch {
                throw ServeFailure("cannot read the configuration file \(config)")
            }
        }
        do {
            return try ServerConfiguration.resolve(
                file: file, environment: ProcessInfo.processInfo.environment,
                overrides: Overrides(
                    host: host, httpPort: httpPort, metricsPort: metricsPort,
                    repositories: modelRepository, eventLoops: eventLoops,
                    threadsPerInstance: threadsPerInstance, logLevel: logLevel,
                    logFormat: logFormat, record: record, settings: settings))
        } catch {
            throw ServeFailure("\(error)")
        }
    }

    private func repositories(
        _ configuration: ServerConfiguration, _ installation: Installation
    ) throws -> [String] {
        guard configuration.repositories.isEmpty else { return configuration.repositories }
        guard let demo = installation.demoModels else {
            throw ServeFailure(
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
}

/// Why the server could not start.
struct ServeFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
