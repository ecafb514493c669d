internal import ControlCore
internal import SchedulerCore
internal import ServingModel
internal import Testing

@Suite("Text generation: who goes first")
struct GenerationOrderTests {
    /// Whom the first step feeds, in order.
    private func first(
        _ change: (inout GenerationConfiguration) -> Void = { _ in },
        _ arrive: (inout GenerationDriver) -> Void
    ) -> [Int] {
        var driver = GenerationDriver(GenerationDriver.configuration(change), isReady: false)
        arrive(&driver)
        driver.send(.deviceReady)
        return driver.fed.map { $0[0] }
    }

    @Test("When there is too much, the more important class goes first, in it the shortest prompt")
    func overload() {
        let order = first({ $0.slots = 2 }) { driver in
            driver.arrive(1, prompt: 300, inClass: 1, within: .milliseconds(90))
            driver.arrive(2, prompt: 200, within: .milliseconds(90))
            driver.arrive(3, prompt: 100, within: .milliseconds(90))
        }
        #expect(order == [3, 2])
    }

    @Test("The most important class keeps the order of urgency as long as there is time for it")
    func urgency() {
        let order = first { driver in
            driver.arrive(1, prompt: 300, inClass: 1, within: .milliseconds(100))
            driver.arrive(2, prompt: 200, within: .milliseconds(100))
            driver.arrive(3, prompt: 50, within: .milliseconds(100))
        }
        #expect(order == [2, 3, 1])
    }

    @Test("Beyond capacity a small request goes before a more important one that takes far more")
    func worth() {
        func order(ofLarge prompt: Int) -> [Int] {
            first({
                $0.keyValueTokens = 2_000
                // All three fit one step.
                for index in $0.classes.indices { $0.classes[index].defaultDeadline = .seconds(2) }
            }) { driver in
                driver.arrive(1, prompt: prompt, inClass: 1, within: .milliseconds(200))
                driver.arrive(2, prompt: 100, inClass: 2, within: .milliseconds(200))
                driver.arrive(3, prompt: 450, within: .milliseconds(200))
            }
        }
        // Weights of 3 and 1: three times as much is worth as much.
        #expect(order(ofLarge: 350) == [3, 2, 1])
        #expect(order(ofLarge: 300) == [3, 1, 2])
    }

    @Test("Beyond capacity a shorter answer goes before a shorter prompt if it saves more")
    func shortestAltogether() {
        let order = first({ $0.maxStepTokens = 64 }) { driver in
            driver.arrive(1, prompt: 300, within: .milliseconds(100), predicted: 4)
            driver.arrive(2, prompt: 100, new: 200, within: .milliseconds(100), predicted: 10)
            driver.arrive(3, prompt: 90, new: 200, within: .milliseconds(100), predicted: 200)
        }
        #expect(order == [2])
    }

    @Test(
        "One that memory keeps out is passed by one of its class only when that cannot wait longer")
    func passing() {
        var driver = GenerationDriver(GenerationDriver.configuration())
        driver.arrive(1, prompt: 500, new: 300, predicted: 300)
        driver.arrive(2, prompt: 600, within: .milliseconds(300))
        driver.arrive(3, prompt: 100, within: .milliseconds(290))
        driver.arrive(4, prompt: 10, inClass: 1, within: .milliseconds(400))
        let begun = driver.now
        repeat {
            driver.step()
        } while driver.fed.count == 1 && begun.interval(to: driver.now) < .milliseconds(280)
        #expect(driver.fed.map { $0[0] } == [1, 3])
        #expect(begun.interval(to: driver.now) > .milliseconds(150))
        // Whom it has passed, and one of a lesser class.
        #expect(driver.scheduler.waiting == 2)
    }

    @Test("A prompt that has the device for itself is fed in steps that a newcomer can wait for")
    func patience() {
        var driver = GenerationDriver(
            GenerationDriver.configuration {
                $0.keyValueTokens = 8_000
                $0.maxContext = 8_000
            })
        driver.arrive(1, prompt: 4_000, inClass: 2)
        let promise = driver.scheduler.configuration.classes.map(\.defaultDeadline).min() ?? .zero
        let tokens = driver.fed[0][2]
        let step = driver.scheduler.cost.duration(tokens: tokens, keyValueTokens: tokens)
        #expect(tokens < 4_000)
        #expect(step <= promise / 4)
        #expect(step > promise / 8, "and no shorter than need be")
    }
}
