internal import ArgumentParser
internal import EngineAPI
internal import EngineONNXRuntime
internal import EnginePlugin
internal import Foundation
internal import GatewayCore
internal import Logging

/// `headway doctor`.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show engines and devices, what is missing and how to install it.",
        discussion: "Ends with code 0 when every engine is usable, with 1 when one is missing.")

    @Flag(help: "Print the findings as JSON.")
    var json = false

    func run() async throws {
        let report = DoctorReport(Installation())
        Terminal.print(json ? try report.json() : report.text)
        if !report.isHealthy { throw ExitCode(1) }
    }
}

/// What the doctor found.
struct DoctorReport: Encodable {
    struct EngineFinding: Encodable {
        var name: String
        var usable: Bool
        var version: String?
        var library: String?
        var problem: String?
    }

    struct Device: Encodable {
        var kind: String
        var name: String
        var cores: Int?
        var memoryBytes: UInt64?
        var features: [String]?
    }

    var headway = HeadwayVersion.current
    var engines: [EngineFinding]
    var devices: [Device]
    var demoModels: String?

    init(_ installation: Installation) {
        let logger = Logger(label: "headway.doctor") { _ in SwiftLogNoOpLogHandler() }
        engines = installation.engines(logger: logger).map { engine in
            do throws(EngineError) {
                return EngineFinding(
                    name: engine.descriptor.name, usable: true, version: try engine.version(),
                    library: Self.libraryPath(of: engine))
            } catch {
                return EngineFinding(
                    name: engine.descriptor.name, usable: false, problem: error.message)
            }
        }
        devices = [HostDevice.cpu] + HostDevice.gpus
        demoModels = installation.demoModels
    }

    /// Where an engine's library lies; `nil` for an engine that needs none or has not found it.
    private static func libraryPath(of engine: any Engine) -> String? {
        switch engine {
        case let engine as ONNXRuntimeEngine: try? engine.libraryPath()
        case let engine as LlamaEngine: try? engine.libraryPath()
        default: nil
        }
    }

    var isHealthy: Bool { engines.allSatisfy(\.usable) }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    var text: String {
        var lines = ["Headway \(headway)", "", "Engines"]
        for engine in engines {
            let name = engine.name.padding(toLength: 14, withPad: " ", startingAt: 0)
            if engine.usable {
                lines.append(
                    "  ok       \(name)\(engine.version ?? "")  \(engine.library ?? "built in")")
            } else {
                lines.append("  missing  \(name)\(engine.problem ?? "")")
            }
        }
        lines += ["", "Devices"]
        for device in devices {
            var facts = [device.name]
            if let cores = device.cores { facts.append(cores == 1 ? "1 core" : "\(cores) cores") }
            if let memory = device.memoryBytes { facts.append(Terminal.size(memory)) }
            if let features = device.features, !features.isEmpty {
                facts.append(features.joined(separator: " "))
            }
            lines.append("  \(device.kind)      \(facts.joined(separator: ", "))")
        }
        lines += ["", "Demo models"]
        lines.append("  \(demoModels ?? "not found: start headway in the project's folder")")
        return lines.joined(separator: "\n")
    }
}
