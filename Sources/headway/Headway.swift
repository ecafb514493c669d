internal import ArgumentParser
internal import GatewayCore

/// The command line of Headway.
@main
struct Headway: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "headway",
        abstract:
            "An inference server that keeps its latency promises while the devices stay full.",
        discussion: """
            Start with `headway serve`: without a model repository it serves the bundled demo models.
            """,
        version: HeadwayVersion.current,
        subcommands: [Serve.self, Simulate.self, Replay.self, Explain.self, Doctor.self])
}
