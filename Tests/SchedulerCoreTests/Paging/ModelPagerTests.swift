internal import SchedulerCore
internal import ServingModel
internal import Testing

@Suite("Pager: which models are in memory")
struct ModelPagerTests {
    /// A pager whose models a test names by number, with times in milliseconds.
    struct Desk {
        var pager: ModelPager
        private(set) var actions: [PagerAction] = []

        init(limit: Int, _ adjust: (inout ModelPager.Settings) -> Void = { _ in }) {
            var settings = ModelPager.Settings(limit: limit)
            adjust(&settings)
            pager = ModelPager(settings)
        }

        static func time(_ milliseconds: Double) -> Instant {
            .origin + Interval(milliseconds: milliseconds)
        }

        /// What is done about an event; promises are left out.
        mutating func tell(_ event: PagerEvent, at time: Double) -> [PagerAction] {
            actions = pager.handle(event, at: Self.time(time))
            pager.checkInvariants()
            return actions.filter { if case .expect = $0 { false } else { true } }
        }

        /// Brings models into memory at the start, in order.
        mutating func fill(_ bytes: [Int], load: Double = 100) -> [PagerAction] {
            var all: [PagerAction] = []
            for (index, bytes) in bytes.enumerated() {
                let id = PagedModelID(index)
                all += tell(.added(id, bytes: bytes, giveUp: Self.time(1_000_000)), at: 0)
                while case .pageOut(let victim) = all.last { all += tell(.left(victim), at: 0) }
                all += tell(
                    .loaded(
                        id, bytes: bytes, took: Interval(milliseconds: load), mayLeave: true), at: 0
                )
            }
            return all
        }

        /// A model is looked at.
        mutating func see(
            _ model: Int, idle: Bool = true, used: Double = 0, weight: Int = 0, due: Double? = nil,
            missed: Int = 0, at time: Double
        ) {
            let demand = due.map {
                PageDemand(topClass: 0, latestStart: Self.time($0), arrival: Self.time(time))
            }
            _ = tell(
                .seen(
                    PagedModelID(model),
                    PageSighting(
                        isIdle: idle, lastUsed: Self.time(used), weight: weight, demand: demand,
                        missed: missed)), at: time)
        }

        /// What a model's newcomers are told, if it changed with the last event.
        func promise(of model: Int, at time: Double) -> Double? {
            for case .expect(PagedModelID(model), let expectation) in actions {
                return Instant.origin.interval(to: expectation.ready(at: Self.time(time)))
                    .milliseconds
            }
            return nil
        }
    }

    static let (a, b, c) = (PagedModelID(0), PagedModelID(1), PagedModelID(2))

    @Test("First loads make room for themselves, the model that was never used first")
    func start() {
        var desk = Desk(limit: 100)
        let actions = desk.fill([40, 40, 40])
        #expect(actions == [.load(Self.a), .load(Self.b), .pageOut(Self.a), .load(Self.c)])
        #expect(desk.pager.used == 80)
    }

    @Test("A model that is larger than the limit is refused, by its estimate and by its measure")
    func tooLarge() {
        var desk = Desk(limit: 100)
        #expect(
            desk.tell(.added(Self.a, bytes: 101, giveUp: .distantFuture), at: 0)
                == [.refuse(Self.a)])
        #expect(
            desk.tell(.added(Self.b, bytes: 10, giveUp: .distantFuture), at: 0) == [.load(Self.b)])
        let measured = PagerEvent.loaded(
            Self.b, bytes: 101, took: .milliseconds(1), mayLeave: true)
        #expect(desk.tell(measured, at: 1) == [.refuse(Self.b)])
        #expect(desk.pager.used == 0)
    }

    @Test("A first load that finds no room in time is given up")
    func noRoom() {
        var desk = Desk(limit: 100)
        _ = desk.fill([60])
        desk.see(0, idle: false, used: 1, at: 1)
        let asked = desk.tell(.added(Self.b, bytes: 60, giveUp: Desk.time(500)), at: 1)
        #expect(asked == [.watch(Self.a)])
        #expect(desk.pager.nextWakeup == Desk.time(500))
        #expect(desk.tell(.timerFired, at: 500) == [.refuse(Self.b)])
    }

    @Test("What a load turned out to need beyond its estimate leaves again")
    func excess() {
        var desk = Desk(limit: 100)
        _ = desk.fill([60])
        #expect(
            desk.tell(.added(Self.b, bytes: 10, giveUp: .distantFuture), at: 1) == [.load(Self.b)])
        let measured = PagerEvent.loaded(Self.b, bytes: 70, took: .milliseconds(9), mayLeave: true)
        #expect(desk.tell(measured, at: 10) == [.pageOut(Self.a)])
        #expect(desk.tell(.left(Self.a), at: 11).isEmpty)
        #expect(desk.pager.used == 70)
    }

    @Test("The least valuable idle model leaves: by traffic, load time and size, then by last use")
    func victims() {
        var desk = Desk(limit: 100)
        _ = desk.fill([40, 40, 40])
        // b is asked often, c once; a comes back in c's place.
        desk.see(1, used: 90, weight: 50, at: 100)
        desk.see(2, used: 99, weight: 1, at: 100)
        desk.see(0, idle: false, due: 400, at: 100)
        #expect(desk.tell(.timerFired, at: 100) == [.pageOut(Self.c)])
        #expect(desk.tell(.left(Self.c), at: 101) == [.load(Self.a)])
        var equals = Desk(limit: 100)
        _ = equals.fill([40, 40, 40])
        equals.see(1, used: 99, at: 100)
        equals.see(2, used: 98, at: 100)
        equals.see(0, idle: false, due: 400, at: 100)
        // Without traffic nobody is worth anything, and neither was ever used.
        #expect(equals.tell(.timerFired, at: 100) == [.pageOut(Self.b)])
    }

    @Test("Of several small models only those leave that are needed")
    func noMoreThanNeeded() {
        var desk = Desk(limit: 100)
        _ = desk.fill([10, 50, 40])
        #expect(
            desk.tell(.added(PagedModelID(3), bytes: 50, giveUp: .distantFuture), at: 1)
                == [.pageOut(Self.b)])
    }

    @Test("Nobody leaves with work in flight; who is in the way is watched")
    func busy() {
        var desk = Desk(limit: 100)
        _ = desk.fill([60, 60])
        desk.see(1, idle: false, used: 10, weight: 1, at: 10)
        desk.see(0, idle: false, due: 1_000, at: 10)
        #expect(desk.tell(.timerFired, at: 10) == [.watch(Self.b)])
        desk.see(1, idle: true, at: 12)
        #expect(desk.tell(.timerFired, at: 12) == [.pageOut(Self.b)])
        // A request came first.
        desk.see(1, idle: false, used: 12, weight: 1, at: 12)
        #expect(desk.tell(.stayed(Self.b), at: 12) == [.watch(Self.b)])
    }

    @Test("A model that was loaded for work stays for the minimum, or as long as loading took")
    func residency() {
        for (load, until) in [(100.0, 300.0), (700.0, 800.0)] {
            var desk = Desk(limit: 100) { $0.minimumResidency = .milliseconds(200) }
            _ = desk.fill([60, 60])
            desk.see(0, idle: false, due: 5_000, at: 10)
            #expect(desk.tell(.timerFired, at: 10) == [.pageOut(Self.b)])
            #expect(desk.tell(.left(Self.b), at: 11) == [.load(Self.a)])
            let loaded = PagerEvent.loaded(
                Self.a, bytes: 60, took: Interval(milliseconds: load), mayLeave: true)
            desk.see(0, idle: true, used: 10, weight: 1, at: 100)
            desk.see(1, idle: false, due: 9_000, at: 100)
            #expect(desk.tell(loaded, at: 100).isEmpty)
            #expect(desk.pager.nextWakeup == Desk.time(until))
            // Newcomers of b are judged by that.
            #expect(desk.promise(of: 1, at: 100) == until + 100)
            #expect(desk.tell(.timerFired, at: until - 1).isEmpty)
            #expect(desk.tell(.timerFired, at: until) == [.pageOut(Self.a)])
        }
    }

    @Test("Work that can wait for a lesser model does, and sends a better one away when it cannot")
    func patience() {
        var desk = Desk(limit: 100) { $0.minimumResidency = .milliseconds(200) }
        _ = desk.fill([40, 40, 40])
        desk.see(0, idle: false, due: 1_000, at: 10)
        #expect(desk.tell(.timerFired, at: 10) == [.pageOut(Self.b)])
        #expect(desk.tell(.left(Self.b), at: 10) == [.load(Self.a)])
        desk.see(2, used: 90, weight: 100, at: 100)
        desk.see(0, used: 90, weight: 1, at: 100)
        // a is worth little and young; c is worth much.
        desk.see(1, idle: false, due: 350, at: 110)
        let loaded = PagerEvent.loaded(
            Self.a, bytes: 40, took: .milliseconds(100), mayLeave: true)
        #expect(desk.tell(loaded, at: 110).isEmpty)
        #expect(desk.pager.nextWakeup == Desk.time(250) + Interval(nanoseconds: 1))
        #expect(desk.tell(.timerFired, at: 250.001) == [.pageOut(Self.c)])
    }

    @Test("Refused traffic brings a model in where that is worth more than what leaves")
    func missedTraffic() {
        var desk = Desk(limit: 100) { $0.minimumResidency = .zero }
        _ = desk.fill([60, 60])
        desk.see(1, used: 100, weight: 4, at: 100)
        desk.see(0, used: 100, weight: 6, missed: 6, at: 100)
        #expect(desk.tell(.timerFired, at: 100).isEmpty, "not twice as much")
        desk.see(0, used: 110, weight: 6, missed: 6, at: 110)
        #expect(desk.tell(.timerFired, at: 110) == [.pageOut(Self.b)])
        #expect(desk.tell(.left(Self.b), at: 111) == [.load(Self.a)])
        // Where there is room nothing has to be worth anything.
        var roomy = Desk(limit: 100)
        _ = roomy.fill([60, 60])
        _ = roomy.tell(.removed(Self.b), at: 1)
        roomy.see(0, used: 2, weight: 1, missed: 1, at: 2)
        #expect(roomy.tell(.timerFired, at: 2) == [.load(Self.a)])
    }

    @Test("A model that may not leave is in the books, and promises know it")
    func pinned() {
        var desk = Desk(limit: 100)
        _ = desk.fill([60])
        #expect(
            desk.tell(.added(Self.b, bytes: 60, giveUp: .distantFuture), at: 1)
                == [.pageOut(Self.a)])
        #expect(desk.tell(.left(Self.a), at: 2) == [.load(Self.b)])
        let loaded = PagerEvent.loaded(Self.b, bytes: 60, took: .milliseconds(1), mayLeave: false)
        #expect(desk.tell(loaded, at: 3).isEmpty)
        let promise = desk.promise(of: 0, at: 3) ?? 0
        #expect(promise > 1e12)
        desk.see(0, idle: false, due: 1_000, at: 4)
        #expect(desk.tell(.timerFired, at: 4).isEmpty)
    }

    @Test("A load that fails is tried again after a pause that doubles")
    func failures() {
        var desk = Desk(limit: 100)
        _ = desk.fill([60, 60])
        _ = desk.tell(.removed(Self.b), at: 1)
        desk.see(0, idle: false, due: 9_000, at: 1)
        #expect(desk.tell(.timerFired, at: 1) == [.load(Self.a)])
        #expect(desk.tell(.loadFailed(Self.a), at: 2).isEmpty)
        #expect(desk.pager.nextWakeup == Desk.time(202))
        #expect(desk.tell(.timerFired, at: 202) == [.load(Self.a)])
        #expect(desk.tell(.loadFailed(Self.a), at: 203).isEmpty)
        #expect(desk.pager.nextWakeup == Desk.time(603))
        #expect(desk.promise(of: 0, at: 203) == 703)
    }

    @Test("A model that nobody asks for leaves, where that is wanted")
    func idleModels() {
        var desk = Desk(limit: 100) { $0.idleAfter = .seconds(10) }
        _ = desk.fill([40, 40])
        desk.see(0, used: 5_000, weight: 1, at: 6_000)
        desk.see(1, at: 6_000)
        #expect(desk.tell(.timerFired, at: 6_000).isEmpty)
        #expect(desk.pager.nextWakeup == Desk.time(10_000))
        #expect(desk.tell(.timerFired, at: 10_000) == [.pageOut(Self.b)])
        #expect(desk.tell(.left(Self.b), at: 10_001).isEmpty)
        #expect(desk.pager.nextWakeup == Desk.time(15_000))
    }

    @Test("Load times are believed at once when longer, bytes slowly and never below the first")
    func learning() {
        var desk = Desk(limit: 100)
        _ = desk.fill([40], load: 100)
        func reload(_ bytes: Int, _ took: UInt64) {
            let loaded = PagerEvent.loaded(
                Self.a, bytes: bytes, took: .milliseconds(took), mayLeave: true)
            _ = desk.tell(loaded, at: 1)
        }
        reload(60, 200)
        #expect(desk.pager.bytes(of: Self.a) == 45)
        #expect(desk.pager.loadTime(of: Self.a) == .milliseconds(200))
        reload(1, 100)
        #expect(desk.pager.bytes(of: Self.a) == 40)
        #expect(desk.pager.loadTime(of: Self.a) == .milliseconds(175))
        reload(1_000, 1)
        #expect(desk.pager.bytes(of: Self.a) == 100, "no more than the limit")
    }
}
