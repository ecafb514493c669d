/// FNV-1a over 64 bits: the same bytes give the same number in every process and on every machine,
/// unlike `Hasher`, which is seeded per process.
package struct StableHash: Sendable, Equatable {
    /// The hash of everything combined so far.
    package private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    /// The hash of nothing.
    package init() {}

    /// Adds the bytes of a text, and a terminator, so that "a", "bc" and "ab", "c" differ.
    package mutating func combine(_ text: String) {
        for byte in text.utf8 { combine(byte: byte) }
        combine(byte: 0xFF)
    }

    /// Adds the bytes of a text as ``combine(_:)-(String)`` does.
    package mutating func combine(_ text: [UInt8]) {
        for byte in text { combine(byte: byte) }
        combine(byte: 0xFF)
    }

    /// Adds a number, lowest byte first.
    package mutating func combine(_ number: UInt64) {
        for shift in stride(from: 0, to: 64, by: 8) {
            combine(byte: UInt8(truncatingIfNeeded: number >> UInt64(shift)))
        }
    }

    private mutating func combine(byte: UInt8) {
        value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
    }

    /// The hash as sixteen hexadecimal digits.
    package var hexadecimal: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
