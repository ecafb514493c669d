import EngineAPI
import EngineTesting
import Synchronization
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

@Suite("Sessions")
struct SessionTests {
    @Test("Sizes out of range are refused")
    func sizes() throws {
        let model = try Fixtures.model()
        for (slots, room, step, threads) in [
            (0, 64, 64, 1), (257, 64, 64, 1), (1, 0, 64, 1), (1, 64, 0, 1), (1, 64, 64, 0),
        ] {
            let error = #expect(throws: EngineError.self) {
                try model.makeSession(
                    SessionConfiguration(
                        slots: slots, keyValueTokens: room, maxStepTokens: step, threads: threads))
            }
            #expect(error?.kind == .invalidInput)
        }
    }

    @Test("256 slots generate at once")
    func manySlots() throws {
        let model = try Fixtures.model()
        let session = try model.makeSession(
            SessionConfiguration(slots: 256, keyValueTokens: 4_096, maxStepTokens: 2_048))
        var samplers: [any TokenSampler] = []
        for _ in 0..<256 { samplers.append(try model.makeSampler(.greedy)) }
        var driver = GenerationDriver(session, samplers: samplers)
        driver.tokens = (0..<256).map { [Int32($0), 1, 2, 3, 4, 5, 6, 7] }
        for _ in 0..<4 { try driver.step(Array(repeating: 8, count: 256)) }
        #expect(driver.tokens.allSatisfy { $0.count == 12 })
    }

    @Test("Positions beyond the model's context are refused")
    func context() throws {
        let model = try Fixtures.model()
        let length = model.info.contextLength
        let session = try model.makeSession(
            SessionConfiguration(
                slots: 1, keyValueTokens: 2 * length, maxStepTokens: 2 * length))
        let error = #expect(throws: EngineError.self) {
            try session.step(
                (0...length).map {
                    StepToken(token: 1, position: Int32($0), slot: 0, wantsOutput: false)
                })
        }
        #expect(error?.kind == .invalidInput)
        #expect(error?.message.contains("\(length)") == true)
    }

    @Test("An interrupted step changes nothing, and the session goes on")
    func interrupted() throws {
        let model = try Fixtures.model()
        let prompt = (0..<1_000).map { Int32($0 % 256) }
        let alone = try model.generate(prompt, count: 4, isExact: false)
        let session = try model.makeSession(
            SessionConfiguration(slots: 1, keyValueTokens: 1_024, maxStepTokens: 1_024))
        var driver = GenerationDriver(session, samplers: [try model.makeSampler(.greedy)])
        driver.tokens[0] = prompt
        // The other thread interrupts over and over, because an interruption before the step has
        // begun is none.
        let interrupter = Interrupter(session.interrupt)
        var failure: EngineError?
        for _ in 0..<1_000 where failure == nil {
            do throws(EngineError) {
                try driver.step([1_000])
                driver.recompute(0)
                driver.tokens[0] = prompt
            } catch {
                failure = error
            }
        }
        interrupter.stop()
        #expect(failure?.kind == .failed)
        #expect(failure?.message.contains("interrupted") == true)
        for _ in 0..<4 { try driver.step([1_000]) }
        #expect(Array(driver.tokens[0].dropFirst(1_000)) == alone)
    }
}

/// A thread that calls a function until it is told to stop.
private final class Interrupter: Sendable {
    private let isOver = Atomic<Bool>(false)
    private let isGone = Atomic<Bool>(false)
    private let interrupt: @Sendable () -> Void

    init(_ interrupt: @escaping @Sendable () -> Void) {
        self.interrupt = interrupt
        let context = Unmanaged.passRetained(self).toOpaque()
        #if canImport(Darwin)
        var thread: pthread_t?
        let entry: @convention(c) (UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? = {
            Unmanaged<Interrupter>.fromOpaque($0).takeRetainedValue().run()
            return nil
        }
        #else
        var thread = pthread_t()
        let entry: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = {
            guard let context = $0 else { return nil }
            Unmanaged<Interrupter>.fromOpaque(context).takeRetainedValue().run()
            return nil
        }
        #endif
        pthread_create(&thread, nil, entry, context)
    }

    private func run() {
        while !isOver.load(ordering: .acquiring) {
            interrupt()
            sched_yield()
        }
        isGone.store(true, ordering: .releasing)
    }

    /// Returns when the thread interrupts no more.
    func stop() {
        isOver.store(true, ordering: .releasing)
        while !isGone.load(ordering: .acquiring) { sched_yield() }
    }
}
