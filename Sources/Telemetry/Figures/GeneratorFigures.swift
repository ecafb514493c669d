internal import ServingModel
package import ServingRuntime

/// What one version of a model that generates text has to tell at one moment.
package struct GeneratorFigures: Sendable {
    /// Name of the model.
    package var name: String
    /// Its version.
    package var version: Int
    /// What it has done.
    package var statistics: GenerationStatistics
    /// What it has to do.
    package var load: GenerationLoad
    /// Names of the priority classes, by position in the table.
    package var classes: [String]

    /// Gathers figures; see the properties.
    package init(
        name: String, version: Int, statistics: GenerationStatistics, load: GenerationLoad,
        classes: [String]
    ) {
        self.name = name
        self.version = version
        self.statistics = statistics
        self.load = load
        self.classes = classes
    }

    /// Reads a live generator.
    package init(_ generator: ServedGenerator) {
        let specification = generator.specification
        self.init(
            name: specification.name, version: specification.version,
            statistics: generator.statistics, load: generator.load,
            classes: specification.classes.map(\.name))
    }

    /// Calls `body` with the name and the outcomes of each class.
    func forEachClass(_ body: (String, GenerationStatistics.Class) -> Void) {
        for (name, outcomes) in zip(classes, statistics.classes) { body(name, outcomes) }
    }
}
