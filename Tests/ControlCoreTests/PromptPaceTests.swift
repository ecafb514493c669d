import ControlCore
import ServingModel
import Testing

@Suite("How long prompts take lately")
struct PromptPaceTests {
    /// What a step with 10 ms of decodes and 20 ms of prompts, by prediction, took.
    private func observe(_ pace: inout PromptPace, _ milliseconds: Double, times: Int = 1) {
        for _ in 0..<times {
            pace.observe(took: Interval(milliseconds: milliseconds), others: 10, prompts: 20)
        }
    }

    @Test("Where predictions hold, within a seventh, nothing changes")
    func silence() {
        var pace = PromptPace()
        #expect(pace.factor == 1)
        observe(&pace, 32, times: 50)
        #expect(pace.factor == 1)
        observe(&pace, 25, times: 50)
        #expect(pace.factor == 1, "never less")
    }

    @Test("A prompt that takes three times as long is known after four chunks, and soon forgotten")
    func following() {
        var pace = PromptPace()
        observe(&pace, 70)
        #expect(pace.factor == 1.5)
        observe(&pace, 70, times: 3)
        #expect(pace.factor > 2.3 && pace.factor < 3)
        observe(&pace, 30, times: 8)
        #expect(pace.factor < 1.25)
    }

    @Test("A stall counts no more than eightfold, and steps with hardly a prompt do not count")
    func bounds() {
        var pace = PromptPace()
        observe(&pace, 10_000, times: 100)
        #expect(pace.factor > 7.9 && pace.factor <= 8)
        let before = pace
        pace.observe(took: .milliseconds(500), others: 90, prompts: 10)
        pace.observe(took: .milliseconds(500), others: 90, prompts: 0)
        #expect(pace == before)
    }
}
