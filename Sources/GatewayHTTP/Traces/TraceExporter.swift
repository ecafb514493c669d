internal import Foundation
package import Logging
internal import ServiceLifecycle
package import ServingModel
internal import ServingRuntime
internal import Synchronization
package import Telemetry

/// Sends traced requests to a collector, in the background and in batches.
///
/// Serving never waits for it: a request is put into a queue of fixed size, and what finds the queue
/// full is dropped and counted. So is a batch that the collector does not take, because a collector that
/// is down must not cost memory.
package final class TraceExporter: Service {
    /// Most requests that wait to be sent.
    package static let queueLimit = 4_096
    /// Most requests of one message.
    private static let batchLimit = 512

    private struct State {
        var waiting: [TracedRequest] = []
        var figures = TraceFigures()
    }

    private let state: Mutex<State>
    private let call: HTTPCall
    private let classes: [PriorityClass]
    private let logger: Logger
    private let period: Duration

    /// An exporter to the collector at `endpoint`, which sends every `period`.
    ///
    /// - Throws: `HTTPCall.Failure` when the endpoint is not a URL.
    package init(
        endpoint: String, classes: [PriorityClass], logger: Logger, period: Duration = .seconds(1)
    ) throws {
        call = try HTTPCall(url: endpoint)
        self.classes = classes
        self.logger = logger
        self.period = period
        var state = State()
        state.waiting.reserveCapacity(Self.queueLimit)
        self.state = Mutex(state)
    }

    /// How many requests were exported and dropped so far.
    package var figures: TraceFigures { state.withLock { $0.figures } }

    /// Takes a request that has ended; returns at once.
    package func offer(_ request: TracedRequest) {
        state.withLock { state in
            if state.waiting.count < Self.queueLimit {
                state.waiting.append(request)
            } else {
                state.figures.droppedByQueue += 1
            }
        }
    }

    /// Sends what comes until the server stops, and then what is left.
    @concurrent
    package func run() async throws {
        try? await cancelWhenGracefulShutdown { [self] in
            while true {
                try await Task.sleep(for: period)
                await flush()
            }
        }
        await flush()
    }

    /// Sends what waits now.
    package func flush() async {
        var requests = state.withLock { state in
            let taken = state.waiting
            state.waiting.removeAll(keepingCapacity: true)
            return taken[...]
        }
        let epoch = UInt64(Date().timeIntervalSince1970 * 1e9) &- MonotonicClock().now().nanoseconds
        let text = TraceText(epoch: epoch, classes: classes)
        while !requests.isEmpty {
            let batch = Array(requests.prefix(Self.batchLimit))
            requests = requests.dropFirst(batch.count)
            await send(batch, as: text)
        }
    }

    private func send(_ batch: [TracedRequest], as text: TraceText) async {
        var problem: String?
        do throws(HTTPCall.Failure) {
            let answer = try await call.send(text.body(batch))
            if !(200..<300).contains(answer.status) { problem = "status \(answer.status)" }
        } catch {
            problem = error.description
        }
        let isFirst = state.withLock { state in
            guard problem != nil else {
                state.figures.exported += UInt64(batch.count)
                return false
            }
            defer { state.figures.droppedByCollector += UInt64(batch.count) }
            return state.figures.droppedByCollector == 0
        }
        if let problem, isFirst {
            logger.warning(
                "traces are dropped: the collector does not take them",
                metadata: ["problem": "\(problem)"])
        }
    }
}
