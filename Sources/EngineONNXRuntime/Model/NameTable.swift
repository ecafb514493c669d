#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Names as C strings, in the form in which ONNX Runtime takes them.
///
/// The guard behind the unchecked conformance: the table is constant after its making.
final class NameTable: @unchecked Sendable {
    private let copies: UnsafeMutableBufferPointer<UnsafePointer<CChar>?>

    /// The first of the names. Valid as long as the table lives.
    let pointer: UnsafePointer<UnsafePointer<CChar>?>

    init(_ names: [String]) {
        copies = .allocate(capacity: max(names.count, 1))
        copies.initialize(repeating: nil)
        for (index, name) in names.enumerated() {
            copies[index] = UnsafePointer(strdup(name))
        }
        pointer = UnsafePointer(copies.baseAddress.unsafelyUnwrapped)
    }

    deinit {
        for name in copies { free(UnsafeMutablePointer(mutating: name)) }
        copies.deallocate()
    }
}
