internal import Foundation
internal import GatewayCore
internal import Logging
internal import ServiceLifecycle
internal import ServingModel
internal import ServingRuntime

/// Turns readiness off as the first step of a shutdown, and sees to it that the shutdown ends.
struct DrainSignal: Service {
    let catalog: ModelCatalog
    let timeout: Interval
    let recorder: TraceRecorder?
    let logger: Logger

    @concurrent
    func run() async throws {
        do {
            try await gracefulShutdown()
        } catch {
            return
        }
        catalog.drain()
        logger.notice("draining: no new connections, requests in flight finish")
        let catalog = catalog
        let timeout = timeout
        let recorder = recorder
        let interrupt = Signals.onInterrupt {
            Self.endNow("because of a second Ctrl-C", catalog, recorder)
        }
        // Nothing waits for this task: either the process ends before it wakes, or it ends the process.
        Task.detached {
            try await Task.sleep(nanoseconds: timeout.nanoseconds)
            let limit = Terminal.duration(timeout.milliseconds)
            withExtendedLifetime(interrupt) {
                Self.endNow("at the drain timeout of \(limit)", catalog, recorder)
            }
        }
    }

    /// Ends the process with whatever is still in flight.
    private static func endNow(
        _ why: String, _ catalog: ModelCatalog, _ recorder: TraceRecorder?
    ) {
        let lost = catalog.serving.reduce(0) { $0 + $1.inFlight }
        Terminal.printError("headway stopped \(why): \(lost) requests in flight were lost")
        // What was recorded is worth a moment, but a disk that hangs is not worth waiting for.
        recorder?.close(waitingAtMost: .milliseconds(500))
        exit(1)
    }
}
