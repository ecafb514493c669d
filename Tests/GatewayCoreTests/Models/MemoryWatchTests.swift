import GatewayCore
import ServingModel
import ServingRuntime
import Testing

@Suite("Watching the memory of the process", .timeLimit(.minutes(5)))
struct MemoryWatchTests {
    /// Half a minute more than growth takes to be told, a mebibyte a second.
    private func grow(_ watch: MemoryWatch, from second: UInt64 = 0) -> Double {
        var most = 0.0
        for second in second..<second + 100 {
            watch.note(
                resident: (500 << 20) + (second << 20), at: .origin + .seconds(second))
            most = max(most, watch.growth)
        }
        return most
    }

    @Test("Memory that only grows is told, and from the bound on an instance is made anew")
    func growing() async throws {
        let models = try ManagedModels()
        try models.write("m")
        try await models.manager.load("m")
        #expect(abs(grow(MemoryWatch(catalog: models.catalog)) / 1_048_576 - 1) < 0.05)
        let served = try models.catalog.find("m").served
        #expect(served.statistics.renewals == [0], "without a bound nothing is done")
        _ = grow(MemoryWatch(catalog: models.catalog, bound: 60 << 20))
        while served.statistics.renewals != [1] { await Task.yield() }
        #expect(try await models.infer("m", 3) == 3)
        await models.manager.shutDown()
    }

    @Test("Models that come begin another level")
    func loading() async throws {
        let models = try ManagedModels()
        try models.write("m")
        let watch = MemoryWatch(catalog: models.catalog)
        #expect(grow(watch) > 0)
        try await models.manager.load("m")
        watch.note(resident: 900 << 20, at: .origin + .seconds(100))
        #expect(watch.growth == 0)
        await models.manager.shutDown()
    }
}
