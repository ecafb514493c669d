/// For how many tokens the engine has room, as learnt from the steps for which it had none.
///
/// An engine may have less room than it promised: its cells are scattered, or somebody else took memory. A
/// step that fails tells that the truth lies between what was held before it and what it wanted. The room
/// becomes the middle of the two, less a margin, so that a few failures find it. From then on it grows by a
/// step of its own, each time that so many steps near the limit found their room; twice as many after each
/// failure, so that failures become rare (additive increase and multiplicative patience, as in the back-off
/// of networks).
struct LearntRoom {
    /// What the engine promised.
    let promised: Int
    /// Tokens that requests which run together may hold, with the cache. A request alone may hold all that
    /// was promised: whether it fits, only a try can tell.
    private(set) var tokens: Int

    /// What is left below a size that failed: one block of an engine.
    private let margin: Int
    private var patience = Self.firstPatience
    /// Steps near the limit that found their room since the limit last moved.
    private var successes = 0

    private static let firstPatience = 64
    private static let mostPatience = 1 << 16

    init(promised: Int, margin: Int) {
        self.promised = promised
        self.margin = margin
        tokens = promised
    }

    /// A step found no room to feed `fed` tokens beside `held`.
    mutating func shrink(held: Int, fed: Int) {
        if tokens < promised { patience = min(patience * 2, Self.mostPatience) }
        tokens = max(min(tokens, held + fed / 2 - margin), 0)
        successes = 0
    }

    /// A step found room, after which `held` tokens are held. One that held more than was thought to be there,
    /// for a request alone, shows that it is.
    mutating func grow(held: Int) {
        guard tokens < promised else { return }
        tokens = max(tokens, held)
        guard held >= tokens / 4 * 3 else { return }
        successes += 1
        guard successes >= patience else { return }
        successes = 0
        tokens = min(tokens + max(promised / 64, margin), promised)
    }

    /// The memory is empty, or another one: the promise stands again.
    mutating func forget() { self = LearntRoom(promised: promised, margin: margin) }
}
