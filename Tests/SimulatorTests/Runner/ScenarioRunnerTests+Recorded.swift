extension ScenarioRunnerTests {
    static let recordedLoad = "bd563dda6b373c4b"
}
