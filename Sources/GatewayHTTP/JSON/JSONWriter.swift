internal import NIOCore

/// Writes JSON text to a buffer without an intermediate tree.
extension ByteBuffer {
    /// Writes `text` with quotes and escapes.
    mutating func writeJSONString(_ text: String) {
        var text = text
        text.withUTF8 { writeJSONString(UnsafeRawBufferPointer($0)) }
    }

    /// Writes UTF-8 text with quotes and escapes.
    mutating func writeJSONString(_ bytes: UnsafeRawBufferPointer) {
        writeInteger(UInt8(ascii: "\""))
        var clean = 0
        for (index, byte) in bytes.enumerated() where byte < 0x20 || byte == 0x22 || byte == 0x5C {
            writeBytes(UnsafeRawBufferPointer(rebasing: bytes[clean..<index]))
            clean = index + 1
            switch byte {
            case 0x22: writeStaticString("\\\"")
            case 0x5C: writeStaticString("\\\\")
            case 0x0A: writeStaticString("\\n")
            case 0x0D: writeStaticString("\\r")
            case 0x09: writeStaticString("\\t")
            default:
                writeStaticString("\\u00")
                let digits: [UInt8] = Array("0123456789abcdef".utf8)
                writeInteger(digits[Int(byte >> 4)])
                writeInteger(digits[Int(byte & 15)])
            }
        }
        writeBytes(UnsafeRawBufferPointer(rebasing: bytes[clean...]))
        writeInteger(UInt8(ascii: "\""))
    }

    /// Writes a whole number in decimal digits.
    mutating func writeDecimal(_ value: Int) {
        if value >= 0 && value < 10 {
            writeInteger(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value))
            return
        }
        if value < 0 { writeInteger(UInt8(ascii: "-")) }
        var magnitude = value.magnitude
        withUnsafeTemporaryAllocation(byteCount: 20, alignment: 1) { digits in
            var index = 20
            repeat {
                index -= 1
                digits[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: magnitude % 10)
                magnitude /= 10
            } while magnitude > 0
            writeBytes(UnsafeRawBufferPointer(rebasing: digits[index...]))
        }
    }

    /// Writes thousandths as a number with three decimals, as in `12.345`.
    mutating func writeThousandths(_ value: UInt64) {
        writeDecimal(Int(value / 1_000))
        let rest = Int(value % 1_000)
        writeInteger(UInt8(ascii: "."))
        writeInteger(UInt8(ascii: "0") + UInt8(rest / 100))
        writeInteger(UInt8(ascii: "0") + UInt8(rest / 10 % 10))
        writeInteger(UInt8(ascii: "0") + UInt8(rest % 10))
    }

    /// Writes the shortest text that reads back as the same number. Infinities and not-a-number are
    /// written as Python's `json` module does.
    mutating func writeNumber<Value: BinaryFloatingPoint & LosslessStringConvertible>(
        _ value: Value
    ) {
        if value.isFinite {
            var text = "\(value)"
            text.withUTF8 { _ = writeBytes($0) }
        } else if value.isNaN {
            writeStaticString("NaN")
        } else {
            writeStaticString(value < 0 ? "-Infinity" : "Infinity")
        }
    }

    /// Writes a list of extents with brackets.
    mutating func writeShape(_ shape: [Int]) {
        writeInteger(UInt8(ascii: "["))
        for (index, extent) in shape.enumerated() {
            if index > 0 { writeInteger(UInt8(ascii: ",")) }
            writeDecimal(extent)
        }
        writeInteger(UInt8(ascii: "]"))
    }
}
