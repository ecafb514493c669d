package import ServingModel

/// Tells memory that only grows from memory that comes and goes.
///
/// What requests and batches need for a while does not lift the *floor*, the least bytes of a window of time; a
/// leak lifts it window after window. So memory counts as growing when each of the last windows had a higher
/// floor than the one before, and all of them together rose by more than noise. A pure value: readings and
/// times go in.
package struct MemoryTrend: Sendable, Equatable {
    /// When memory counts as growing.
    package struct Settings: Sendable, Equatable {
        /// Length of a window.
        package var window = Interval.seconds(10)
        /// So many windows in a row have to rise.
        package var windows = 6
        /// By so many bytes together.
        package var leastRise: UInt64 = 32 << 20

        /// A minute, and 32 MiB.
        package init() {}
    }

    private let settings: Settings
    /// Floors of the windows of the present rise: ascending, the last one of a window that is over.
    private var floors: [UInt64] = []
    private var floor = UInt64.max
    private var windowStart: Instant?
    /// Floor at the beginning of the present rise, however long it lasts.
    private var base: UInt64 = 0
    private var rising = 0
    /// How fast memory grew when it was last made to give some back, until windows tell whether it still does.
    private var known = 0.0

    /// A trend without readings.
    package init(_ settings: Settings = Settings()) {
        precondition(settings.windows >= 2, "a trend takes two windows")
        self.settings = settings
    }

    /// Forgets everything: models were loaded or unloaded, and the level is another one.
    package mutating func restart() { self = MemoryTrend(settings) }

    /// Begins anew after something was done about the growth. That it grows stays said until a window does
    /// not rise, or so many have risen that the trend says it itself.
    package mutating func restartAfterRelief() {
        let speed = bytesPerSecond
        restart()
        known = speed
    }

    /// Takes a reading.
    package mutating func note(bytes: UInt64, at now: Instant) {
        let start = windowStart ?? now
        if now >= start + settings.window {
            close()
            windowStart = now
            floor = bytes
        } else {
            windowStart = start
            floor = min(floor, bytes)
        }
    }

    private mutating func close() {
        if let last = floors.last, floor > last {
            rising += 1
            if rising >= settings.windows { known = 0 }
        } else {
            if !floors.isEmpty { known = 0 }
            rising = 0
            base = floor
            floors = []
        }
        floors.append(floor)
        if floors.count > settings.windows + 1 { floors.removeFirst() }
    }

    /// Whether memory only grows.
    package var isGrowing: Bool { rising >= settings.windows && rise >= settings.leastRise }

    /// By how much it has grown since it began to.
    package var rise: UInt64 { (floors.last ?? base) - base }

    /// How fast it grows, in bytes for each second of the last windows; 0 while it does not. After
    /// ``restartAfterRelief()`` what it was before, until that is refuted or confirmed.
    package var bytesPerSecond: Double {
        guard isGrowing, let first = floors.first, let last = floors.last else { return known }
        return Double(last - first) / (settings.window.seconds * Double(floors.count - 1))
    }
}
