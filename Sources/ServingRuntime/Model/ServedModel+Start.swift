internal import ControlCore
package import EngineAPI
internal import ServingModel

extension CrewMember where Source == any EngineModel {
    /// Makes the engine's instance, on the thread that will run it; once.
    func makeInstance() throws(EngineError) -> any EngineInstance {
        try takeSource().makeInstance()
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
        var crew: [InstanceCrew] = []
        var runs: [(rows: Int, took: Interval)] = []
        for index in 0..<specification.instances {
            let member = InstanceCrew(InstanceWorker(id: InstanceID(index)), model)
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
            specification, crew: crew, latency: latency, isWarm: !runs.isEmpty,
            measuredBytes: resident > residentBefore ? resident - residentBefore : 0,
            clock: clock, timer: timer)
    }

    /// Starts one instance's thread and returns what its warm-up measured.
    private static func launch(
        _ member: InstanceCrew, _ interface: ModelInterface, clock: any RuntimeClock
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
                guard let served = member.awaitServer() else { return }
                var runner = BatchRunner(interface, instance, clock: clock)
                while served.serve(member.worker, &runner) {}
            }
        }
    }
}
