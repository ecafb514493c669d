internal import SchedulerCore
internal import ServingModel

extension ConfigurationKey {
    /// Puts `value` where the key says; answers what is wrong when it does not fit.
    func assign(_ value: RawValue, to configuration: inout ServerConfiguration) -> String? {
        switch (binding, value) {
        case (.text(let place), .text(let text)) where !text.isEmpty:
            configuration[keyPath: place] = text
        case (.optionalText(let place, _), .text(let text)) where !text.isEmpty:
            configuration[keyPath: place] = text
        case (.optionalText(let place, _), .nothing):
            configuration[keyPath: place] = nil
        case (.texts(let place), .list(let values)):
            var texts: [String] = []
            for value in values {
                guard case .text(let text) = value, !text.isEmpty else {
                    return misfit("a list with \(value.description) in it")
                }
                texts.append(text)
            }
            configuration[keyPath: place] = texts
        case (.integer(let place, let range), .integer(let number)) where range.contains(number):
            configuration[keyPath: place] = number
        case (.optionalInteger(let place, _, _), .nothing):
            configuration[keyPath: place] = nil
        case (.optionalInteger(let place, let range, _), .integer(let number))
        where range.contains(number):
            configuration[keyPath: place] = number
        case (.milliseconds(let place, let range), .integer(let number))
        where range.contains(number):
            configuration[keyPath: place] = .milliseconds(UInt64(number))
        case (.millisecondsByClass(let place, let range), .list(let values))
        where (1...ServerConfiguration.classCountMax).contains(values.count):
            var intervals: [Interval] = []
            for value in values {
                guard case .integer(let number) = value, range.contains(number) else {
                    return misfit("a list with \(value.description) in it")
                }
                intervals.append(.milliseconds(UInt64(number)))
            }
            configuration[keyPath: place] = intervals
        case (.truth(let place), .truth(let value)):
            configuration[keyPath: place] = value
        case (.policy(let place), .text(let text)):
            guard let policy = GenerationPolicy(named: text) else {
                return misfit(
                    value.description,
                    meant: Spelling.nearest(to: text, among: GenerationPolicy.names))
            }
            configuration[keyPath: place] = policy
        case (.level(let place), .text(let text)):
            guard let level = ServerConfiguration.LogLevel(rawValue: text) else {
                let names = ServerConfiguration.LogLevel.allCases.map(\.rawValue)
                return misfit(
                    value.description, meant: Spelling.nearest(to: text, among: names))
            }
            configuration[keyPath: place] = level
        case (.format(let place), .text(let text)):
            guard let format = ServerConfiguration.LogFormat(rawValue: text) else {
                return misfit(value.description)
            }
            configuration[keyPath: place] = format
        case (.number(let place, let range), .number(let number)) where range.contains(number):
            configuration[keyPath: place] = number
        case (.number(let place, let range), .integer(let number))
        where range.contains(Double(number)):
            configuration[keyPath: place] = Double(number)
        default:
            return misfit(value.description)
        }
        return nil
    }

    /// Puts `value` into one class; answers what is wrong when it does not fit.
    func assign(_ value: RawValue, to entry: inout PriorityClass, at path: String) -> String? {
        guard case .classColumn(let column) = binding else {
            preconditionFailure("\(self.path) is not a column of the table of classes")
        }
        switch (column, value) {
        case (.name, .text(let text)) where Self.isClassName(text):
            entry.name = text
        case (.weight(let range), .integer(let number)) where range.contains(number):
            entry.weight = number
        case (.floorShare(let range), .number(let number)) where range.contains(number):
            entry.floorShare = number
        case (.floorShare(let range), .integer(let number)) where range.contains(Double(number)):
            entry.floorShare = Double(number)
        case (.defaultDeadline(let range), .integer(let number)) where range.contains(number):
            entry.defaultDeadline = .milliseconds(UInt64(number))
        default:
            return misfit(value.description, at: path)
        }
        return nil
    }

    /// What the environment or the command line wrote, as the type that the key wants.
    func interpret(_ text: String) -> RawValue {
        switch binding {
        case .integer, .optionalInteger, .milliseconds:
            if let number = Int(text) { return .integer(number) }
            return text.isEmpty ? .nothing : .text(text)
        case .number:
            return Double(text).map(RawValue.number) ?? .text(text)
        case .texts:
            return .list(
                text.split(separator: ":", omittingEmptySubsequences: false).map {
                    .text(String($0))
                })
        case .millisecondsByClass:
            return .list(
                text.split(separator: ",", omittingEmptySubsequences: false).map {
                    Int($0).map(RawValue.integer) ?? .text(String($0))
                })
        case .truth:
            return Bool(text).map(RawValue.truth) ?? .text(text)
        case .text, .optionalText, .policy, .level, .format, .classes, .classColumn:
            return .text(text)
        }
    }

    private func misfit(_ what: String, at path: String? = nil, meant: String? = nil) -> String {
        let hint = meant.map { "did you mean '\($0)'? " } ?? ""
        return "\(path ?? self.path) is \(what); \(hint)allowed: \(allowed)"
    }

    /// Class names become metric labels and header values, so they stay plain.
    private static func isClassName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                    UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }
}
