import Foundation
import ScenarioFiles
import Testing

@Suite("The documentation of scenario files")
struct DocumentationTests {
    private var root: URL {
        var root = URL(filePath: #filePath)
        for _ in 0..<4 { root.deleteLastPathComponent() }
        return root
    }

    private func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    @Test(
        "docs/simulator.md carries the table of every section as the code has it",
        arguments: ScenarioReference.sectionNames)
    func tables(section: String) throws {
        let table = ScenarioReference.table(of: section)
        if try !text("docs/simulator.md").contains(table) {
            Issue.record("the table of section '\(section)' should be:\n\(table)")
        }
    }

    @Test("Every example of docs/simulator.md loads")
    func examples() throws {
        let parts = try text("docs/simulator.md").components(separatedBy: "```")
        let examples = parts.filter { $0.hasPrefix("yaml\n") }
        #expect(examples.count >= 3)
        for example in examples { #expect(problems(String(example.dropFirst(5))) == []) }
    }

    @Test("Every scenario file of the project loads, and its name is its own")
    func scenarios() throws {
        let folder = root.appending(path: "scenarios").resolvingSymlinksInPath()
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        var count = 0
        for case let file as URL in try #require(files) where file.pathExtension == "yaml" {
            let yaml = try String(contentsOf: file, encoding: .utf8)
            #expect(problems(yaml) == [], "\(file.lastPathComponent)")
            count += 1
        }
        #expect(count >= 4)
    }
}
