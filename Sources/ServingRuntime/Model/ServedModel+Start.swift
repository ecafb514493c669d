internal import ControlCore
package import EngineAPI
internal import ServingModel

/// One instance's thread and the rendezvous with the model it will serve.
final class CrewMember: Sendable {
    let worker: InstanceWorker
    private let state: Guarded<State>
    private let parker = Parker()

    private struct State: Sendable {
        /// What the instance is made from, until it is made: a thread that ends must not be what keeps
        /// a model loaded.
        var engine: (any EngineModel)?
        var model: ServedModel?
        var isDismissed = false
        var hasEnded = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    init(_ worker: InstanceWorker, _ engine: any EngineModel) {
        self.worker = worker
        state = Guarded(State(engine: engine))
    }

    /// Makes the engine's instance, on the thread that will run it; once.
    func makeInstance() throws(EngineError) -> any EngineInstance {
        guard let engine = state.withLock({ $0.engine.take() }) else {
            preconditionFailure("instance \(worker.id) is made once")
        }
        return try engine.makeInstance()
    }

    /// Tells the thread which model it serves.
    func join(_ model: ServedModel) {
        state.withLock { $0.model = model }
        parker.unpark()
    }

    /// Tells the thread that there will be no model.
    func dismiss() {
        state.withLock { $0.isDismissed = true }
        parker.unpark()
    }

    /// Waits for ``join(_:)`` or ``dismiss()``, on the thread.
    func awaitModel() -> ServedModel? {
        while true {
            let (model, isDismissed) = state.withLock { state in
                defer { state.model = nil }
                return (state.model, state.isDismissed)
            }
            if let model { return model }
            if isDismissed { return nil }
            parker.park()
        }
    }

    /// The thread's last word.
    func end() {
        let waiters = state.withLock { state in
            state.hasEnded = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns when the thread has dropped its engine instance.
    func ended() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if !state.hasEnded { state.waiters.append(continuation) }
                return state.hasEnded
            }
            if isOver { continuation.resume() }
        }
    }
}

extension ServedModel {
    /// Makes and warms up the instances, one after the other so that they do not disturb each other's
    /// measurement, and opens the model for requests.
    ///
    /// - Throws: ``EngineError`` when an instance cannot be made.
    package static func start(
        _ specification: ServingSpecification, model: any EngineModel,
        clock: any RuntimeClock = MonotonicClock(), timer: any WakeupTimer,
        residentBefore: UInt64 = ProcessUsage.residentBytes
    ) async throws -> ServedModel {
        precondition(specification.instances >= 1, "a served model has at least one instance")
        var crew: [CrewMember] = []
        var runs: [(rows: Int, took: Interval)] = []
        for index in 0..<specification.instances {
            let member = CrewMember(InstanceWorker(id: InstanceID(index)), model)
            do {
                let measured = try await launch(member, specification.interface, clock: clock)
                if runs.isEmpty { runs = measured }
                crew.append(member)
            } catch {
                for hired in crew { hired.dismiss() }
                for hired in crew { await hired.ended() }
                throw error
            }
        }
        let latency =
            runs.isEmpty
            ? LatencyModel(base: 1, perRow: 0.1, tile: specification.tile)
            : LatencyModel(warmUp: runs, tile: specification.tile)
        let resident = ProcessUsage.residentBytes
        return ServedModel(
            specification, crew: crew, latency: latency,
            measuredBytes: resident > residentBefore ? resident - residentBefore : 0,
            clock: clock, timer: timer)
    }

    /// Starts one instance's thread and returns what its warm-up measured.
    private static func launch(
        _ member: CrewMember, _ interface: ModelInterface, clock: any RuntimeClock
    ) async throws -> [(rows: Int, took: Interval)] {
        try await withCheckedThrowingContinuation { continuation in
            PlatformThread.start(name: "hw-\(interface.name)-\(member.worker.id)") {
                defer { member.end() }
                PlatformThread.markAsComputing()
                let instance: any EngineInstance
                do {
                    instance = try member.makeInstance()
                } catch {
                    continuation.resume(throwing: error)
                    return
                }
                let measured = WarmUp(interface: interface, clock: clock).run(on: instance)
                continuation.resume(returning: measured)
                guard let served = member.awaitModel() else { return }
                var runner = BatchRunner(interface, instance, clock: clock)
                while served.serve(member.worker, &runner) {}
            }
        }
    }
}
