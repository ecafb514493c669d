internal import NIOCore

/// Bytes that an answer is composed in: one block of memory per event loop, grown as needed and reused
/// from answer to answer, so that composing allocates nothing and every append is a plain store.
///
/// Confined to its event loop.
package final class TextBuffer {
    private var memory: UnsafeMutableRawPointer
    private var capacity: Int

    /// Bytes written since the last ``removeAll()``.
    package private(set) var count = 0

    /// An empty buffer with room for `capacity` bytes.
    package init(capacity: Int = 8_192) {
        self.capacity = capacity
        memory = .allocate(byteCount: capacity, alignment: 16)
    }

    deinit { memory.deallocate() }

    /// The bytes written so far. Valid until the next change.
    package var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: memory, count: count)
    }

    /// Forgets what was written, and gives memory back that only a giant answer needed.
    package func removeAll() {
        count = 0
        if capacity > 1 << 20 {
            memory.deallocate()
            capacity = 8_192
            memory = .allocate(byteCount: capacity, alignment: 16)
        }
    }

    /// Makes room for `additional` bytes.
    @inline(__always)
    private func reserve(_ additional: Int) {
        if count + additional > capacity { grow(additional) }
    }

    private func grow(_ additional: Int) {
        capacity = max(capacity * 2, count + additional)
        let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
        larger.copyMemory(from: memory, byteCount: count)
        memory.deallocate()
        memory = larger
    }

    // MARK: Appending

    /// Appends one byte.
    @inline(__always)
    package func append(_ byte: UInt8) {
        reserve(1)
        memory.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    /// Appends text as it is.
    @inline(__always)
    package func append(_ text: StaticString) {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Appends bytes.
    @inline(__always)
    package func append(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        reserve(bytes.count)
        (memory + count).copyMemory(from: base, byteCount: bytes.count)
        count += bytes.count
    }

    /// Appends bytes.
    package func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { append($0) }
    }

    /// Appends text as it is. With a label, or every literal would be made a `String` first.
    package func append(text: String) {
        var text = text
        text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

    /// Appends a whole number in decimal digits.
    package func appendDecimal(_ value: Int) {
        if value < 0 { append(UInt8(ascii: "-")) }
        appendDecimal(value.magnitude)
    }

    /// Appends a whole number in decimal digits.
    @inline(__always)
    package func appendDecimal(_ value: UInt) {
        if value < 10 { return append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value)) }
        var digits = 1
        var bound: UInt = 10
        while value >= bound {
            digits += 1
            let (next, overflow) = bound.multipliedReportingOverflow(by: 10)
            if overflow { break }
            bound = next
        }
        reserve(digits)
        var rest = value
        for index in stride(from: count + digits - 1, through: count, by: -1) {
            memory.storeBytes(
                of: UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10), toByteOffset: index,
                as: UInt8.self)
            rest /= 10
        }
        count += digits
    }

    /// Appends thousandths as a number with three decimals, as in `12.345`.
    package func appendThousandths(_ value: UInt64) {
        appendDecimal(UInt(value / 1_000))
        let rest = UInt8(ascii: "0")
        let part = Int(value % 1_000)
        append(UInt8(ascii: "."))
        append(rest + UInt8(part / 100))
        append(rest + UInt8(part / 10 % 10))
        append(rest + UInt8(part % 10))
    }

    /// Appends sixteen hexadecimal digits.
    package func appendHexadecimal(_ value: UInt64) {
        reserve(16)
        memory.storeBytes(
            of: Self.hexadecimal(UInt32(truncatingIfNeeded: value >> 32)), toByteOffset: count,
            as: UInt64.self)
        memory.storeBytes(
            of: Self.hexadecimal(UInt32(truncatingIfNeeded: value)), toByteOffset: count + 8,
            as: UInt64.self)
        count += 16
    }

    /// Eight hexadecimal digits, the first in the lowest byte: all of them at once, a byte each.
    private static func hexadecimal(_ value: UInt32) -> UInt64 {
        var nibbles = UInt64(value)
        nibbles = (nibbles | nibbles << 16) & 0x0000_FFFF_0000_FFFF
        nibbles = (nibbles | nibbles << 8) & 0x00FF_00FF_00FF_00FF
        nibbles = (nibbles | nibbles << 4) & 0x0F0F_0F0F_0F0F_0F0F
        // Six more carries a digit from ten on into the next bit: one in each byte that is a letter.
        let letters = (nibbles + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        let distance = UInt64(UInt8(ascii: "a") - UInt8(ascii: "0") - 10)
        let zeros = 0x0101_0101_0101_0101 * UInt64(UInt8(ascii: "0"))
        return (nibbles + zeros + letters * distance).byteSwapped.littleEndian
    }
}
