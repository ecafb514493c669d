internal import ControlCore
internal import SchedulerCore
internal import SchedulerTesting
internal import ServingModel
internal import Simulator
internal import Testing
internal import TraceFormat

@Suite("Options: tenants")
struct TenantTests {
    static func byHand(_ policy: TenantPolicy = TenantPolicy()) -> SchedulerConfiguration {
        var configuration = SchedulerConfiguration.byHand(maxBatchRows: 2)
        configuration.tenants = policy
        return configuration
    }

    @Test("When not all can ride, the tenant that is behind goes first, each in deadline order")
    func turns() throws {
        var machine = try CheckedScheduler(Self.byHand())
        _ = try machine.arrive(1, due: 900, tenant: 1, at: 0)
        for id in 2...5 as ClosedRange<UInt64> {
            _ = try machine.arrive(id, due: 900 + Double(id), tenant: 1, at: 0.1)
        }
        _ = try machine.arrive(6, due: 950, tenant: 2, at: 0.2)
        _ = try machine.arrive(7, due: 940, tenant: 2, at: 0.2)
        var effects = try machine.complete(0, at: 3)
        #expect(effects == [.launched(0, [7, 2])], "2 begins where 1 was, and is then even")
        effects = try machine.complete(0, at: 6)
        #expect(effects == [.launched(0, [6, 3])])
        effects = try machine.complete(0, at: 9)
        #expect(effects == [.launched(0, [4, 5])])
    }

    @Test("A quota refuses with the time after which it will not, and spends device time only")
    func quota() throws {
        var policy = TenantPolicy()
        policy.grants = [
            TenantPolicy.Grant(
                TenantID(1), quota: TenantPolicy.Quota(rate: 0.5, burst: 4))
        ]
        var machine = try CheckedScheduler(Self.byHand(policy))
        var effects = try machine.arrive(1, due: 900, rows: 3, tenant: 1, at: 0)
        #expect(effects == [.launched(0, [1])])
        effects = try machine.arrive(2, due: 900, rows: 2, tenant: 1, at: 1)
        #expect(effects == [.rejected(2, .quotaExceeded)])
        let wait = machine.trace.steps.last?.actions.first.map { action in
            if case .reject(_, _, let retryAfter) = action { retryAfter } else { Interval.zero }
        }
        #expect(wait == .milliseconds(1), "1.5 of 2 ms are there, and half a ms comes in each")
        effects = try machine.arrive(3, due: 900, rows: 2, tenant: 2, at: 1)
        #expect(effects.isEmpty, "another tenant has no quota")
        effects = try machine.arrive(4, due: 900, rows: 2, tenant: 1, at: 2)
        #expect(effects.isEmpty)
        effects = try machine.arrive(5, due: 900, rows: 100, tenant: 1, at: 10)
        #expect(effects.isEmpty, "more than the quota holds goes when it is full")
    }

    @Test("With the queue full, the tenant with most waiting for its weight gives way")
    func displacement() throws {
        var configuration = Self.byHand()
        configuration.maxQueuedRequests = 3
        var machine = try CheckedScheduler(configuration)
        _ = try machine.arrive(1, due: 900, tenant: 1, at: 0)
        for id in 2...4 as ClosedRange<UInt64> {
            _ = try machine.arrive(id, due: 900 + Double(id), tenant: 1, at: 0.1)
        }
        var effects = try machine.arrive(5, due: 900, tenant: 1, at: 1)
        #expect(effects == [.rejected(5, .queueFull)])
        effects = try machine.arrive(6, due: 900, tenant: 2, at: 1)
        #expect(effects == [.rejected(4, .displaced)])
        effects = try machine.arrive(7, due: 900, tenant: 2, at: 1)
        #expect(effects == [.rejected(7, .queueFull)], "2 against 1 is not greedier")
    }

    // MARK: Shares, in device time

    struct Party {
        var tenant: UInt32
        var rate: Double
        var rows = 1
    }

    struct Result {
        /// Rows served in time, by tenant: device time but for the fixed part of each batch.
        var rows: [UInt32: Int] = [:]
        var inTime: [UInt32: Double] = [:]
    }

    static func run(
        _ parties: [Party], weights: [UInt32: Double] = [:], fastFail: FastFail = .head,
        isFair: Bool = true, milliseconds: Double = 4_000, shapeByTenant: Bool = false
    ) throws -> Result {
        let device = DeviceModel.medium.noisy(stallProbability: 0)
        let random = Seeded(7)
        var configuration = SchedulerConfiguration(
            classes: [.forTest("only", deadline: 80)], maxBatchRows: 1_024,
            latency: device.warmedUp(random.split("warm-up")))
        configuration.fastFail = fastFail
        if isFair {
            var policy = TenantPolicy()
            policy.grants = weights.sorted { $0.key < $1.key }.map {
                TenantPolicy.Grant(TenantID($0.key), weight: $0.value)
            }
            configuration.tenants = policy
        }
        var stimuli: [Stimulus] = []
        var owner: [RequestID: Party] = [:]
        for party in parties {
            let stream = random.split("tenant \(party.tenant)")
            let load = Load(
                .poisson(rate: party.rate), classes: [LoadClass(0, deadline: 80)],
                milliseconds: milliseconds, stream)
            for stimulus in load {
                guard case .arrive(var arrival) = stimulus.kind else { continue }
                arrival.id = RequestID(arrival.id.rawValue * 16 + UInt64(party.tenant))
                arrival.tenant = TenantID(party.tenant)
                arrival.rows = party.rows
                if shapeByTenant { arrival.shape = ShapeID(UInt64(party.tenant)) }
                owner[arrival.id] = party
                stimuli.append(Stimulus(at: stimulus.at, .arrive(arrival)))
            }
        }
        stimuli.sort { $0.at < $1.at }
        var scheduler = Scheduler(configuration)
        return try play(stimuli, owner, device, &scheduler, random.split("device"))
    }

    /// One device, by hand: whoever is launched is served; what was promised is kept.
    private static func play(
        _ stimuli: [Stimulus], _ owner: [RequestID: Party], _ device: DeviceModel,
        _ scheduler: inout Scheduler, _ seed: Seeded
    ) throws -> Result {
        var random = seed
        var buffer = ActionBuffer()
        var result = Result()
        var arrived: [UInt32: Int] = [:]
        var served: [UInt32: Int] = [:]
        var end: Instant?
        func step(_ event: Event, _ now: Instant, _ scheduler: inout Scheduler) {
            buffer.removeAll()
            scheduler.handle(event, at: now, into: &buffer)
            for case .launch(let launch) in buffer.actions {
                end = now + device.sample(rows: launch.rows, &random)
                for id in buffer.members(of: launch) {
                    guard let party = owner[id] else { continue }
                    result.rows[party.tenant, default: 0] += party.rows
                    served[party.tenant, default: 0] += 1
                }
            }
        }
        step(.instanceReady(InstanceID(0)), .origin, &scheduler)
        for stimulus in stimuli {
            while let done = end, done <= stimulus.at {
                end = nil
                step(.completed(InstanceID(0), .success), done, &scheduler)
            }
            guard case .arrive(let arrival) = stimulus.kind else { continue }
            arrived[arrival.tenant.rawValue, default: 0] += 1
            step(.arrived(arrival), stimulus.at, &scheduler)
        }
        for (tenant, count) in arrived {
            result.inTime[tenant] = Double(served[tenant] ?? 0) / Double(count)
        }
        return result
    }

    @Test(
        "A tenant that floods gets no more than its share; the others keep their answers",
        .tags(.simulation), arguments: [FastFail.head, .tail])
    func flood(fastFail: FastFail) throws {
        let parties = [
            Party(tenant: 1, rate: 40), Party(tenant: 2, rate: 3), Party(tenant: 3, rate: 3),
        ]
        let fair = try Self.run(parties, fastFail: fastFail)
        #expect(fair.inTime[2] ?? 0 >= 0.99, "\(fair.inTime)")
        #expect(fair.inTime[3] ?? 0 >= 0.99, "\(fair.inTime)")
        let total = Double(fair.rows.values.reduce(0, +))
        #expect(total / 4_000 >= 11.5, "the device stays busy: \(total / 4_000) rows per ms")
        #expect((0.45...0.56).contains(Double(fair.rows[1] ?? 0) / total), "\(fair.rows)")
        let unfair = try Self.run(parties, fastFail: fastFail, isFair: false)
        #expect(unfair.inTime[2] ?? 1 < 0.5, "\(unfair.inTime)")
    }

    @Test("Weights of 2 to 1 give device time of 2 to 1, whatever the sizes", .tags(.simulation))
    func weights() throws {
        let parties = [Party(tenant: 1, rate: 2, rows: 8), Party(tenant: 2, rate: 16, rows: 1)]
        let result = try Self.run(parties, weights: [1: 2, 2: 1])
        let ratio = Double(result.rows[1] ?? 0) / Double(result.rows[2] ?? 1)
        #expect((1.93...2.07).contains(ratio), "\(ratio): \(result.rows)")
        let reversed = try Self.run(parties, weights: [1: 1, 2: 2])
        let other = Double(reversed.rows[2] ?? 0) / Double(reversed.rows[1] ?? 1)
        #expect((1.93...2.07).contains(other), "\(other): \(reversed.rows)")
    }

    @Test("Shares hold also when each tenant sends shapes of its own", .tags(.simulation))
    func shapes() throws {
        let parties = [Party(tenant: 1, rate: 40), Party(tenant: 2, rate: 3)]
        let fair = try Self.run(parties, shapeByTenant: true)
        #expect(fair.inTime[2] ?? 0 >= 0.95, "\(fair.inTime)")
    }
}
