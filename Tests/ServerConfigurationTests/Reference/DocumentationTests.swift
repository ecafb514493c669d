import Foundation
import ServerConfiguration
import Testing

@Suite("The documentation of the configuration")
struct DocumentationTests {
    @Test("docs/configuration.md carries the table of keys as the code has it")
    func table() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let document = try String(
            contentsOf: root.appending(path: "docs/configuration.md"), encoding: .utf8)
        let table = ServerConfiguration.referenceTable
        if !document.contains(table) {
            Issue.record("the table of docs/configuration.md should be:\n\(table)")
        }
    }

    @Test("The example of docs/configuration.md loads")
    func example() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let document = try String(
            contentsOf: root.appending(path: "docs/configuration.md"), encoding: .utf8)
        let parts = document.components(separatedBy: "```")
        let example = try #require(parts.first { $0.hasPrefix("yaml\n") })
        #expect(problems(in: String(example.dropFirst("yaml\n".count))).isEmpty)
    }

    @Test("Paths, variables and flags are unique")
    func unique() {
        let keys = ServerConfiguration.reference
        #expect(Set(keys.map(\.path)).count == keys.count)
        let variables = keys.compactMap(\.environment)
        #expect(Set(variables).count == variables.count)
        let flags = keys.compactMap(\.flag)
        #expect(Set(flags).count == flags.count)
    }
}
