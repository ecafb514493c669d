internal import EngineAPI

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Strings as C strings, valid as long as the table lives.
final class CStringTable {
    private let copies: UnsafeMutableBufferPointer<UnsafePointer<CChar>?>

    /// The first of the strings.
    var pointer: UnsafePointer<UnsafePointer<CChar>?>? { UnsafePointer(copies.baseAddress) }

    var count: Int { copies.count }

    /// - Throws: Kind `invalidInput` for a string with a zero in it, which C strings cannot have.
    init(_ strings: [String], _ what: String) throws(EngineError) {
        for string in strings where string.utf8.contains(0) {
            throw EngineError(.invalidInput, "\(what) has a NUL character in it")
        }
        copies = .allocate(capacity: strings.count)
        for (index, string) in strings.enumerated() {
            copies.initializeElement(at: index, to: UnsafePointer(strdup(string)))
        }
    }

    deinit {
        for copy in copies { free(UnsafeMutablePointer(mutating: copy)) }
        copies.deallocate()
    }
}
