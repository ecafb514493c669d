import EngineAPI
import ServingModel

/// What the scripted model computes, row by row, so that a test can compute it for itself.
///
/// A row is INT32: its request's tag, a payload, and padding up to the row's length.
enum Rows {
    /// A payload whose row the engine refuses as bad input.
    static let poison: Int32 = -666
    /// A payload that makes the engine fail on the whole batch.
    static let bomb: Int32 = -999

    /// The numbers of one row.
    static func row(tag: Int, payload: Int32, length: Int) -> [Int32] {
        [Int32(tag), payload] + (2..<length).map { payload &+ Int32($0) }
    }

    /// Output `y` for one row.
    static func numbers(_ row: [Int32]) -> [Int32] {
        [row[0], row[1] &* 2 &+ 1, row.reduce(0, &+)]
    }

    /// Output `s` for one row: strings of different lengths, empty ones too.
    static func text(_ row: [Int32]) -> String {
        row[1] % 5 == 0
            ? "" : "\(row[0]):" + String(repeating: "x", count: Int(row[1].magnitude % 7))
    }

    /// The bytes of `values`.
    static func buffer(_ values: [Int32]) -> TensorBuffer {
        let buffer = TensorBuffer(byteCount: values.count * 4)
        values.withUnsafeBytes { buffer.memory.copyMemory(from: $0) }
        return buffer
    }

    /// Length-prefixed strings.
    static func buffer(_ texts: [String]) -> TensorBuffer {
        var bytes: [UInt8] = []
        for text in texts {
            withUnsafeBytes(of: UInt32(text.utf8.count).littleEndian) { bytes += Array($0) }
            bytes += Array(text.utf8)
        }
        let buffer = TensorBuffer(byteCount: bytes.count)
        bytes.withUnsafeBytes { buffer.memory.copyMemory(from: $0) }
        return buffer
    }

    /// The numbers in `bytes`.
    static func numbers(in bytes: UnsafeRawBufferPointer) -> [Int32] {
        (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Int32.self) }
    }

    /// The strings in `bytes`.
    static func texts(in bytes: UnsafeRawBufferPointer) -> [String] {
        var texts: [String] = []
        var offset = 0
        while offset + 4 <= bytes.count {
            let length = Int(bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
            offset += 4
            texts.append(String(decoding: bytes[offset..<offset + length], as: UTF8.self))
            offset += length
        }
        return texts
    }
}
