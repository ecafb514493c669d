/// What the connections of the server hold, and what they were denied.
package struct ConnectionFigures: Sendable, Equatable {
    /// Why a connection was cut.
    package enum Cut: String, Sendable, CaseIterable {
        /// It sent a request too slowly.
        case slowSender = "slow_sender"
        /// It did not take its answer.
        case slowReader = "slow_reader"
    }

    /// What there was too much of for another request.
    package enum Refusal: String, Sendable, CaseIterable {
        /// Bodies that come in.
        case bodies
        /// Answers with generated text.
        case streams
    }

    /// Connections that are open.
    package var open: UInt64
    /// Bytes of bodies that are not whole yet.
    package var bodyBytes: UInt64
    /// Answers with generated text that are under way.
    package var streams: UInt64
    /// Connections that were cut.
    package var cut: [Cut: UInt64]
    /// Requests that were refused.
    package var refused: [Refusal: UInt64]

    /// Gathers figures; see the properties.
    package init(
        open: UInt64 = 0, bodyBytes: UInt64 = 0, streams: UInt64 = 0, cut: [Cut: UInt64] = [:],
        refused: [Refusal: UInt64] = [:]
    ) {
        self.open = open
        self.bodyBytes = bodyBytes
        self.streams = streams
        self.cut = cut
        self.refused = refused
    }
}
