package import ModelRepository
package import ServingModel

/// What a request asks for in quality of service, in whatever spelling its protocol has.
package struct QualityOfService: Hashable, Sendable {
    /// Triton's `priority`: 1 is the highest, 0 or absent the model's default.
    package var priority: UInt64?

    /// Name of a priority class, from `x-headway-class`.
    package var className: String?

    /// Triton's `timeout`, counted from arrival.
    package var timeout: Interval?

    /// `x-headway-deadline-ms`, counted from arrival.
    package var deadline: Interval?

    /// `x-headway-variant: full`: no cheaper variant of the model will do.
    package var wantsFullModel = false

    /// Nothing asked for.
    package init() {}
}

/// The class and the absolute deadline that a request was given.
package struct Promise: Hashable, Sendable {
    /// Position in the class table.
    package var priorityClass: ClassIndex

    /// When the answer must be ready.
    package var deadline: Instant

    /// Whether a cheaper variant of the model will do when there is too much work for the full one.
    package var allowsCheaperVariant = true
}

/// Turns what requests ask for into promises, by one model's configuration.
package struct QualityPolicy: Sendable {
    private let classes: [PriorityClass]
    private let batching: DynamicBatching?
    private let defaultClass: Int
    /// By position, whether requests of the class always want the full model.
    private let isExact: [Bool]

    /// The rules of a model with this class table and dynamic-batching configuration.
    ///
    /// - Parameter exactClasses: Names of the classes whose requests always want the full model.
    package init(
        classes: [PriorityClass], batching: DynamicBatching?, exactClasses: [String] = []
    ) {
        self.classes = classes
        isExact = classes.map { exactClasses.contains($0.name) }
        self.batching = batching
        let levels = batching?.priorityLevels ?? 0
        defaultClass =
            levels > 0
            ? Self.position(
                of: batching?.defaultPriorityLevel ?? 0, levels: levels, classes: classes.count)
            : min(1, classes.count - 1)
    }

    /// The promise made to a request that arrived at `arrival`.
    ///
    /// The class comes from its name, else from the priority, else from the model's default. Of several
    /// deadlines the earliest counts; without any, the class's default. A model's queue policy adds its
    /// default timeout, and decides whether the request may override it.
    ///
    /// - Throws: ``ServingError`` that lists the known classes when the name is none of them.
    package func promise(
        _ wish: QualityOfService, arrival: Instant
    ) throws(ServingError) -> Promise {
        let index = try classIndex(wish)
        var relative = wish.deadline
        let queuePolicy = batching?.queuePolicy(level: level(wish))
        // Triton ignores a request's timeout unless the model allows to override its own. Where the
        // model has none, that would throw the client's deadline away: here it counts.
        let mayOverride =
            queuePolicy.map { $0.allowTimeoutOverride || $0.defaultTimeout == nil } ?? true
        if let timeout = wish.timeout, timeout > .zero, mayOverride {
            relative = min(relative ?? timeout, timeout)
        } else if let standard = queuePolicy?.defaultTimeout {
            relative = min(relative ?? standard, standard)
        }
        let chosen = relative ?? classes[index].defaultDeadline
        return Promise(
            priorityClass: ClassIndex(index), deadline: arrival + chosen,
            allowsCheaperVariant: !wish.wantsFullModel && !isExact[index])
    }

    private func classIndex(_ wish: QualityOfService) throws(ServingError) -> Int {
        if let name = wish.className {
            if let index = classes.firstIndex(where: { $0.name == name }) { return index }
            let known = classes.map(\.name).joined(separator: ", ")
            throw ServingError(
                .invalidArgument, "unknown priority class '\(name)'; the classes are \(known)")
        }
        guard let priority = wish.priority, priority > 0 else { return defaultClass }
        let levels = batching?.priorityLevels ?? 0
        guard levels > 0 else { return Int(min(priority, UInt64(classes.count))) - 1 }
        guard priority <= UInt64(levels) else { return defaultClass }
        return Self.position(of: Int(priority), levels: levels, classes: classes.count)
    }

    private func level(_ wish: QualityOfService) -> Int {
        let levels = UInt64(batching?.priorityLevels ?? 0)
        guard let priority = wish.priority, priority > 0, priority <= levels else {
            return batching?.defaultPriorityLevel ?? 0
        }
        return Int(priority)
    }

    /// Spreads a model's priority levels over the server's classes, keeping their order.
    private static func position(of level: Int, levels: Int, classes: Int) -> Int {
        let level = min(max(level, 1), levels) - 1
        return levels <= classes ? level : level * classes / levels
    }
}
