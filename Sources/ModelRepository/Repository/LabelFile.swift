/// Names of classes: one per line, in the order of the classes.
enum LabelFile {
    /// Largest file taken, in bytes.
    static let byteLimit = 16 << 20

    /// The labels in the file at `path`.
    ///
    /// - Throws: ``Folder/Failure`` when it cannot be read.
    static func read(_ path: String) throws(Folder.Failure) -> [String] {
        labels(in: try Folder.read(path, limit: byteLimit))
    }

    /// The labels in a text. Empty lines count, since the position is the class; the end of the last
    /// line starts no further one.
    static func labels(in bytes: [UInt8]) -> [String] {
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines.map { line in
            let label = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            return String(decoding: label, as: UTF8.self)
        }
    }
}
