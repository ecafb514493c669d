internal import ControlCore
package import EngineAPI
internal import ServingModel

/// What one warm-up measured.
typealias WarmUpRuns = [(rows: Int, took: Interval)]

/// What became of an instance's start.
struct InstanceStart: Sendable {
    /// What the warm-up of each variant measured; nothing where that was known.
    var runs: [WarmUpRuns] = []
    /// How long warming up took.
    var warmUp = Interval.zero
}

extension ServedModel {
    /// Makes and warms up the instances, one after the other so that they do not disturb each other's
    /// measurement, and opens the model for requests.
    ///
    /// - Parameter cheaper: Variants of the model that are always there, one for each further name in
    ///   ``ServingSpecification/variants``. They share the instances' threads, and the scheduler chooses
    ///   one for each batch.
    /// - Throws: ``EngineError`` when an instance cannot be made, and what
    ///   ``ServingSpecification/variantLoading`` throws.
    package static func start(
        _ specification: ServingSpecification, model: any EngineModel,
        cheaper: [any EngineModel] = [],
        clock: any RuntimeClock = MonotonicClock(), timer: any WakeupTimer,
        residentBefore: UInt64 = ProcessUsage.residentBytes
    ) async throws -> ServedModel {
        precondition(specification.instances >= 1, "a served model has at least one instance")
        let (crew, start) = try await visited(specification) { visitors in
            let models = [model] + cheaper + visitors
            precondition(
                specification.variants.count == (models.count > 1 ? models.count : 0),
                "every variant has a name")
            return try await hire(models, specification, clock: clock)
        }
        let latencies = start.runs.map { runs in
            runs.isEmpty
                ? LatencyModel(base: 1, perRow: 0.1, tile: specification.tile)
                : LatencyModel(warmUp: runs, tile: specification.tile)
        }
        let resident = ProcessUsage.residentBytes
        return ServedModel(
            specification, crew: crew, latencies: latencies,
            isWarm: start.runs.allSatisfy { !$0.isEmpty },
            measuredBytes: resident > residentBefore ? resident - residentBefore : 0,
            warmUp: start.warmUp, clock: clock, timer: timer)
    }

    /// Makes a crew while the variants are in memory that are not always there: its warm-up tells what they
    /// cost, and afterwards they are gone.
    private static func visited<Crew>(
        _ specification: ServingSpecification,
        _ makeCrew: ([any EngineModel]) async throws -> Crew
    ) async throws -> Crew {
        guard let loading = specification.variantLoading else { return try await makeCrew([]) }
        let crew = try await makeCrew(try await loading.visit())
        ProcessUsage.returnMemory()
        return crew
    }

    /// Makes the instances, and answers what warming them up measured.
    private static func hire(
        _ models: [any EngineModel], _ specification: ServingSpecification,
        clock: any RuntimeClock
    ) async throws -> ([InstanceCrew], InstanceStart) {
        var crew: [InstanceCrew] = []
        var whole = InstanceStart()
        for index in 0..<specification.instances {
            let member = InstanceCrew(InstanceWorker(id: InstanceID(index)), models)
            do {
                let start = try await launch(member, specification, clock: clock)
                if whole.runs.isEmpty { whole.runs = start.runs }
                whole.warmUp = whole.warmUp + start.warmUp
                crew.append(member)
            } catch {
                for hired in crew { hired.dismiss() }
                for hired in crew { await hired.ended() }
                throw error
            }
        }
        return (crew, whole)
    }

    /// Makes the instances anew from `models`, the full one first; they are not put to work yet. The
    /// threads of the last ones have ended.
    func rehire(_ models: [any EngineModel]) async throws {
        var hired: [InstanceCrew] = []
        for member in crew {
            member.rehire(models)
            do {
                _ = try await Self.launch(member, specification, isKnown: true, clock: clock)
                hired.append(member)
            } catch {
                for hired in hired { hired.dismiss() }
                for ended in hired + [member] { await ended.ended() }
                throw error
            }
        }
    }

    /// Starts one instance's thread, and warms it up for long unless its costs are known from an earlier one.
    private static func launch(
        _ member: InstanceCrew, _ specification: ServingSpecification, isKnown: Bool = false,
        clock: any RuntimeClock
    ) async throws -> InstanceStart {
        let interface = specification.interface
        return try await withCheckedThrowingContinuation { continuation in
            PlatformThread.start(name: "hw-\(interface.name)-\(member.worker.id)") {
                defer { member.end() }
                PlatformThread.markAsComputing()
                // What is made here is gone before the thread says that it has ended.
                var runner: BatchRunner
                do throws(EngineError) {
                    runner = try BatchRunner(specification, member.takeSource(), clock: clock)
                } catch {
                    continuation.resume(throwing: error)
                    return
                }
                ProcessUsage.settleMemory()
                let start = runner.start(isKnown: isKnown)
                if specification.variantLoading != nil { runner.holdOnlyFull() }
                continuation.resume(returning: start)
                guard let served = member.awaitServer() else { return }
                while served.serve(member.worker, &runner) {}
            }
        }
    }
}
