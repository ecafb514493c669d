/// When a request that will not make its deadline is told so.
package enum FastFail: Sendable, Equatable {
    /// At arrival if even the next batch would be too late for it; otherwise when it can no longer make
    /// it. Serves most: a queue may yet drain faster than expected.
    case head

    /// At arrival also if the work before it fills the time until its deadline. Serves slightly less
    /// (0.6 % at twice the capacity) and answers at once, so that a client or a router can go elsewhere
    /// and refused requests hold no connections.
    case tail
}
