/// Runs `body`, which blocks for long, on a thread of its own instead of the cooperative pool.
package func onThread<Value: Sendable>(
    named name: String, _ body: @escaping @Sendable () throws -> Value
) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        PlatformThread.start(name: name) {
            continuation.resume(with: Result { try body() })
        }
    }
}
