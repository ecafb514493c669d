internal import ServingModel
internal import Testing

@Suite("Intervals and instants")
struct TimeTests {
    @Test("Addition and multiplication of intervals stop at never")
    func intervalsSaturateUpwards() {
        #expect(Interval.never + .milliseconds(1) == .never)
        #expect(Interval(nanoseconds: .max - 1) + Interval(nanoseconds: 1) == .never)
        #expect(Interval.seconds(.max) == .never)
        #expect(Interval.milliseconds(.max) == .never)
        #expect(Interval.microseconds(.max) == .never)
        #expect(Interval.never * 2 == .never)
        #expect(Interval.milliseconds(3) * 2 == .milliseconds(6))
    }

    @Test("Subtraction of intervals stops at zero")
    func intervalsSaturateDownwards() {
        #expect(Interval.milliseconds(1) - .milliseconds(2) == .zero)
        #expect(Interval.milliseconds(2) - .milliseconds(2) == .zero)
        #expect(Interval.milliseconds(3) - .milliseconds(2) == .milliseconds(1))
        #expect(Interval.milliseconds(3) / 2 == .microseconds(1_500))
    }

    @Test(
        "Fractional milliseconds round up to whole nanoseconds and never trap",
        arguments: [
            (0.000_000_1, UInt64(1)), (1.5, 1_500_000), (0, 0), (-1, 0), (-.infinity, 0),
            (.nan, 0), (.infinity, .max), (1e300, .max), (18_446_744_073_709.55, .max),
            (18_000_000_000_000, 18_000_000_000_000_000_000),
        ] as [(Double, UInt64)])
    func fractionsRoundUp(milliseconds: Double, nanoseconds: UInt64) {
        #expect(Interval(milliseconds: milliseconds).nanoseconds == nanoseconds)
    }

    @Test("An interval reads in milliseconds and in seconds")
    func intervalsRead() {
        #expect(Interval.milliseconds(1_500).seconds == 1.5)
        #expect(Interval.microseconds(12_500).milliseconds == 12.5)
        #expect("\(Interval.microseconds(12_500))" == "12.5 ms")
        #expect("\(Interval.never)" == "never")
    }

    @Test("Instants stop at the origin and at the distant future")
    func instantsSaturate() {
        #expect(Instant.distantFuture + .seconds(1) == .distantFuture)
        #expect(Instant.origin - .seconds(1) == .origin)
        #expect(Instant(nanoseconds: .max - 1) + .seconds(1) == .distantFuture)
        #expect(Instant(nanoseconds: 5) - Interval(nanoseconds: 2) == Instant(nanoseconds: 3))
    }

    @Test("The time to an earlier instant is zero")
    func intervalsBetweenInstants() {
        let early = Instant(nanoseconds: 10)
        let late = Instant(nanoseconds: 25)
        #expect(early.interval(to: late) == Interval(nanoseconds: 15))
        #expect(late.interval(to: early) == .zero)
        #expect(early.interval(to: early) == .zero)
        #expect(early < late)
        #expect("\(Instant.distantFuture)" == "distant future")
        #expect("\(Instant(nanoseconds: 2_500_000))" == "@2.5 ms")
    }
}
