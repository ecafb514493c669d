internal import ControlCore
internal import SchedulerCore
internal import ServingModel
internal import Testing

@Suite("Text generation: prefixes that requests share")
struct PrefixCacheTests {
    static func driver(_ change: (inout GenerationConfiguration) -> Void = { _ in })
        -> GenerationDriver
    {
        GenerationDriver(
            GenerationDriver.configuration {
                $0.blockTokens = 10
                change(&$0)
            })
    }

    @Test(
        "A prompt stays in the cache, and the next with the same beginning computes only its rest")
    func reuse() {
        var driver = Self.driver()
        driver.arrive(1, prompt: 35, blocks: [1, 2, 3])
        let answer = driver.step()
        #expect(answer.first == .retain(SlotID(0), entry: SlotID(4), tokens: 30))
        driver.arrive(2, prompt: 38, blocks: [1, 2, 3])
        let second = driver.step()
        #expect(second.contains(.reuse(entry: SlotID(4), slot: SlotID(1), tokens: 30)))
        #expect(driver.fed == [[1, 36, 1], [2, 30, 8]])
        // 30 shared, 7 of the first, 8 of the second.
        #expect(driver.scheduler.keyValueTokens == 45)
        #expect(driver.scheduler.cachedTokens == 30)
    }

    @Test("Prompts that part within a node split it, so that the common part stands alone")
    func split() {
        var driver = Self.driver()
        driver.arrive(1, prompt: 35, blocks: [1, 2, 3])
        driver.step()
        driver.arrive(2, prompt: 35, blocks: [1, 2, 9])
        let answer = driver.step()
        #expect(answer.contains(.retain(SlotID(4), entry: SlotID(5), tokens: 20)))
        #expect(answer.contains(.reuse(entry: SlotID(5), slot: SlotID(1), tokens: 20)))
        let third = driver.step()
        #expect(third.contains(.retain(SlotID(1), entry: SlotID(6), tokens: 30)))
        #expect(driver.scheduler.cachedTokens == 40)
    }

    @Test("A prompt that the cache holds whole still feeds its last block")
    func wholeHit() {
        var driver = Self.driver()
        driver.arrive(1, prompt: 30, blocks: [1, 2, 3])
        driver.send(.finished(RequestID(1)))
        driver.step()
        driver.arrive(2, prompt: 30, blocks: [1, 2, 3])
        #expect(driver.fed == [[2, 20, 10]])
    }

    @Test(
        "An answer stays in the cache with its prompt, in the prompt's node if nobody else has found that"
    )
    func answer() {
        var driver = Self.driver()
        driver.arrive(1, prompt: 25, blocks: [1, 2])
        #expect(driver.step().contains(.retain(SlotID(0), entry: SlotID(4), tokens: 20)))
        for _ in 0..<5 { driver.step() }
        #expect(driver.fed == [[1, 30, 1]])
        driver.send(.grown(RequestID(1), PrefixChain([1, 2, 3])))
        driver.send(.finished(RequestID(1)))
        #expect(
            driver.step() == [
                .evict(SlotID(4)), .retain(SlotID(0), entry: SlotID(4), tokens: 30),
                .release(SlotID(0)),
            ])
        #expect(driver.scheduler.cachedTokens == 30)
        driver.arrive(2, prompt: 34, blocks: [1, 2, 3])
        #expect(driver.fed == [[2, 30, 4]])
    }

    @Test("A prompt's node that others have found stays, and the answer goes below it")
    func answerBelow() {
        var driver = Self.driver()
        driver.arrive(1, prompt: 25, blocks: [1, 2])
        driver.step()
        driver.arrive(2, prompt: 25, blocks: [1, 2])
        for _ in 0..<6 { driver.step() }
        driver.send(.grown(RequestID(1), PrefixChain([1, 2, 3])))
        driver.send(.finished(RequestID(1)))
        let answer = driver.step()
        #expect(answer.contains(.retain(SlotID(0), entry: SlotID(5), tokens: 30)))
        #expect(!answer.contains(.evict(SlotID(4))))
        #expect(driver.scheduler.cachedTokens == 30)
    }

    @Test("What requests use stays; what nobody uses makes room, the least used first")
    func eviction() {
        var driver = Self.driver {
            $0.keyValueTokens = 100
            $0.maxContext = 100
        }
        for id in 1...3 {
            driver.arrive(UInt64(id), prompt: 25, new: 2, blocks: [UInt64(id), UInt64(id)])
            driver.send(.finished(RequestID(UInt64(id))))
            driver.step()
        }
        #expect(driver.scheduler.cachedTokens == 60)
        // The first is found once more, so that the second is worth least.
        driver.arrive(4, prompt: 25, new: 50, blocks: [1, 1])
        driver.step()
        let answer = driver.arrive(5, prompt: 40, new: 5)
        #expect(answer.isEmpty)
        let next = driver.step()
        #expect(next.first == .evict(SlotID(5)), "\(next)")
        #expect(driver.scheduler.keyValueTokens <= 100)
    }

    @Test("A lost device takes the cache with it")
    func lostDevice() {
        var driver = Self.driver()
        driver.arrive(1, prompt: 35, blocks: [1, 2, 3])
        driver.step()
        driver.send(.deviceLost)
        #expect(driver.scheduler.keyValueTokens == 0)
        driver.send(.deviceReady)
        #expect(driver.fed == [[1, 0, 36]])
    }
}
