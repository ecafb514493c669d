internal import ServingModel
package import ServingRuntime

/// What one served model version has to tell at one moment.
package struct ModelFigures: Sendable {
    /// What clients see of the model.
    package var interface: ModelInterface
    /// What it has done.
    package var statistics: ModelStatistics
    /// What it has to do.
    package var load: ModelLoad
    /// Names of the priority classes, by position in the table.
    package var classes: [String]
    /// Names of its variants, the full model's first; empty where there is but one.
    package var variants: [String]
    /// Those that batches may have now.
    package var presentVariants: [String] = []
    /// Whether it takes requests.
    package var isReady: Bool
    /// Resident bytes that loading it added to the process.
    package var measuredBytes: UInt64
    /// Its part in the memory that models share; `nil` where that has no limit.
    package var memory: MemoryFigures.Model?
    /// Where it is.
    package var residency = ModelResidency.resident

    /// Gathers figures; see the properties.
    package init(
        interface: ModelInterface, statistics: ModelStatistics, load: ModelLoad, classes: [String],
        variants: [String] = [], isReady: Bool = true, measuredBytes: UInt64 = 0
    ) {
        self.interface = interface
        self.statistics = statistics
        self.load = load
        self.classes = classes
        self.variants = variants
        self.isReady = isReady
        self.measuredBytes = measuredBytes
    }

    /// Reads a live model.
    package init(_ model: ServedModel, isReady: Bool = true) {
        self.init(
            interface: model.interface, statistics: model.statistics, load: model.load,
            classes: model.specification.classes.map(\.name),
            variants: model.specification.variants, isReady: isReady,
            measuredBytes: model.measuredBytes)
        memory = model.specification.memory?.figures(of: model)
        residency = model.residency
        presentVariants = model.presentVariants
    }

    /// Calls `body` with the name and the outcomes of each class.
    func forEachClass(_ body: (String, ModelStatistics.Class) -> Void) {
        for (name, outcomes) in zip(classes, statistics.classes) { body(name, outcomes) }
    }
}
