internal import ControlCore
internal import SchedulerCore
internal import ServingModel
internal import Testing

@Suite("Text generation: rules of steps")
struct GenerationRuleTests {
    @Test("A prompt is fed, then each token that it has produced")
    func oneRequest() {
        var driver = GenerationDriver(GenerationDriver.configuration())
        driver.arrive(1, prompt: 20)
        #expect(driver.fed == [[1, 0, 20]])
        #expect(driver.items[0].producesToken)
        driver.step()
        #expect(driver.fed == [[1, 20, 1]])
        driver.step()
        #expect(driver.fed == [[1, 21, 1]])
        driver.send(.finished(RequestID(1)))
        let answer = driver.step()
        #expect(answer == [.release(SlotID(0))])
        #expect(driver.scheduler.keyValueTokens == 0)
    }

    @Test("Decodes go first, and prefill gets the time that the tightest of them leaves")
    func budget() throws {
        var driver = GenerationDriver(
            GenerationDriver.configuration {
                $0.cost = StepCostModel(base: 1, perToken: 0.1, perKeyValueToken: 0)
            })
        driver.arrive(1, prompt: 10, perToken: .milliseconds(20))
        driver.arrive(2, prompt: 800)
        driver.step(after: .milliseconds(2))
        // Right after its first token the next is promised in 20 ms; 0.9 of that, and a margin of 5 %.
        #expect(driver.fed.first == [1, 10, 1])
        let begun = driver.plan
        let plan = try #require(begun)
        #expect(plan.decodes == 1)
        let margin = driver.scheduler.cost.margin
        #expect(plan.predicted <= .milliseconds(18))
        #expect(Double(plan.prefillTokens) > (18 / margin - 1.2) / 0.1 * 0.95)
    }

    @Test("A prompt gets its least chunk even where decodes leave no time")
    func leastChunk() {
        var driver = GenerationDriver(GenerationDriver.configuration())
        driver.arrive(1, prompt: 10, perToken: .microseconds(10))
        driver.arrive(2, prompt: 500)
        driver.step(after: .milliseconds(2))
        #expect(driver.fed == [[1, 10, 1], [2, 0, 64]])
        #expect(!driver.items[1].producesToken)
    }

    @Test("Prompts that take longer than predicted get as much less of the next steps")
    func pace() {
        var driver = GenerationDriver(GenerationDriver.configuration())
        driver.arrive(1, prompt: 10, perToken: .microseconds(10))
        driver.arrive(2, prompt: 500)
        driver.step(after: .milliseconds(2))
        #expect(driver.fed == [[1, 10, 1], [2, 0, 64]])
        // Predicted are 1.1 ms for the decode and 6.4 ms for the chunk.
        driver.step(after: .milliseconds(27))
        #expect(driver.fed[1][2] == 36, "64 / (1 + (4.05 - 1) / 4)")
    }

    @Test("What cannot fit alone is refused at arrival, and so is what comes while draining")
    func refusals() {
        var driver = GenerationDriver(GenerationDriver.configuration())
        let answer = driver.arrive(1, prompt: 995, new: 7)
        #expect(answer == [.reject(RequestID(1), .memoryExceeded, retryAfter: .zero)])
        driver.arrive(2, prompt: 995, new: 6)
        #expect(driver.items.count == 1)
        driver.send(.draining)
        let late = driver.arrive(3, prompt: 1)
        guard case .reject(RequestID(3), .draining, _) = late.first else {
            Issue.record("\(late)")
            return
        }
    }

    @Test("A first token that cannot be in time is refused at arrival or given up by the timer")
    func hopeless() throws {
        var driver = GenerationDriver(GenerationDriver.configuration { $0.slots = 1 })
        let early = driver.arrive(1, prompt: 100, within: .milliseconds(5))
        guard case .reject(RequestID(1), .deadlineUnreachable, _) = early.first else {
            Issue.record("\(early)")
            return
        }
        driver.arrive(2, prompt: 100)
        driver.arrive(3, prompt: 100, within: .milliseconds(60))
        let next = driver.scheduler.nextWakeup
        let wakeup = try #require(next)
        let before = driver.send(
            .timerFired, after: driver.now.interval(to: wakeup - .microseconds(1)))
        #expect(before == [])
        let after = driver.send(.timerFired, after: .microseconds(1))
        guard case .reject(RequestID(3), .deadlineMissed, _) = after.first else {
            Issue.record("\(after)")
            return
        }
        #expect(driver.scheduler.nextWakeup == nil)
    }

    @Test("A cancelled request that rides ends with its step, another at once")
    func cancellation() {
        var driver = GenerationDriver(GenerationDriver.configuration { $0.slots = 1 })
        driver.arrive(1, prompt: 10)
        driver.arrive(2, prompt: 10)
        #expect(driver.send(.cancelled(RequestID(2))) == [.cancelled(RequestID(2))])
        #expect(driver.send(.cancelled(RequestID(1))) == [])
        #expect(driver.send(.cancelled(RequestID(1))) == [])
        #expect(driver.step() == [.release(SlotID(0)), .cancelled(RequestID(1))])
    }

    @Test("A step that found no room is made smaller; what cannot run even alone is given up")
    func outOfMemory() {
        var driver = GenerationDriver(GenerationDriver.configuration())
        driver.arrive(1, prompt: 100)
        driver.arrive(2, prompt: 100)
        var ends: [RequestID] = []
        for _ in 0..<20 where driver.plan != nil {
            for case .reject(let id, .memoryExceeded, _) in driver.step(.outOfMemory) {
                ends.append(id)
            }
        }
        #expect(Set(ends) == [RequestID(1), RequestID(2)])
        #expect(driver.scheduler.keyValueTokens == 0)
    }

    @Test("A step that found no room teaches how much there is, and the next requests keep to it")
    func learntRoom() {
        var driver = GenerationDriver(
            GenerationDriver.configuration {
                $0.blockTokens = 10
                $0.cacheSlots = 0
            })
        driver.arrive(1, prompt: 200, new: 200)
        driver.step()
        driver.arrive(2, prompt: 300, new: 200)
        driver.step()
        #expect(driver.fed == [[1, 201, 1], [2, 0, 300]])
        #expect(driver.scheduler.learntRoom == 1_000)
        // 201 tokens were held and 301 wanted: the middle, less a block.
        driver.step(.outOfMemory)
        #expect(driver.scheduler.learntRoom == 341)
        #expect(driver.fed == [[1, 201, 1], [2, 0, 139]])
        driver.step(.outOfMemory)
        #expect(driver.scheduler.learntRoom == 261)
        // What rode twice in vain loses its place, and does not come back while the other runs.
        #expect(driver.fed == [[1, 201, 1]])
        for _ in 0..<20 { driver.step() }
        #expect(driver.fed == [[1, 221, 1]])
        driver.send(.cancelled(RequestID(1)))
        driver.step()
        // Alone it may try all that was promised.
        #expect(driver.fed == [[2, 0, 300]])
        driver.step()
        #expect(driver.scheduler.learntRoom == 300)
        driver.send(.finished(RequestID(2)))
        driver.step()
        #expect(driver.scheduler.learntRoom == 1_000)
    }

    @Test("Three failed steps in a row end the requests that rode them")
    func failures() {
        var driver = GenerationDriver(GenerationDriver.configuration())
        driver.arrive(1, prompt: 10)
        driver.step(.failure)
        #expect(driver.fed == [[1, 0, 10]])
        driver.step(.failure)
        let answer = driver.step(.failure)
        guard case .reject(RequestID(1), .noInstance, _) = answer.last else {
            Issue.record("\(answer)")
            return
        }
    }

    @Test("What the engine has lost of a request is computed again, and no step counts as failed")
    func forgotten() {
        var driver = GenerationDriver(GenerationDriver.configuration())
        driver.arrive(1, prompt: 10)
        driver.arrive(2, prompt: 10)
        driver.step()
        for _ in 0..<5 {
            driver.step()
            driver.send(.forgot(RequestID(1)))
            let answer = driver.step(.failure)
            #expect(answer.contains(.preempted(RequestID(1))), "\(answer)")
            #expect(driver.fed.map { $0[0] } == [2, 1])
            #expect(driver.fed.last?[1] == 0)
        }
        #expect(driver.scheduler.running == 2)
    }

    @Test("After the device was lost, prompt and produced tokens are fed again")
    func lostDevice() {
        var driver = GenerationDriver(GenerationDriver.configuration())
        driver.arrive(1, prompt: 10)
        driver.step()
        driver.step()
        #expect(driver.send(.deviceLost) == [.preempted(RequestID(1))])
        driver.send(.deviceReady)
        #expect(driver.fed == [[1, 0, 12]])
        #expect(driver.items[0].producesToken)
    }

    @Test(
        "Whoever would be late least is not pre-empted: the least class with the longest rest goes")
    func victim() {
        var driver = GenerationDriver(
            GenerationDriver.configuration {
                $0.keyValueTokens = 66
                $0.cacheSlots = 0
            })
        driver.arrive(1, prompt: 20, new: 40, predicted: 2)
        driver.arrive(2, prompt: 15, new: 40, inClass: 2, predicted: 2)
        var preempted: [GenerationAction] = []
        for _ in 0..<40 where preempted.isEmpty {
            preempted = driver.step().filter { if case .preempted = $0 { true } else { false } }
        }
        #expect(preempted == [.preempted(RequestID(2))])
    }

    @Test("What is quicker to copy twice than to compute is swapped out, and comes back as it was")
    func swapping() {
        var driver = GenerationDriver(
            GenerationDriver.configuration {
                $0.keyValueTokens = 66
                $0.cacheSlots = 0
                $0.swap = SwapCost(base: .zero, perToken: .microseconds(1), maxTokens: 100)
            })
        driver.arrive(1, prompt: 20, new: 40, predicted: 2)
        driver.arrive(2, prompt: 15, new: 40, inClass: 2, predicted: 2)
        var out = -1
        for _ in 0..<40 where out < 0 {
            for case .swapOut(RequestID(2), _) in driver.step() {
                out = driver.scheduler.swappedTokens
            }
        }
        #expect(out > 15)
        driver.send(.finished(RequestID(1)))
        let answer = driver.step()
        #expect(answer.contains(.swapIn(RequestID(2), SlotID(0))), "\(answer)")
        #expect(driver.fed == [[2, out, 1]])
    }
}
