/// Every key of a scenario file.
package enum ScenarioReference {
    /// All keys, section by section.
    static let keys: [ScenarioKey] = scenario + arrivals + policies + baselines + generation

    private static let sections = Dictionary(grouping: keys, by: \.section)

    /// Keys of a section. The arrivals of each process have the common keys of all of them, and so have
    /// the settings of each policy of text generation.
    private static func rows(in section: String) -> [ScenarioKey] {
        let own = sections[section] ?? []
        if section.hasPrefix("arrivals "), let common = sections["arrivals"] { return common + own }
        if section.hasSuffix(" generation"), section != "policies[] generation",
            let common = sections["settings generation"], section != "settings generation"
        {
            return common + own
        }
        return own
    }

    static func key(_ name: String, in section: String) -> ScenarioKey? {
        rows(in: section).first { $0.name == name }
    }

    static func names(in section: String) -> [String] {
        rows(in: section).map(\.name)
    }

    /// Where a key may stand, in words: at the top of the file, or in a section.
    static func places(of name: String) -> [String] {
        var places: [String] = []
        for key in keys where key.name == name {
            // The arrivals of each process, and what policies say about text generation, are sections of
            // their own only in here.
            let section = key.section.prefix { $0 != " " }
            let place = section.isEmpty ? "at the top of the file" : "in '\(section)'"
            if !places.contains(place) { places.append(place) }
        }
        return places
    }

    /// The tables of `docs/simulator.md`, by section; a test compares them with the file.
    package static func table(of section: String) -> String {
        var lines = ["| key | default | allowed | meaning |", "|---|---|---|---|"]
        for key in sections[section] ?? [] {
            let standard = key.standard == "required" ? "required" : key.standard
            lines.append("| `\(key.name)` | \(standard) | \(key.allowed) | \(key.summary) |")
        }
        return lines.joined(separator: "\n")
    }

    /// Names of all sections, in the order of the documentation; the top of the file is called "".
    package static var sectionNames: [String] {
        var names: [String] = []
        for key in keys where !names.contains(key.section) { names.append(key.section) }
        return names
    }
}
