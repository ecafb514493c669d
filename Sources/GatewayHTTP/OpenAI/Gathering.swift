internal import GatewayCore
internal import ServingModel
internal import ServingRuntime
internal import Synchronization

/// Several texts handed to a tensor model as one request each, so that the scheduler batches them with
/// whatever else waits; and their answers, gathered.
final class Gathering: CompletionSink {
    /// Position of a request among its siblings.
    private final class Place: Sendable {
        let index: Int
        init(_ index: Int) { self.index = index }
    }

    private struct State {
        var answers: [InferenceResponse?]
        var missing: Int
        var failure: ServingError?
        var waiter: CheckedContinuation<Result<[InferenceResponse], ServingError>, Never>?
    }

    private let state: Mutex<State>
    private let served: ServedModel
    private let requests = Mutex<[InferenceRequest]>([])

    /// Hands in one request for each of `texts`.
    init(
        _ texts: [String], to served: ServedModel, _ promise: Promise, _ label: RequestLabel
    ) {
        self.served = served
        state = Mutex(
            State(
                answers: Array(repeating: nil, count: texts.count), missing: texts.count,
                failure: nil, waiter: nil))
        let requests = texts.enumerated().map { index, text in
            let element = StringElement(text)
            return InferenceRequest(
                inputs: [InputBytes(element.bytes)], owners: [element],
                shapes: served.interface.hasOpenShapes ? [[1]] : nil, rows: 1,
                priorityClass: promise.priorityClass, deadline: promise.deadline,
                allowsCheaperVariant: promise.allowsCheaperVariant, sink: self,
                context: Place(index), label: label.sibling(index))
        }
        self.requests.withLock { $0 = requests }
        served.submit(requests)
    }

    /// Takes back what still waits.
    func cancel() {
        for request in requests.withLock({ $0 }) { served.cancel(request) }
    }

    /// Waits for all answers.
    ///
    /// - Throws: The first failure among them.
    func answers() async throws(ServingError) -> [InferenceResponse] {
        let result = await withCheckedContinuation { waiter in
            let ready = state.withLock { state -> Bool in
                guard state.missing > 0 else { return true }
                state.waiter = waiter
                return false
            }
            if ready { waiter.resume(returning: outcome) }
        }
        requests.withLock { $0 = [] }
        return try result.get()
    }

    func complete(_ completions: [Completion]) {
        let waiter = state.withLock { state in
            for completion in completions {
                state.missing -= 1
                switch completion.result {
                case .success(let response):
                    guard let place = completion.request.context as? Place else { continue }
                    state.answers[place.index] = response
                case .failure(let error): state.failure = state.failure ?? error
                }
            }
            return state.missing == 0 ? state.waiter.take() : nil
        }
        waiter?.resume(returning: outcome)
    }

    private var outcome: Result<[InferenceResponse], ServingError> {
        state.withLock { state in
            state.failure.map { .failure($0) } ?? .success(state.answers.compactMap(\.self))
        }
    }
}

/// One string as a tensor of strings holds it: its length in four bytes, then its bytes.
///
/// `@unchecked Sendable`: the guard is that the memory is written before it is shared, and freed last.
private final class StringElement: @unchecked Sendable {
    let bytes: UnsafeRawBufferPointer

    init(_ text: String) {
        let count = text.utf8.count
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 4 + count, alignment: 4)
        memory.storeBytes(of: UInt32(count).littleEndian, as: UInt32.self)
        memory[4...].copyBytes(from: text.utf8)
        bytes = UnsafeRawBufferPointer(memory)
    }

    deinit { bytes.deallocate() }
}
