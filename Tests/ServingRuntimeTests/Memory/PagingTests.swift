import EngineAPI
import SchedulerCore
import ServingModel
import ServingRuntime
import Testing

@Suite("Models that leave memory and come back", .timeLimit(.minutes(5)))
struct PagingTests {
    @Test("A first load has an idle model leave, which keeps nothing in the engine")
    func leaving() async throws {
        let models = PagedModels()
        let (absent, present) = try await models.loadTwo()
        #expect(absent.served.residency == .pagedOut)
        #expect(absent.model.stage.value.alive == 0)
        #expect(present.served.residency == .resident)
        #expect(models.memory.figures == MemoryFigures(limitBytes: 100, usedBytes: 60))
        #expect(models.memory.figures(of: absent.served)?.pageOuts == 1)
        await absent.served.stop()
        await present.served.stop()
        #expect(models.memory.figures.usedBytes == 0)
        #expect(present.model.stage.value.alive == 0)
    }

    @Test("A request for a model that is not in memory waits for it and is answered")
    func waiting() async throws {
        let models = PagedModels()
        let (absent, present) = try await models.loadTwo()
        models.desk.update { $0.isOpen = false }
        let request = models.submit(Order(tag: 1, payloads: [5]), to: absent)
        let came = models.clock.present
        await models.desk.until { $0.waiting == 1 }
        #expect(absent.served.residency == .loading)
        #expect(present.model.stage.value.alive == 0)
        models.clock.advance(by: .milliseconds(70))
        models.desk.update { $0.isOpen = true }
        await models.sink.hasEnded(1)
        #expect(models.sink.ending(of: 1)?.isRight == true)
        #expect(request.arrival == came)
        let record = absent.served.decisions.find("1").first
        #expect(record?.loading == .milliseconds(70))
        await models.until { models.memory.figures(of: absent.served)?.loads.count == 1 }
        await absent.served.stop()
        await present.served.stop()
    }

    @Test(
        "Who cannot wait so long is told when to come again, and the model is loaded all the same")
    func refusal() async throws {
        let models = PagedModels()
        let (absent, present) = try await models.loadTwo()
        let deadline = models.clock.present + .milliseconds(30)
        #expect(!absent.served.turnsAway(ClassIndex(0), deadline: deadline))
        models.submit(Order(tag: 1, payloads: [5], deadline: deadline), to: absent)
        let error = models.sink.ending(of: 1)?.error
        #expect(error?.code == .notReady)
        #expect(error?.retryAfter == .milliseconds(50))
        await models.until { absent.served.residency == .resident }
        models.submit(Order(tag: 2, payloads: [5], deadline: deadline), to: absent)
        await models.sink.hasEnded(2)
        #expect(models.sink.ending(of: 2)?.isRight == true)
        #expect(absent.served.decisions.find("1").first?.loading == .zero)
        #expect(absent.served.decisions.find("2").first?.loading == nil)
        await absent.served.stop()
        await present.served.stop()
    }

    @Test("A client that goes away while it waits is let go")
    func cancellation() async throws {
        let models = PagedModels()
        let (absent, present) = try await models.loadTwo()
        models.desk.update { $0.isOpen = false }
        let request = models.submit(Order(tag: 1, payloads: [5]), to: absent)
        absent.served.cancel(request)
        #expect(models.sink.ending(of: 1)?.error?.code == .cancelled)
        models.desk.update { $0.isOpen = true }
        await absent.served.stop()
        await present.served.stop()
        #expect(models.sink.endings.count == 1)
    }

    @Test("Stopping serves who waits for the model, and refuses who comes")
    func draining() async throws {
        let models = PagedModels()
        let (absent, present) = try await models.loadTwo()
        models.desk.update { $0.isOpen = false }
        models.submit(Order(tag: 1, payloads: [5]), to: absent)
        await models.desk.until { $0.waiting == 1 }
        let readings = models.clock.readings
        let stopping = Task { await absent.served.stop() }
        await models.clock.isRead(after: readings)
        models.submit(Order(tag: 2, payloads: [5]), to: absent)
        #expect(models.sink.ending(of: 2)?.error?.code == .notReady)
        models.desk.update { $0.isOpen = true }
        await stopping.value
        #expect(models.sink.ending(of: 1)?.isRight == true)
        #expect(absent.model.stage.value.alive == 0)
        await present.served.stop()
    }

    @Test("A load that fails is tried again, and requests go on waiting")
    func failure() async throws {
        let models = PagedModels()
        let (absent, present) = try await models.loadTwo()
        models.desk.update { $0.failing = 1 }
        models.submit(Order(tag: 1, payloads: [5]), to: absent)
        await models.desk.until { $0.failures == ["absent"] }
        let pause = models.clock.present + .milliseconds(200)
        await models.timer.isAsked(for: pause)
        models.clock.advance(by: .milliseconds(200))
        models.timer.fire(at: models.clock.present)
        await models.sink.hasEnded(1)
        #expect(models.sink.ending(of: 1)?.isRight == true)
        await absent.served.stop()
        await present.served.stop()
    }

    @Test("A model in use stays, and leaves as soon as it is idle")
    func busy() async throws {
        let models = PagedModels()
        let (absent, present) = try await models.loadTwo()
        present.model.close()
        models.submit(Order(tag: 1, payloads: [5]), to: present)
        await present.model.hasBegun(1)
        models.submit(Order(tag: 2, payloads: [5]), to: absent)
        #expect(present.served.residency == .resident)
        #expect(absent.served.residency == .pagedOut)
        present.model.open()
        await models.sink.hasEnded(2)
        #expect(models.sink.endings.filter(\.isRight).count == 2)
        #expect(present.served.residency == .pagedOut)
        await absent.served.stop()
        await present.served.stop()
    }

    @Test("All instances of a model come back")
    func instances() async throws {
        let models = PagedModels()
        let first = try await models.load("first", instances: 3)
        let second = try await models.load("second")
        models.submit(Order(tag: 1, payloads: [5]), to: first)
        await models.sink.hasEnded(1)
        #expect(first.model.stage.value.alive == 3)
        #expect(second.model.stage.value.alive == 0)
        await first.served.stop()
        await second.served.stop()
        #expect(first.model.stage.value.alive == 0)
    }

    @Test("A model that is larger than the limit is refused, by its estimate and by its measure")
    func tooLarge() async throws {
        let models = PagedModels()
        let error = await #expect(throws: ServingError.self) {
            _ = try await models.memory.admit("huge", bytes: 101)
        }
        #expect(error?.message.contains("101 bytes") == true)
        let place = try await models.memory.admit("sly", bytes: 1)
        #expect(throws: ServingError.self) {
            try models.memory.admitted(place, nil, bytes: 102, took: .zero, reload: nil)
        }
        #expect(models.memory.figures.usedBytes == 0)
    }

    @Test("Where nothing can leave, a first load is refused in time, and requests at once")
    func noRoom() async throws {
        let models = PagedModels()
        let absent = try await models.load("absent")
        let place = try await models.memory.admit("pinned", bytes: 60)
        try models.memory.admitted(place, nil, bytes: 60, took: .zero, reload: nil)
        models.submit(
            Order(tag: 1, payloads: [5], deadline: models.clock.present + .seconds(60)), to: absent)
        #expect(models.sink.ending(of: 1)?.error?.code == .notReady)
        // What the loads before asked for is out of the way.
        models.timer.fire(at: .distantFuture)
        let loading = Task { try await models.memory.admit("late", bytes: 60) }
        await models.timer.isAsked(for: models.clock.present + .seconds(10))
        models.clock.advance(by: .seconds(10))
        models.timer.fire(at: models.clock.present)
        let error = await #expect(throws: ServingError.self) { _ = try await loading.value }
        #expect(error?.code == .overloaded)
        models.memory.abandon(place)
        models.submit(Order(tag: 2, payloads: [5]), to: absent)
        await models.sink.hasEnded(2)
        #expect(models.sink.ending(of: 2)?.isRight == true)
        await absent.served.stop()
    }
}
