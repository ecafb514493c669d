internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Simulator
internal import Testing

@Suite("Properties of the pager", .tags(.property, .simulation))
struct PagerPropertyTests {
    @Test("Memory is enough, nobody thrashes, no request is lost, and refusals are honest")
    func rules() throws {
        try forEachSeed(count: 150) { random in
            var draw = random
            var (world, requests) = Self.world(&draw)
            world.races = draw.pick(0, 0, 0.2)
            var pager = ModelPager(world.settings)
            _ = try world.run(requests, under: &pager)
            pager.checkInvariants()
        }
    }

    @Test("With time enough every request is answered")
    func liveness() throws {
        try forEachSeed(count: 80) { random in
            var draw = random
            var (world, requests) = Self.world(&draw)
            for index in requests.indices {
                requests[index].deadline = requests[index].at + .seconds(100_000)
            }
            var pager = ModelPager(world.settings)
            let outcome = try world.run(requests, under: &pager)
            try require(outcome.answered == requests.count, "\(outcome)")
        }
    }

    @Test("Fewer loads, and fewer requests that wait in vain, than with the naive pager")
    func naive() throws {
        var ours = PagedWorld.Outcome()
        var theirs = ours
        var count = 0
        try forEachSeed(count: 150) { random in
            var draw = random
            let (world, requests) = Self.world(&draw)
            count += requests.count
            var (first, second) = (world, world)
            second.isStrict = false
            var pager = ModelPager(world.settings)
            let mine = try first.run(requests, under: &pager)
            var naive = NaivePager(limit: world.settings.limit)
            let other = try second.run(requests, under: &naive)
            ours.answered += mine.answered
            ours.loads += mine.loads
            ours.refused += mine.refused
            ours.expired += mine.expired
            theirs.answered += other.answered
            theirs.loads += other.loads
            theirs.refused += other.refused
            theirs.expired += other.expired
        }
        print("paging, of \(count) requests: \(ours), naive: \(theirs)")
        #expect(ours.loads < theirs.loads)
        #expect(ours.expired < theirs.expired)
    }

    /// A few models of which some fit, and requests that prefer some of them.
    static func world(_ draw: inout Seeded) -> (PagedWorld, [PagedWorld.Request]) {
        let scale = draw.pick(1.0, 1, 10)
        let models = (0..<draw.integer(in: 2...5)).map { _ in
            PagedWorld.Model(
                bytes: draw.integer(in: 10...60),
                load: Interval(milliseconds: scale * draw.uniform(20, 200)),
                compute: Interval(milliseconds: draw.uniform(0.5, 5)))
        }
        let total = models.reduce(0) { $0 + $1.bytes }
        let largest = models.map(\.bytes).max() ?? 1
        let limit = max(largest, Int(Double(total) * draw.uniform(0.3, 1.1)))
        var settings = ModelPager.Settings(limit: limit)
        settings.minimumResidency = Interval(milliseconds: scale * draw.pick(0, 100, 500))
        if draw.chance(0.2) { settings.idleAfter = Interval(milliseconds: scale * 300) }
        var requests: [PagedWorld.Request] = []
        var at = Instant.origin
        let gap = draw.pick(2.0, 10, 50)
        let skew = draw.pick(1, 2, 4)
        let patience = draw.pick(2.0, 5, 20)
        for _ in 0..<300 {
            at = at + Interval(milliseconds: draw.exponential(mean: gap))
            var model = draw.integer(in: 0...(models.count - 1))
            for _ in 1..<skew { model = min(model, draw.integer(in: 0...(models.count - 1))) }
            let slack = scale * draw.exponential(mean: 100 * patience)
            requests.append(
                PagedWorld.Request(
                    at: at, model: model,
                    deadline: at + .milliseconds(5) + Interval(milliseconds: slack)))
        }
        return (PagedWorld(models, settings, draw.split("world")), requests)
    }
}
