#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A file that is only written at its end.
final class TraceFile: Sendable {
    private let descriptor: Int32

    /// Opens an empty file at `path`; one that is there is kept as `path.old`.
    init(_ path: String) throws(RecordingProblem) {
        descriptor = try Self.create(path)
    }

    private static func create(_ path: String) throws(RecordingProblem) -> Int32 {
        if access(path, F_OK) == 0, rename(path, path + ".old") != 0 {
            throw RecordingProblem("cannot rename \(path) to \(path).old: \(reason)")
        }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw RecordingProblem("cannot write to \(path): \(reason)")
        }
        return descriptor
    }

    deinit { close(descriptor) }

    /// Writes all bytes.
    func append(_ bytes: [UInt8]) throws(RecordingProblem) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                write(descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                throw RecordingProblem("cannot write: \(Self.reason)")
            }
            written += count
        }
    }

    private static var reason: String { String(cString: strerror(errno)) }
}

/// Why something cannot be recorded.
package struct RecordingProblem: Error, CustomStringConvertible {
    /// A sentence with the file and the reason.
    package let description: String

    /// Names a problem.
    package init(_ description: String) {
        self.description = description
    }
}
