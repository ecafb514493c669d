/// A strict reader of Prometheus' text format 0.0.4, as small as the format.
struct ExpositionGrammar {
    struct Violation: Error, CustomStringConvertible {
        var line: Int
        var description: String
    }

    struct Sample: Equatable {
        var name: String
        var labels: [String: String]
        var labelNames: [String]
        var value: Double
    }

    struct Family {
        var name: String
        var help: String
        var kind: String
        var samples: [Sample] = []
    }

    private(set) var families: [Family] = []

    init(_ text: String) throws {
        guard text.last == "\n" else {
            throw Violation(line: 0, description: "no line feed at the end")
        }
        var help: (name: String, text: String)?
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .dropLast().enumerated()
        {
            func fail(_ text: String) -> Violation {
                Violation(line: number + 1, description: "\(text): \(line)")
            }
            if line.hasPrefix("# HELP ") {
                let parts = line.dropFirst(7).split(separator: " ", maxSplits: 1)
                guard parts.count == 2 else { throw fail("no help text") }
                help = (String(parts[0]), String(parts[1]))
            } else if line.hasPrefix("# TYPE ") {
                let parts = line.dropFirst(7).split(separator: " ")
                guard parts.count == 2, let help, help.name == parts[0] else {
                    throw fail("type without its help")
                }
                guard !families.contains(where: { $0.name == help.name }) else {
                    throw fail("family twice")
                }
                families.append(Family(name: help.name, help: help.text, kind: String(parts[1])))
            } else {
                guard let family = families.last else { throw fail("sample before its family") }
                guard let sample = Self.sample(line) else { throw fail("not a sample") }
                let suffixes = family.kind == "histogram" ? ["_bucket", "_sum", "_count"] : [""]
                guard suffixes.contains(where: { family.name + $0 == sample.name }) else {
                    throw fail("sample of another family than \(family.name)")
                }
                families[families.count - 1].samples.append(sample)
            }
        }
    }

    /// The family of that name.
    func family(_ name: String) -> Family? { families.first { $0.name == name } }

    /// The value of one sample; `nil` when there is none with exactly these labels.
    func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        for family in families {
            for sample in family.samples where sample.name == name && sample.labels == labels {
                return sample.value
            }
        }
        return nil
    }

    private static func sample(_ line: Substring) -> Sample? {
        var rest = line
        let name = rest.prefix {
            $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ":")
        }
        rest = rest.dropFirst(name.count)
        var labels: [String: String] = [:]
        var names: [String] = []
        if rest.first == "{" {
            repeat {
                rest = rest.dropFirst()
                let label = rest.prefix { $0.isASCII && ($0.isLetter || $0 == "_") }
                rest = rest.dropFirst(label.count)
                guard rest.hasPrefix("=\"") else { return nil }
                rest = rest.dropFirst(2)
                guard let value = quoted(&rest) else { return nil }
                guard labels.updateValue(value, forKey: String(label)) == nil else { return nil }
                names.append(String(label))
            } while rest.first == ","
            guard rest.first == "}" else { return nil }
            rest = rest.dropFirst()
        }
        guard !name.isEmpty, rest.first == " " else { return nil }
        let number = rest.dropFirst()
        guard let value = number == "+Inf" ? .infinity : Double(number) else { return nil }
        return Sample(name: String(name), labels: labels, labelNames: names, value: value)
    }

    /// The text up to the closing quote, unescaped.
    private static func quoted(_ rest: inout Substring) -> String? {
        var value = ""
        while let character = rest.popFirst() {
            switch character {
            case "\"": return value
            case "\\":
                switch rest.popFirst() {
                case "n": value += "\n"
                case "\\": value += "\\"
                case "\"": value += "\""
                default: return nil
                }
            default: value.append(character)
            }
        }
        return nil
    }
}
