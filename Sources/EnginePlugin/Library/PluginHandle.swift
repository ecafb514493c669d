internal import CEnginePlugin

/// A model or a sampler of a library, freed with the last reference to it.
///
/// The guard behind the unchecked conformance is the interface: such objects may be freed on any
/// thread.
final class PluginHandle: @unchecked Sendable {
    let pointer: OpaquePointer
    let library: PluginLibrary
    private let free: @convention(c) (OpaquePointer) -> Void
    /// What the object needs as long as it lives.
    private let owner: PluginHandle?

    /// Takes over `pointer`.
    init(
        _ pointer: OpaquePointer, of library: PluginLibrary, needing owner: PluginHandle? = nil,
        freedBy free: @escaping @convention(c) (OpaquePointer) -> Void
    ) {
        self.pointer = pointer
        self.library = library
        self.owner = owner
        self.free = free
    }

    deinit {
        free(pointer)
    }
}
