internal import CEnginePlugin
internal import EngineAPI

/// A piece of a result.
struct WrittenPiece {
    var field: Int32
    var bytes: [UInt8]

    var text: String { String(decoding: bytes, as: UTF8.self) }
}

extension PluginLibrary {
    /// What a function writes while `call` runs.
    func written(
        by call: (headway_writer) -> Int32
    ) throws(EngineError) -> [WrittenPiece] {
        var pieces: [WrittenPiece] = []
        let status = withUnsafeMutablePointer(to: &pieces) { pointer in
            call(
                headway_writer(
                    write: { context, field, bytes, count in
                        guard let context else { return }
                        let pieces = context.assumingMemoryBound(to: [WrittenPiece].self)
                        let buffer = UnsafeRawBufferPointer(start: bytes, count: count)
                        pieces.pointee.append(
                            WrittenPiece(field: field, bytes: [UInt8](buffer)))
                    }, context: pointer))
        }
        try check(status)
        return pieces
    }

    /// The text that a function writes while `call` runs.
    func text(writtenBy call: (headway_writer) -> Int32) throws(EngineError) -> String {
        try written(by: call).first?.text ?? ""
    }
}

extension String {
    /// Calls `body` with the characters in UTF-8. They may hold zeros, so their number comes along.
    func withBytes<Result>(_ body: (UnsafePointer<CChar>, Int) -> Result) -> Result {
        var copy = self
        return copy.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { characters in
                guard let start = characters.baseAddress else {
                    // An empty string may have no memory, and the interface takes none but real
                    // pointers.
                    var nothing: CChar = 0
                    return body(&nothing, 0)
                }
                return body(start, characters.count)
            }
        }
    }
}
