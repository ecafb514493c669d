internal import ServingModel

/// What the two sides of a ``GenerationStream`` share: the one that generates and the one that reads.
final class GenerationOutlet: Sendable {
    typealias Reader = CheckedContinuation<GenerationUpdate?, Never>

    fileprivate struct State: Sendable {
        var unread: GenerationUpdate?
        var unreadBytes = 0
        var reader: Reader?
        /// Whether nothing more comes in: it ended, or nobody wants it.
        var isClosed = false
        /// Tells the generator that nobody reads on. Let go of at the end, so that a stream that was
        /// read keeps no model loaded.
        var giveUp: (@Sendable () -> Void)?
    }

    private let state = Guarded(State())
    private let maxUnreadBytes: Int

    /// An outlet that cancels its request when more than `maxUnreadBytes` are not read.
    init(maxUnreadBytes: Int) {
        self.maxUnreadBytes = maxUnreadBytes
    }

    /// Sets what to do when the reader goes away, before anybody could.
    func onGivingUp(_ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.giveUp = body }
    }

    /// Hands an update to the reader, or keeps it until somebody reads.
    func post(_ update: GenerationUpdate) {
        let bytes = update.byteCount
        let delivery = state.withLock { state -> (Reader, GenerationUpdate)? in
            guard !state.isClosed else { return nil }
            state.merge(update, bytes)
            if update.end != nil { state.close() }
            guard let reader = state.reader.take(), let unread = state.take() else { return nil }
            return (reader, unread)
        }
        delivery?.0.resume(returning: delivery?.1)
    }

    /// Whether more is unread than the limit allows.
    var isOverfull: Bool {
        state.withLock { !$0.isClosed && $0.unreadBytes > maxUnreadBytes }
    }

    /// Answers the reader with what is there, now or later.
    func read(_ reader: Reader) {
        let (answer, isNow) = state.withLock { state -> (GenerationUpdate?, Bool) in
            precondition(state.reader == nil, "a generation's stream has one reader")
            if let unread = state.take() { return (unread, true) }
            if state.isClosed { return (nil, true) }
            state.reader = reader
            return (nil, false)
        }
        if isNow { reader.resume(returning: answer) }
    }

    /// The reader goes away: what is unread is dropped and the request given up, unless it ended.
    func cancel() {
        let (reader, giveUp) = state.withLock { state -> (Reader?, (@Sendable () -> Void)?) in
            let giveUp = state.giveUp
            state.close()
            _ = state.take()
            return (state.reader.take(), giveUp)
        }
        reader?.resume(returning: nil)
        giveUp?()
    }
}

extension GenerationOutlet.State {
    fileprivate mutating func merge(_ update: GenerationUpdate, _ bytes: Int) {
        if unread == nil {
            unread = update
        } else {
            unread?.merge(update)
        }
        unreadBytes += bytes
    }

    fileprivate mutating func take() -> GenerationUpdate? {
        unreadBytes = 0
        return unread.take()
    }

    fileprivate mutating func close() {
        isClosed = true
        giveUp = nil
    }
}
