internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Testing

@Suite("Baselines: BentoML, Clipper, Nexus, Clockwork")
struct AdaptiveRuleTests {
    // MARK: BentoML

    @Test("bentoml: the newest ride first, and a batch stays below the largest")
    func newestFirst() throws {
        var settings = BentoMLSettings()
        settings.maxBatch = 4
        settings.wait = .zero
        var machine = try CheckedScheduler.under(.bentoml(settings))
        #expect(try machine.arrive(100, due: nil, at: 0) == [.launched(0, [100])])
        for id in 1...5 { _ = try machine.arrive(UInt64(id), due: nil, at: 1) }
        #expect(try machine.complete(0, at: 2) == [.launched(0, [3, 4, 5])])
        #expect(try machine.complete(0, at: 3) == [.launched(0, [1, 2])])
    }

    @Test("bentoml: the oldest is cancelled when age and predicted call exceed the limit")
    func cancelsOldest() throws {
        var settings = BentoMLSettings()
        settings.maxLatency = .milliseconds(10)
        settings.wait = .zero
        var machine = try CheckedScheduler.under(.bentoml(settings))
        _ = try machine.arrive(100, due: nil, at: 0)
        for id in 1...4 { _ = try machine.arrive(UInt64(id), due: nil, at: Double(id)) }
        // Four rows take 1 + 4 ms: the first is given up at 1 + 5, while the call still runs.
        #expect(machine.wakeup() == 6)
        #expect(try machine.timer(at: 6) == [.rejected(1, .deadlineMissed)])
        // With three left the second has until 2 + 6.
        #expect(machine.wakeup() == 8)
        #expect(try machine.complete(0, at: 7) == [.launched(0, [2, 3, 4])])
    }

    @Test("bentoml: a lone request is cancelled only while a call runs")
    func lone() throws {
        var settings = BentoMLSettings()
        settings.maxLatency = .milliseconds(10)
        settings.wait = .zero
        var machine = try CheckedScheduler.under(.bentoml(settings))
        _ = try machine.arrive(100, due: nil, at: 0)
        _ = try machine.arrive(1, due: nil, at: 1)
        #expect(machine.wakeup() == 11)
        #expect(try machine.timer(at: 11) == [.rejected(1, .deadlineMissed)])
        _ = try machine.arrive(2, due: nil, at: 12)
        #expect(try machine.complete(0, at: 21.5) == [.launched(0, [2])])
    }

    @Test("bentoml: a small batch waits for company, by the mean wait of earlier calls")
    func cork() throws {
        var machine = try CheckedScheduler.under(.bentoml(BentoMLSettings()))
        // 0.95 * 10 ms of wait, less a tick and 1 ms for the row itself.
        #expect(try machine.arrive(1, due: nil, at: 0).isEmpty)
        #expect(machine.wakeup() == 7.5)
        // For two: 9.5 / 2 - 2 after the second.
        #expect(try machine.arrive(2, due: nil, at: 1).isEmpty)
        #expect(machine.wakeup() == 3.75)
        #expect(try machine.timer(at: 3.75) == [.launched(0, [1, 2])])
    }

    @Test("bentoml: line and wait follow the last calls, renewed every refresh")
    func fit() throws {
        var settings = BentoMLSettings()
        settings.maxLatency = .milliseconds(1_000)
        settings.refresh = .milliseconds(100)
        settings.wait = .zero
        var machine = try CheckedScheduler.under(.bentoml(settings))
        for id in 1...4 { _ = try machine.arrive(UInt64(id), due: nil, at: 0) }
        // One row takes 40 ms; three that waited for 40 ms take 60 ms.
        #expect(try machine.complete(0, .success, at: 40) == [.launched(0, [2, 3, 4])])
        _ = try machine.complete(0, .success, at: 100)
        // Now 10 ms per row and 30 ms per call, and a mean wait of 20 ms.
        #expect(try machine.arrive(5, due: nil, at: 100).isEmpty)
        #expect(machine.wakeup() == 108)
        #expect(try machine.arrive(6, due: nil, at: 100) == [.launched(0, [5, 6])])
        _ = try machine.arrive(7, due: nil, at: 101)
        _ = try machine.arrive(8, due: nil, at: 102)
        #expect(machine.wakeup() == 1_051)
    }

    // MARK: Clipper

    @Test("clipper: the head's slack sets the batch size, whatever the others need")
    func headSlack() throws {
        var settings = ClipperSettings()
        settings.deviations = 0
        var machine = try CheckedScheduler.under(.clipper(settings))
        _ = try machine.arrive(100, due: nil, at: 0)
        for id in 1...9 {
            _ = try machine.arrive(UInt64(id), due: id == 9 ? 10 : 60, at: 0)
        }
        // 0.92 * 5 ms are left for the head: 4.6 - 1 rows.
        #expect(try machine.complete(0, at: 5) == [.launched(0, [9, 1, 2])])
        #expect(try machine.complete(0, at: 6) == [.launched(0, [3, 4, 5, 6, 7, 8])])
    }

    @Test("clipper: only what is already late is dropped; what is bound to be late runs, alone")
    func elapsed() throws {
        var machine = try CheckedScheduler.under(.clipper(ClipperSettings()))
        _ = try machine.arrive(100, due: nil, at: 0)
        for id in 1...4 { _ = try machine.arrive(UInt64(id), due: 10 + Double(id), at: 0) }
        #expect(
            try machine.complete(0, at: 12)
                == [
                    .rejected(1, .deadlineMissed), .rejected(2, .deadlineMissed), .launched(0, [3]),
                ])
    }

    @Test("clipper: an untrained container explores: one row more, once a size is known")
    func explores() throws {
        var settings = ClipperSettings()
        settings.isPretrained = false
        settings.minimumSamples = 2
        var machine = try CheckedScheduler.under(.clipper(settings))
        _ = try machine.arrive(1, due: nil, at: 0)
        for id in 2...30 { _ = try machine.arrive(UInt64(id), due: nil, at: 0) }
        var sizes: [Int] = []
        for turn in 1...6 {
            let effects = try machine.complete(0, .success, at: Double(10 * turn))
            if case .launched(_, let ids) = effects[0] { sizes.append(ids.count) }
        }
        #expect(sizes == [3, 3, 4, 4, 5, 5])
    }

    // MARK: Nexus

    @Test("nexus: the target takes half of the time limit")
    func target() throws {
        var machine = try CheckedScheduler.under(
            .nexus(NexusSettings()), classes: [.forTest("only", deadline: 12)])
        _ = try machine.arrive(100, due: nil, at: 0)
        for id in 1...9 { _ = try machine.arrive(UInt64(id), due: nil, at: 0) }
        // Five rows take 6 ms.
        #expect(try machine.complete(0, at: 1) == [.launched(0, [1, 2, 3, 4, 5])])
        #expect(try machine.complete(0, at: 2) == [.launched(0, [6, 7, 8, 9])])
    }

    @Test(
        "nexus: what cannot ride in the target batch is dropped, and the target shrinks to the rest"
    )
    func shrinks() throws {
        var settings = NexusSettings()
        settings.batch = 4
        var machine = try CheckedScheduler.under(.nexus(settings))
        _ = try machine.arrive(100, due: nil, at: 0)
        for (index, due) in [14.5, 14.2, 13.5].enumerated() {
            _ = try machine.arrive(UInt64(index + 1), due: due, at: 0)
        }
        // Three rows end at 14: the third is dropped. Two end at 13, and stay.
        #expect(
            try machine.complete(0, at: 10)
                == [.rejected(3, .deadlineMissed), .launched(0, [2, 1])])
    }

    // MARK: Clockwork

    @Test("clockwork: the largest size runs for which the queue holds a full batch in time")
    func fullSizes() throws {
        var machine = try CheckedScheduler.under(.clockwork(ClockworkSettings()))
        _ = try machine.arrive(100, due: nil, at: 0)
        for id in 1...7 { _ = try machine.arrive(UInt64(id), due: 90, at: 0) }
        #expect(try machine.complete(0, at: 1) == [.launched(0, [1, 2, 3, 4])])
        #expect(try machine.complete(0, at: 2) == [.launched(0, [5, 6])])
        #expect(try machine.complete(0, at: 3) == [.launched(0, [7])])
    }

    @Test("clockwork: those too late for the size that runs are lost, those behind them are not")
    func catchUp() throws {
        var machine = try CheckedScheduler.under(.clockwork(ClockworkSettings()))
        _ = try machine.arrive(100, due: nil, at: 0)
        for id in 1...6 {
            _ = try machine.arrive(UInt64(id), due: id <= 1 ? 13 : 90, at: 0)
        }
        // Four rows are expected to take 5.15 ms: too long for the first, which alone would need 2.06.
        #expect(
            try machine.complete(0, at: 10)
                == [.rejected(1, .deadlineMissed), .launched(0, [2, 3, 4, 5])])
    }

    @Test("clockwork: the estimate of a size is the percentile of its own latest measurements")
    func estimate() throws {
        var settings = ClockworkSettings()
        settings.history = 2
        var machine = try CheckedScheduler.under(.clockwork(settings))
        _ = try machine.arrive(1, due: nil, at: 0)
        _ = try machine.complete(0, .success, at: 20)
        // A batch of one took 20 ms: for a request due in 10 ms that is too long now.
        #expect(try machine.arrive(2, due: 30, at: 20) == [.rejected(2, .deadlineMissed)])
        for (id, at) in [(3, 21.0), (4, 24), (5, 27)] {
            #expect(
                try machine.arrive(UInt64(id), due: nil, at: at) == [.launched(0, [UInt64(id)])])
            _ = try machine.complete(0, .success, at: at + 2)
        }
        #expect(try machine.arrive(6, due: 40, at: 30) == [.launched(0, [6])])
    }
}
