internal import CEnginePlugin

/// A number that the library reads while a step is in progress.
///
/// The guard behind the unchecked conformance: the number is written atomically, by the C function
/// that exists for it, and read atomically by the library.
final class InterruptFlag: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<Int32>

    init() {
        pointer = .allocate(capacity: 1)
        pointer.initialize(to: 0)
    }

    deinit {
        pointer.deallocate()
    }

    func raise() { headway_flag_store(pointer, 1) }

    func lower() { headway_flag_store(pointer, 0) }
}
