package import ServingModel

/// Leave to start one batch now, given to one instance of an arbitrated scheduler together with what
/// others on the same device ask of that batch.
package struct Grant: Sendable, Equatable {
    /// Most rows that the batch may have, because of memory or of time that belongs to somebody else.
    /// Never less than the largest head that waits, so that one request alone always fits.
    package var rows: Int

    /// The longest batch that work of class ``lesser`` and below may make: half the tightest deadline
    /// of other models' traffic on the device. Ends at the configured least efficiency, as between the
    /// classes of one model.
    package var longest: Interval

    /// The most important class to which ``longest`` applies.
    package var lesser: ClassIndex

    /// A grant without limits of time.
    package init(
        rows: Int, longest: Interval = .never, lesser: ClassIndex = ClassIndex(0)
    ) {
        self.rows = rows
        self.longest = longest
        self.lesser = lesser
    }
}
