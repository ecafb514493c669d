import GatewayHTTP
import ServingRuntime
import Testing

@Suite("W3C Trace Context")
struct TraceContextTests {
    private static let id = "4bf92f3577b34da6a3ce929d0e0e4736"

    @Test("A field is read: trace, span and whether it is recorded")
    func read() throws {
        let parent = try #require(TraceParent("00-\(Self.id)-00f067aa0ba902b7-01"))
        #expect(parent.traceHigh == 0x4bf9_2f35_77b3_4da6)
        #expect(parent.traceLow == 0xa3ce_929d_0e0e_4736)
        #expect(parent.span == 0x00f0_67aa_0ba9_02b7)
        #expect(parent.isSampled)
        #expect(TraceParent("00-\(Self.id)-00f067aa0ba902b7-00")?.isSampled == false)
        // A later version may say more.
        #expect(TraceParent("01-\(Self.id)-00f067aa0ba902b7-01-more") != nil)
    }

    @Test(
        "A malformed field counts as none",
        arguments: [
            "", "00", "00-\(id)-00f067aa0ba902b7", "00-\(id)-00f067aa0ba902b7-0",
            "00-\(id)-00f067aa0ba902b7-01-more", "01-\(id)-00f067aa0ba902b7-01more",
            "ff-\(id)-00f067aa0ba902b7-01", "00-\(id.uppercased())-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-\(id)-0000000000000000-01", "00_\(id)-00f067aa0ba902b7-01",
            "00-\(id)-00f067aa0ba902bg-01",
        ])
    func malformed(_ field: String) {
        #expect(TraceParent(field) == nil)
    }

    @Test("The caller decides; without a caller a share of the requests is traced")
    func sampling() throws {
        var none = TraceSampler(ratio: 0, seed: 1)
        var all = TraceSampler(ratio: 1, seed: 1)
        let recorded = try #require(TraceParent("00-\(Self.id)-00f067aa0ba902b7-01"))
        let ignored = try #require(TraceParent("00-\(Self.id)-00f067aa0ba902b7-00"))
        let child = none.context(recorded)
        let context = try #require(child)
        #expect(context.traceID == Self.id)
        #expect(context.parent == recorded.span && context.span != recorded.span)
        #expect(all.context(ignored) == nil)
        #expect(none.context(nil) == nil)
        let root = all.context(nil)
        let fresh = try #require(root)
        #expect(fresh.parent == 0)
        #expect(TraceParent(fresh.field)?.traceLow == fresh.traceLow)
        var tenth = TraceSampler(ratio: 0.1, seed: 7)
        let traced = (0..<10_000).count { _ in tenth.context(nil) != nil }
        #expect((900...1_100).contains(traced))
    }
}
