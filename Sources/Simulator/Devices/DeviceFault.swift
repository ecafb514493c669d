package import ServingModel

/// Something that is wrong with one device for a while.
package struct DeviceFault: Sendable, Equatable {
    /// What is wrong.
    package enum Kind: String, Sendable, CaseIterable {
        /// A batch that starts does not end before the fault does.
        case hang
        /// Every batch fails, after its usual time.
        case fail
        /// Every batch takes longer, by ``DeviceFault/factor``.
        case slow
    }

    /// What is wrong.
    package var kind: Kind
    /// The device, from 0.
    package var device: Int
    /// When it begins.
    package var from: Instant
    /// When the device works again.
    package var until: Instant
    /// How much longer batches of a slow device take.
    package var factor: Double

    /// Makes a fault.
    package init(
        _ kind: Kind, device: Int, from: Instant, until: Instant, factor: Double = 10
    ) {
        self.kind = kind
        self.device = device
        self.from = from
        self.until = until
        self.factor = factor
    }

    /// What becomes of a batch that starts at `now` and would take `duration`.
    func disturb(
        _ duration: Interval, at now: Instant
    ) -> (duration: Interval, fails: Bool) {
        switch kind {
        case .hang: (max(duration, now.interval(to: until)), false)
        case .fail: (duration, true)
        case .slow: (Interval(milliseconds: duration.milliseconds * factor), false)
        }
    }

    /// Whether a batch on `device` that starts at `now` suffers from it.
    func concerns(_ device: Int, at now: Instant) -> Bool {
        self.device == device && from <= now && now < until
    }
}
