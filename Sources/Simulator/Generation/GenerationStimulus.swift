package import SchedulerCore
package import ServingModel

/// What the world outside does to a server that generates text.
package struct GenerationStimulus: Sendable, Equatable {
    /// The kinds of stimulus.
    package enum Kind: Sendable, Equatable {
        /// A request comes. It ends by itself with its `newTokens`-th token, which only the device knows.
        case arrive(GenerationArrival, newTokens: Int)
        /// A client gives up.
        case cancel(RequestID)
        /// The device is taken out of service.
        case lose
        /// The device comes back.
        case restore
        /// The server stops taking requests.
        case drain
    }

    /// When it happens.
    package var at: Instant

    /// What happens.
    package var kind: Kind

    /// Makes a stimulus.
    package init(at: Instant, _ kind: Kind) {
        self.at = at
        self.kind = kind
    }
}
