internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Runs work on real threads, as the runtime runs instances.
enum Threads {
    /// Runs `body` once on each of `count` threads at the same time and returns the results in
    /// order.
    static func run<Result: Sendable>(
        count: Int, _ body: @escaping @Sendable (_ thread: Int) -> Result
    ) -> [Result] {
        let board = Board<Result>(count: count)
        var threads: [pthread_t] = []
        for index in 0..<count {
            let work = Work { board.put(body(index), at: index) }
            let context = Unmanaged.passRetained(work).toOpaque()
            #if canImport(Darwin)
            var thread: pthread_t?
            let entry: @convention(c) (UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? = {
                Unmanaged<Work>.fromOpaque($0).takeRetainedValue().body()
                return nil
            }
            #else
            var thread = pthread_t()
            let entry: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = {
                guard let context = $0 else { return nil }
                Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body()
                return nil
            }
            #endif
            let status = pthread_create(&thread, nil, entry, context)
            precondition(status == 0, "no thread could be made: error \(status)")
            #if canImport(Darwin)
            if let thread { threads.append(thread) }
            #else
            threads.append(thread)
            #endif
        }
        for thread in threads { pthread_join(thread, nil) }
        return board.results()
    }

    /// Carries a closure through a C pointer.
    private final class Work: Sendable {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) {
            self.body = body
        }
    }

    /// Where threads leave their results.
    private final class Board<Result: Sendable>: Sendable {
        private let slots: Mutex<[Result?]>

        init(count: Int) {
            slots = Mutex(Array(repeating: nil, count: count))
        }

        func put(_ result: Result, at index: Int) {
            slots.withLock { $0[index] = result }
        }

        func results() -> [Result] {
            slots.withLock { $0.compactMap { $0 } }
        }
    }
}
