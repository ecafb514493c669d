/// A family with one set of samples for each served version of a model that generates text.
struct GeneratorFamily: Sendable {
    let metric: Metric
    let write: @Sendable (GeneratorFigures, inout SampleWriter) -> Void
    /// Values of the labels that all samples of one generator share.
    let common: @Sendable (GeneratorFigures) -> [String]

    static let all = outcomes + histograms + work + load + vLLM

    init(
        _ name: String, _ kind: Metric.Kind, labels: [String] = [], _ help: String,
        _ write: @escaping @Sendable (GeneratorFigures, inout SampleWriter) -> Void
    ) {
        metric = Metric(name, kind, labels: ["model", "version"] + labels, help)
        self.write = write
        common = { [$0.name, "\($0.version)"] }
    }

    /// A family of vLLM, which names the model by a label of its own.
    init(
        vLLM name: String, labels: [String] = [], _ help: String,
        _ write: @escaping @Sendable (GeneratorFigures, inout SampleWriter) -> Void
    ) {
        metric = Metric("vllm:" + name, .gauge, labels: ["model_name"] + labels, help)
        self.write = write
        common = { [$0.name] }
    }
}
