import Testing
import TraceFormat

@Suite("Stable hash")
struct StableHashTests {
    @Test("The hash tells texts, numbers and their order apart")
    func stableHash() {
        func hash(_ texts: String...) -> String {
            var hash = StableHash()
            for text in texts { hash.combine(text) }
            return hash.hexadecimal
        }
        #expect(hash() == "cbf29ce484222325")
        #expect(hash("a", "bc") != hash("ab", "c"))
        #expect(hash("a", "b") != hash("b", "a"))
        #expect(hash("a").count == 16)
    }
}
