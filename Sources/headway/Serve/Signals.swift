internal import Dispatch
internal import Foundation

/// The signals that end the server.
enum Signals {
    /// Makes SIGINT and SIGTERM mean what they say, whoever started the program.
    ///
    /// A shell without job control, as in a script, starts what it puts into the background with SIGINT
    /// ignored, and the kernel drops an ignored signal before anybody can wait for it.
    static func heed() {
        signal(SIGINT, SIG_DFL)
        signal(SIGTERM, SIG_DFL)
    }

    /// All is done: one signal more must not turn a clean end into a killed process.
    static func ignore() {
        signal(SIGTERM, SIG_IGN)
        signal(SIGINT, SIG_IGN)
    }

    /// Runs `body` at every SIGINT from now on, as long as the answer lives.
    static func onInterrupt(_ body: @escaping @Sendable () -> Void) -> any DispatchSourceSignal {
        let source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
        source.setEventHandler(handler: body)
        source.resume()
        return source
    }
}
