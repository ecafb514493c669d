import SchedulerCore
import ServingModel
import ServingRuntime
import Testing

@Suite("Many threads ask for models that do not fit together", .timeLimit(.minutes(5)))
struct PagingSwarmTests {
    @Test("Every request ends once, with the right answer or an honest refusal", arguments: 0..<4)
    func swarm(round: Int) async throws {
        var settings = ModelPager.Settings(limit: 100)
        settings.minimumResidency = .milliseconds(round == 0 ? 0 : 2)
        let timer = ThreadTimer()
        let memory = MemoryManager(settings, timer: timer, measures: false)
        let sink = RecordingSink()
        var models: [ServedModel] = []
        for index in 0..<3 {
            let place = try await memory.admit("\(index)", bytes: 40)
            let model = ScriptedModel()
            let served = try await Harness.serve(
                model, clock: MonotonicClock(), timer: timer, instances: 1 + index % 2
            ) { $0.memory = memory }
            try memory.admitted(
                place, served, bytes: 40, took: .microseconds(300), reload: { [model] })
            models.append(served)
        }
        let served = models
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<4 {
                group.addTask {
                    var random = SeededGenerator(seed: round * 10 + task)
                    for number in 0..<150 {
                        let model = served[Int(random.next() % 3)]
                        let patience = [1, 20, 60_000][Int(random.next() % 3)]
                        let order = Order(
                            tag: task * 1_000 + number, payloads: [7],
                            deadline: MonotonicClock().now()
                                + .milliseconds(UInt64(patience)))
                        let request = order.request(to: sink)
                        model.submit([request])
                        if random.next() % 8 == 0 { model.cancel(request) }
                        if random.next() % 4 == 0 { await Task.yield() }
                    }
                }
            }
        }
        await sink.hasEnded(600)
        for model in models { await model.stop() }
        #expect(sink.endings.count == 600)
        #expect(Set(sink.endings.map(\.order.tag)).count == 600)
        for ending in sink.endings {
            let isHonest = [.notReady, .deadlineExceeded, .cancelled].contains(ending.error?.code)
            #expect(ending.isRight || isHonest, "\(String(describing: ending.error))")
        }
        #expect(memory.figures.usedBytes == 0)
    }
}
