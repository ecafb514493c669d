internal import GatewayCore
internal import ModelRepository
internal import ServiceLifecycle
internal import ServingModel
internal import ServingRuntime

/// Loads the models once the ports are open, tells the person at the terminal, and ends the models last.
struct ModelService: Service {
    let manager: ModelManager
    let repositories: [String]
    let host: String
    let bound: AsyncStream<BoundPort>

    @concurrent
    func run() async throws {
        var apiPort = 0
        var metricsPort = 0
        for await port in bound {
            switch port {
            case .api(let number): apiPort = number
            case .metrics(let number): metricsPort = number
            }
            if apiPort > 0 && metricsPort > 0 { break }
        }
        guard apiPort > 0 else { return }
        Terminal.print("Headway \(HeadwayVersion.current)")
        for repository in repositories { Terminal.print("  models from  \(repository)") }
        try await manager.loadAll { progress in Self.show(progress) }
        announce(apiPort: apiPort, metricsPort: metricsPort)
        try? await gracefulShutdown()
        await manager.shutDown()
    }

    private static func show(_ progress: ModelManager.Progress) {
        switch progress {
        case .loading(let model, let version, let engine):
            Terminal.print("  loading      \(model) version \(version) with \(engine) …")
        case .ready(let model, let took):
            var facts = ["loaded in \(Terminal.duration(took.milliseconds))"]
            switch model {
            case .tensors(let handle): facts += Self.facts(of: handle.served)
            case .generator(let handle): facts += Self.facts(of: handle.generator)
            }
            Terminal.print(
                "  ready        \(model.name) version \(model.version): "
                    + facts.joined(separator: ", "))
            if case .tensors(let handle) = model { warn(handle.served) }
        case .failed(let model, let version, let reason):
            let label = version.map { "\(model) version \($0)" } ?? model
            Terminal.printError("  not served   \(label): \(reason)")
        }
    }

    private static func facts(of served: ServedModel) -> [String] {
        let interface = served.interface
        let load = served.load
        let instances = served.specification.instances
        var facts = ["\(instances) instance\(instances == 1 ? "" : "s")"]
        facts.append(
            interface.isBatched ? "batches up to \(interface.maxBatchSize)" : "no batching")
        facts.append("one row \(Terminal.duration(load.predictedSingle.milliseconds))")
        if interface.isBatched {
            facts.append("full batch \(Terminal.duration(load.predictedFull.milliseconds))")
        }
        facts.append("about \(Terminal.size(served.measuredBytes))")
        return facts
    }

    private static func facts(of generator: ServedGenerator) -> [String] {
        let specification = generator.specification
        let load = generator.load
        return [
            "\(specification.slots) slots", "context of \(generator.maxContext) tokens",
            "room for \(load.keyValueCapacity) tokens",
            "one token \(Terminal.duration(load.predictedStep.milliseconds))",
            "about \(Terminal.size(generator.measuredBytes))",
        ]
    }

    /// Says so when requests that name no deadline can never be in time.
    private static func warn(_ served: ServedModel) {
        let needed = served.load.predictedSingle
        let tooShort = served.specification.classes.filter { $0.defaultDeadline < needed }
        guard !tooShort.isEmpty else { return }
        let names = tooShort.map(\.name).joined(separator: ", ")
        Terminal.printError(
            "  too slow     \(served.interface.name): one row takes "
                + "\(Terminal.duration(needed.milliseconds)), longer than the default deadline of class "
                + "\(names); requests that name no longer deadline will get 504 "
                + "(see classes in docs/configuration.md)")
    }

    private func announce(apiPort: Int, metricsPort: Int) {
        let entries = manager.catalog.entries
        let ready = manager.catalog.serving
        let failed = entries.count - ready.count
        let address = host.contains(":") ? "[\(host)]" : host
        let summary =
            "\(ready.count) model\(ready.count == 1 ? "" : "s")"
            + (failed > 0 ? ", \(failed) not served" : "")
        Terminal.print(
            "headway ready: http://\(address):\(apiPort) (\(summary)), "
                + "metrics on http://\(address):\(metricsPort)/metrics")
        guard let first = ready.first else {
            return Terminal.print(
                "  a model is a folder: <repository>/<model>/<version>/model.onnx, version a number"
            )
        }
        if case .generator(let handle) = ready.first(where: { $0.name == "tales" }) ?? first {
            return Terminal.print(
                "  try: curl -sN http://\(address):\(apiPort)/v1/completions -H 'Content-Type: "
                    + "application/json' -d '{\"model\":\"\(handle.name)\",\"prompt\":\"Once upon a "
                    + "time\",\"max_tokens\":64,\"stream\":true}'")
        }
        if first.name == "digits" {
            Terminal.print(
                "  try: curl -s -d @examples/digits.json "
                    + "http://\(address):\(apiPort)/v2/models/digits/infer")
        } else {
            Terminal.print(
                "  try: curl -s http://\(address):\(apiPort)/v2/models/\(first.name)")
        }
    }
}
