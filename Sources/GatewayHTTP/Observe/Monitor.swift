internal import Foundation
internal import GatewayCore
internal import NIOCore
internal import ServiceLifecycle
internal import ServingModel
internal import ServingRuntime
internal import Synchronization
internal import Telemetry

/// Watches the models: reads their counters once a second, keeps a minute of readings, and shows
/// everybody who looks on the same snapshot.
///
/// A reading takes each model's lock once and copies its counters; nothing is computed for the dashboard
/// while nobody looks. The health rules of the models get their samples with it.
final class Monitor: Service {
    /// Most viewers at a time.
    static let viewerLimit = 64

    private struct State {
        var histories: [String: ModelHistory] = [:]
        var processes: [ProcessFigures] = []
        var viewers: [Int: AsyncStream<ByteBuffer>.Continuation] = [:]
        var nextViewer = 0
        var isOver = false
        /// When freed memory may be given back again.
        var nextRelief = Instant.origin
    }

    private let state = Mutex(State())
    private let catalog: ModelCatalog
    private let observer: ProcessObserver
    private let memory: MemoryWatch
    private let clock = MonotonicClock()

    /// Bytes that the process may take; `nil` for the machine's memory.
    private let memoryLimit: UInt64?

    init(
        catalog: ModelCatalog, observer: ProcessObserver, memory: MemoryWatch,
        memoryLimit: UInt64? = nil
    ) {
        self.catalog = catalog
        self.observer = observer
        self.memory = memory
        self.memoryLimit = memoryLimit
    }

    /// Reads once a second until the server stops, then ends all streams.
    @concurrent
    func run() async throws {
        try? await cancelWhenGracefulShutdown { [self] in
            while true {
                read()
                show()
                try await Task.sleep(for: .seconds(1))
            }
        }
        let viewers = state.withLock { state in
            state.isOver = true
            return Array(state.viewers.values)
        }
        for viewer in viewers { viewer.finish() }
    }

    // MARK: Viewers

    /// The snapshots from now on, as server-sent events, the present one at once. A viewer who is slow
    /// misses some.
    ///
    /// - Throws: ``ServingError`` `overloaded` when there are too many viewers.
    func events() throws(ServingError) -> AsyncStream<ByteBuffer> {
        let (stream, continuation) = AsyncStream<ByteBuffer>.makeStream(
            bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state -> Int? in
            guard !state.isOver, state.viewers.count < Self.viewerLimit else { return nil }
            state.nextViewer += 1
            state.viewers[state.nextViewer] = continuation
            return state.nextViewer
        }
        guard let number else {
            throw ServingError(
                .overloaded, "\(Self.viewerLimit) viewers look on already",
                retryAfter: .seconds(10))
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { state in _ = state.viewers.removeValue(forKey: number) }
        }
        if let event = try? Self.event(snapshot()) { continuation.yield(event) }
        return stream
    }

    private func show() {
        let viewers = state.withLock { Array($0.viewers.values) }
        guard !viewers.isEmpty, let event = try? Self.event(snapshot()) else { return }
        for viewer in viewers { viewer.yield(event) }
    }

    private static func event(_ snapshot: Snapshot) throws -> ByteBuffer {
        var buffer = ByteBuffer(string: "data: ")
        buffer.writeBytes(try JSONAnswer.encoder.encode(snapshot))
        buffer.writeString("\n\n")
        return buffer
    }

    // MARK: Readings

    /// Adds one reading of everything.
    func read() {
        let process = relieved(observer.read())
        let now = clock.now()
        memory.note(resident: process.residentBytes, at: now)
        let readings = catalog.serving.map { (Self.key($0), ModelReading($0, at: now)) }
        state.withLock { state in
            var histories: [String: ModelHistory] = [:]
            for (key, reading) in readings {
                if var history = state.histories[key] {
                    history.append(reading)
                    histories[key] = history
                } else {
                    histories[key] = ModelHistory(reading)
                }
            }
            state.histories = histories
            state.processes.append(process)
            if state.processes.count > ModelHistory.recent + 1 { state.processes.removeFirst() }
        }
        let memory = process.memoryShare(of: memoryLimit)
        for case .tensors(let handle) in catalog.serving { handle.served.tend(memory: memory) }
    }

    /// The reading after memory that was freed went back to the system, where the process is short of it. The
    /// allocator would keep what a burst took, and the memory rule would go on cutting for memory that
    /// nobody uses. Giving it back costs page faults later, so what brought next to nothing is not done
    /// again for ten seconds.
    private func relieved(_ process: ProcessFigures) -> ProcessFigures {
        let share = process.memoryShare(of: memoryLimit) ?? 0
        guard share > 0.8, state.withLock({ clock.now() >= $0.nextRelief }) else { return process }
        ProcessUsage.returnMemory()
        var relieved = process
        relieved.residentBytes = min(ProcessUsage.residentBytes, process.residentBytes)
        if share - (relieved.memoryShare(of: memoryLimit) ?? 0) < 0.02 {
            state.withLock { $0.nextRelief = clock.now() + .seconds(10) }
        }
        return relieved
    }

    /// What there is to see.
    func snapshot() -> Snapshot {
        let (histories, processes) = state.withLock { ($0.histories, $0.processes) }
        let process = processes.last ?? observer.read()
        let models = catalog.serving.compactMap { model in
            histories[Self.key(model)].map { Snapshot.Model(model, $0) }
        }
        let missing = catalog.entries.compactMap { entry -> Snapshot.Missing? in
            switch entry.state {
            case .failed(let reason): Snapshot.Missing(name: entry.name, reason: reason)
            case .ready, .loading, .unloading, .unloaded: nil
            }
        }
        let now = clock.now()
        let phase = catalog.isDraining ? "draining" : catalog.isReady ? "ready" : "starting"
        return Snapshot(
            version: HeadwayVersion.current,
            at: Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)),
            uptimeS: process.uptime.seconds,
            verdict: Verdict(
                state: phase, models: models, missing: missing,
                memoryGrowth: process.memoryGrowth ?? 0),
            process: Snapshot.Process(process, since: processes.first ?? process),
            models: models, missing: missing,
            controllers: catalog.controllers.settings.map {
                Snapshot.Controller($0, at: now)
            })
    }

    private static func key(_ model: ReadyModel) -> String { "\(model.name)/\(model.version)" }
}
