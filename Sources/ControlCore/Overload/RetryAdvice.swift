package import ServingModel

/// When each refused client shall come back: one turn after the other, not all at once.
///
/// A client that is told how long the queue is finds it full again, with all the others who were told the
/// same. So a part of the throughput is set aside for those who come back, and each refusal is given the
/// next free turn of it, after the present backlog. While refusals persist the turns lie further and further
/// ahead; once they end, time catches up with them. Beyond the horizon there are no turns, and the time is
/// scattered over its second half by the request's number, which is as good as a draw and replays.
package struct RetryAdvice: Sendable, Equatable {
    /// Part of the throughput for those who come back.
    package var share = 0.25
    /// Nobody is sent away for longer.
    package var horizon = Interval.seconds(60)

    private var next = Instant.origin

    /// Advice that nobody has been given yet.
    package init() {}

    /// How long a client shall wait whose request was refused at `now`. `backlog` is what the queue takes,
    /// `perRequest` what one request adds to it.
    package mutating func advise(
        backlog: Interval, perRequest: Interval, id: UInt64, at now: Instant
    ) -> Interval {
        let turn = max(next, now + backlog)
        let wait = now.interval(to: turn)
        guard wait < horizon else {
            return horizon / 2 + Interval(nanoseconds: Self.scatter(id) % (horizon / 2).nanoseconds)
        }
        next = turn + Interval(milliseconds: perRequest.milliseconds / share)
        return wait
    }

    /// The number, mixed until its neighbours have nothing in common with it.
    private static func scatter(_ number: UInt64) -> UInt64 {
        var mixed = number &+ 0x9e37_79b9_7f4a_7c15
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

extension RejectReason {
    /// Whether there was no room, and may be another time.
    package var isLackOfRoom: Bool { self == .queueFull || self == .displaced }
}
