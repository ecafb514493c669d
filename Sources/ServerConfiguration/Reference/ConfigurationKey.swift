internal import SchedulerCore
internal import ServingModel

/// One key that an operator can set: its names, its bounds and where its value goes.
package struct ConfigurationKey: Sendable {
    /// Place in the file, such as `network.http_port`; `classes[].weight` is a key of each class.
    package let path: String

    /// One line for the documentation.
    package let summary: String

    /// Unit of the value, empty where it has none.
    package let unit: String

    /// Flag of the command line, when the key has one besides `--set`.
    package let flag: String?

    /// What the key accepts and where it goes.
    let binding: Binding

    /// Types of values, with their bounds and their place.
    enum Binding: Sendable {
        /// Text that is not empty.
        case text(Place<String>)
        /// Text, or nothing, which means what is described here.
        case optionalText(Place<String?>, otherwise: String)
        /// A list of texts that are not empty.
        case texts(Place<[String]>)
        /// A whole number.
        case integer(Place<Int>, ClosedRange<Int>)
        /// A whole number, or nothing for a default that depends on the machine, described here.
        case optionalInteger(Place<Int?>, ClosedRange<Int>, otherwise: String)
        /// A whole number of milliseconds.
        case milliseconds(Place<Interval>, ClosedRange<Int>)
        /// Whole numbers of milliseconds, one for each class.
        case millisecondsByClass(Place<[Interval]>, ClosedRange<Int>)
        /// True or false.
        case truth(Place<Bool>)
        /// One of the policies of generation.
        case policy(Place<GenerationPolicy>)
        /// One of the levels.
        case level(Place<ServerConfiguration.LogLevel>)
        /// One of the formats.
        case format(Place<ServerConfiguration.LogFormat>)
        /// A number.
        case number(Place<Double>, ClosedRange<Double>)
        /// A table of classes, whose columns are keys of their own.
        case classes
        /// A column of the table of classes.
        case classColumn(ClassColumn)
    }

    /// Where in the configuration a value goes.
    typealias Place<Value> = any WritableKeyPath<ServerConfiguration, Value> & Sendable

    /// A property of a class.
    enum ClassColumn: Sendable {
        case name
        case weight(ClosedRange<Int>)
        case floorShare(ClosedRange<Double>)
        case defaultDeadline(ClosedRange<Int>)
    }

    init(
        _ path: String, _ binding: Binding, unit: String = "", flag: String? = nil,
        _ summary: String
    ) {
        self.path = path
        self.binding = binding
        self.unit = unit
        self.flag = flag
        self.summary = summary
    }
}

extension ConfigurationKey {
    /// The last part of the path: the key as it stands in its section of the file.
    var name: String {
        path.split(separator: ".").last.map(String.init) ?? path
    }

    /// The part of the path before ``name``; empty at the top level.
    var section: String {
        path.contains(".") ? String(path.dropLast(name.count + 1)) : ""
    }

    /// Whether environment and command line can set it: only what one text can express.
    var isSettableByText: Bool {
        switch binding {
        case .classes, .classColumn: false
        default: true
        }
    }

    /// Variable of the environment that sets it.
    package var environment: String? {
        guard isSettableByText else { return nil }
        if path == "repositories" { return "HEADWAY_MODEL_REPOSITORY" }
        if ["breaker", "generation", "health", "memory", "variants"].contains(section) {
            return "HEADWAY_" + section.uppercased() + "_" + name.uppercased()
        }
        return "HEADWAY_" + name.uppercased()
    }

    /// What is accepted, in words.
    package var allowed: String {
        switch binding {
        case .text, .optionalText: "text that is not empty"
        case .texts: "a list of texts that are not empty"
        case .integer(_, let range): words(range)
        case .optionalInteger(_, let range, _): words(range)
        case .milliseconds(_, let range): words(range)
        case .millisecondsByClass(_, let range):
            "a list of 1 to \(ServerConfiguration.classCountMax) whole numbers from "
                + "\(range.lowerBound) to \(range.upperBound)"
        case .truth: "true or false"
        case .policy: "one of " + GenerationPolicy.names.joined(separator: ", ")
        case .level:
            "one of "
                + ServerConfiguration.LogLevel.allCases.map(\.rawValue).joined(separator: ", ")
        case .format:
            "one of "
                + ServerConfiguration.LogFormat.allCases.map(\.rawValue).joined(separator: ", ")
        case .number(_, let range): "a number from \(range.lowerBound) to \(range.upperBound)"
        case .classes: "a list of 1 to \(ServerConfiguration.classCountMax) classes"
        case .classColumn(.name): "1 to 64 of the characters a-z A-Z 0-9 - _ ."
        case .classColumn(.weight(let range)): words(range)
        case .classColumn(.floorShare(let range)):
            "a number from \(range.lowerBound) to \(range.upperBound)"
        case .classColumn(.defaultDeadline(let range)): words(range)
        }
    }

    private func words(_ range: ClosedRange<Int>) -> String {
        "a whole number from \(range.lowerBound) to \(range.upperBound)"
    }

    /// The default in words.
    package var defaultText: String {
        let defaults = ServerConfiguration()
        switch binding {
        case .text(let place): return defaults[keyPath: place]
        case .optionalText(_, let otherwise): return otherwise
        case .texts: return "none"
        case .integer(let place, _): return "\(defaults[keyPath: place])"
        case .optionalInteger(_, _, let otherwise): return otherwise
        case .milliseconds(let place, _):
            return "\(defaults[keyPath: place].nanoseconds / 1_000_000)"
        case .millisecondsByClass(let place, _):
            return defaults[keyPath: place].map { "\($0.nanoseconds / 1_000_000)" }
                .joined(separator: ", ")
        case .truth(let place): return "\(defaults[keyPath: place])"
        case .policy(let place): return defaults[keyPath: place].name
        case .level(let place): return defaults[keyPath: place].rawValue
        case .format(let place): return defaults[keyPath: place].rawValue
        case .number(let place, _): return "\(defaults[keyPath: place])"
        case .classes: return defaults.classes.map(\.name).joined(separator: ", ")
        case .classColumn(.floorShare): return "0"
        case .classColumn: return "required"
        }
    }
}
