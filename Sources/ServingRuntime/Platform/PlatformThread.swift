internal import CPlatform

/// Operating-system threads with a name, for work that must not sit on the cooperative pool.
enum PlatformThread {
    /// Marks the calling thread as one that computes for long: woken, it lets threads that handle
    /// events finish what they are at, so that what comes in together can ride together.
    static func markAsComputing() { headway_thread_computes() }

    /// Lets threads that wait for the calling thread's core go first. Costs a fraction of a microsecond
    /// where none does.
    static func letOthersRun() { headway_thread_yield() }

    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Runs `body` on a thread of its own, whose end nobody waits for.
    static func start(name: String, _ body: @escaping @Sendable () -> Void) {
        let context = Unmanaged.passRetained(Body(body)).toOpaque()
        let error = headway_thread_start(
            name,
            { context in
                guard let context else { return }
                Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
            }, context)
        precondition(error == 0, "cannot start thread \(name): error \(error)")
    }
}
