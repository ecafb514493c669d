/// One request's answer as it grows.
///
/// For one reader. Its last element has an ``GenerationUpdate/end``; after ``cancel()`` it ends without
/// one. Dropping the stream, or cancelling the task that reads it, cancels the request, which frees its
/// slot and its keys and values within one step.
///
/// A slow reader holds nobody up: what it has not read is merged into one update. A request whose unread
/// part grows beyond the generator's limit is cancelled and ends with an error.
package final class GenerationStream: AsyncSequence, Sendable {
    package typealias Element = GenerationUpdate
    package typealias Failure = Never

    private let outlet: GenerationOutlet

    init(_ outlet: GenerationOutlet) {
        self.outlet = outlet
    }

    deinit { outlet.cancel() }

    /// Gives the request up: nothing more comes out.
    package func cancel() { outlet.cancel() }

    package func makeAsyncIterator() -> Iterator { Iterator(stream: self) }

    /// Reads the stream; keeps it alive.
    package struct Iterator: AsyncIteratorProtocol {
        let stream: GenerationStream

        package func next() async -> GenerationUpdate? {
            let outlet = stream.outlet
            return await withTaskCancellationHandler {
                await withCheckedContinuation { outlet.read($0) }
            } onCancel: {
                outlet.cancel()
            }
        }

        package func next(
            isolation actor: isolated (any Actor)?
        ) async throws(Never) -> GenerationUpdate? {
            await next()
        }
    }
}

extension GenerationStream {
    /// Reads to the end and answers everything at once; `nil` when the request was cancelled.
    package func collect() async -> GenerationUpdate? {
        var whole = GenerationUpdate()
        for await update in self { whole.merge(update) }
        return whole.end == nil ? nil : whole
    }
}
