package import ServingModel

/// When an instance is taken out of service, and when it is tried again.
package struct BreakerSettings: Sendable, Equatable {
    /// So many failures in a row open the breaker.
    package var failures = 5
    /// A batch is slow when it takes longer than predicted by this factor.
    package var slowdown = 3.0
    /// The breaker opens when more than half of the last so many batches were slow, which is to say that
    /// their median was; at most 64.
    package var window = 20
    /// A batch stalls after so many times its prediction, but not before ``leastStall``.
    package var stallFactor: UInt64 = 10
    /// No batch stalls earlier.
    package var leastStall = Interval.seconds(1)
    /// No batch of a shape that has never been computed stalls earlier: nobody knows what it costs.
    package var leastUnfamiliarStall = Interval.seconds(60)
    /// From the opening to the first trial; each further one takes twice as long.
    package var firstPause = Interval.milliseconds(250)
    /// No pause is longer.
    package var longestPause = Interval.seconds(30)
    /// An instance that has worked for so long starts again with ``firstPause``.
    package var calmAfter = Interval.seconds(30)

    /// Whether an anomaly of an instance's latencies or failures tightens its breaker while it lasts.
    package var tightens = true

    /// The page's defaults.
    package init() {}

    /// The same for an instance of which it is certain to `score`, from 0 to 1, that something is wrong:
    /// at 1 three failures in a row suffice, twice the predicted time is slow, the last ten batches are
    /// judged, and a batch stalls in half the time.
    func tightened(by score: Double) -> BreakerSettings {
        guard tightens, score > 0 else { return self }
        var settings = self
        settings.failures = max(failures - Int(2 * score), min(failures, 2))
        settings.slowdown = max(slowdown - score, min(slowdown, 1.5))
        settings.window = max(window - Int(Double(window / 2) * score), min(window, 4))
        if score >= 1 {
            settings.stallFactor = max(stallFactor / 2, min(stallFactor, 2))
            settings.leastStall = leastStall / 2
        }
        return settings
    }

    /// The time that a batch may take.
    func stallLimit(predicted: Interval, isFamiliar: Bool) -> Interval {
        let least = isFamiliar ? leastStall : max(leastStall, leastUnfamiliarStall)
        return predicted >= .seconds(3_600) ? predicted : max(least, predicted * stallFactor)
    }

    /// The pause after `trips` earlier ones.
    func pause(afterTrips trips: Int) -> Interval {
        var pause = firstPause
        for _ in 0..<min(trips, 63) where pause < longestPause { pause = pause * 2 }
        return min(pause, longestPause)
    }
}

/// How a batch ended, as far as the health of its instance is concerned.
package enum BatchHealth: Sendable, Equatable {
    /// It was answered.
    case answered(took: Interval, predicted: Interval)
    /// The engine failed, or answered what does not fit.
    case failed
    /// It says nothing about the instance, such as input that the engine refused with good reason.
    case ignored
}

/// Why an instance is taken out of service.
package enum IsolationCause: String, Sendable, Equatable, CaseIterable {
    /// Too many failures in a row.
    case failing
    /// Slower than the other instances, and than predicted.
    case slow
    /// A batch that does not end.
    case stalled
}
