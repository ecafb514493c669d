package import ServingModel

/// JSON, written front to back without a tree.
extension TextBuffer {
    /// Appends `text` with quotes and escapes.
    package func appendJSON(_ text: String) {
        var text = text
        text.withUTF8 { appendJSON(UnsafeRawBufferPointer($0)) }
    }

    /// Appends UTF-8 text with quotes and escapes.
    package func appendJSON(_ bytes: UnsafeRawBufferPointer) {
        append(UInt8(ascii: "\""))
        var clean = 0
        for (index, byte) in bytes.enumerated() where byte < 0x20 || byte == 0x22 || byte == 0x5C {
            append(UnsafeRawBufferPointer(rebasing: bytes[clean..<index]))
            clean = index + 1
            appendEscape(byte)
        }
        append(UnsafeRawBufferPointer(rebasing: bytes[clean...]))
        append(UInt8(ascii: "\""))
    }

    private func appendEscape(_ byte: UInt8) {
        switch byte {
        case 0x22: append("\\\"")
        case 0x5C: append("\\\\")
        case 0x0A: append("\\n")
        case 0x0D: append("\\r")
        case 0x09: append("\\t")
        default:
            append("\\u00")
            append(byte < 0x10 ? UInt8(ascii: "0") : UInt8(ascii: "1"))
            let low = byte & 15
            append(low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") + low - 10)
        }
    }

    /// Appends a list of extents with brackets.
    package func appendShape(_ shape: [Int]) {
        append(UInt8(ascii: "["))
        for (index, extent) in shape.enumerated() {
            if index > 0 { append(UInt8(ascii: ",")) }
            appendDecimal(extent)
        }
        append(UInt8(ascii: "]"))
    }

    /// Appends the shortest text that reads back as the same number. Infinities and not-a-number are
    /// written as Python's `json` module does.
    package func appendNumber<Value: BinaryFloatingPoint & LosslessStringConvertible>(
        _ value: Value
    ) {
        if value.isFinite {
            append(text: "\(value)")
        } else if value.isNaN {
            append("NaN")
        } else if value < 0 {
            append("-Infinity")
        } else {
            append("Infinity")
        }
    }

    // MARK: Tensors

    /// Appends the elements of a tensor as a flat array.
    package func appendElements(_ bytes: UnsafeRawBufferPointer, _ dataType: DataType) {
        append(UInt8(ascii: "["))
        switch dataType {
        case .bool: appendEach(bytes, UInt8.self) { $0.append($1 == 0 ? "false" : "true") }
        case .uint8: appendEach(bytes, UInt8.self) { $0.appendDecimal(UInt($1)) }
        case .uint16: appendEach(bytes, UInt16.self) { $0.appendDecimal(UInt($1)) }
        case .uint32: appendEach(bytes, UInt32.self) { $0.appendDecimal(UInt($1)) }
        case .uint64: appendEach(bytes, UInt64.self) { $0.appendDecimal(UInt($1)) }
        case .int8: appendEach(bytes, Int8.self) { $0.appendDecimal(Int($1)) }
        case .int16: appendEach(bytes, Int16.self) { $0.appendDecimal(Int($1)) }
        case .int32: appendEach(bytes, Int32.self) { $0.appendDecimal(Int($1)) }
        case .int64: appendEach(bytes, Int64.self) { $0.appendDecimal(Int($1)) }
        case .fp32: appendEach(bytes, Float.self) { $0.appendNumber($1) }
        case .fp64: appendEach(bytes, Double.self) { $0.appendNumber($1) }
        case .fp16: appendEach(bytes, UInt16.self) { $0.appendNumber(HalfPrecision.fp16($1)) }
        case .bf16: appendEach(bytes, UInt16.self) { $0.appendNumber(HalfPrecision.bf16($1)) }
        case .bytes: appendStrings(bytes)
        }
        append(UInt8(ascii: "]"))
    }

    @inline(__always)
    private func appendEach<Element: BitwiseCopyable>(
        _ bytes: UnsafeRawBufferPointer, _ type: Element.Type,
        _ body: (TextBuffer, Element) -> Void
    ) {
        for index in 0..<bytes.count / MemoryLayout<Element>.size {
            if index > 0 { append(UInt8(ascii: ",")) }
            body(
                self,
                bytes.loadUnaligned(
                    fromByteOffset: index * MemoryLayout<Element>.size, as: Element.self))
        }
    }

    /// The layout of `bytes` was checked when the batch's outputs were indexed.
    private func appendStrings(_ bytes: UnsafeRawBufferPointer) {
        var position = 0
        while position + 4 <= bytes.count {
            if position > 0 { append(UInt8(ascii: ",")) }
            let length = bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self)
            let end = position + 4 + Int(UInt32(littleEndian: length))
            let element = UnsafeRawBufferPointer(rebasing: bytes[position + 4..<end])
            // JSON is UTF-8: what is not is repaired, as far as text can be.
            appendJSON(String(decoding: element, as: UTF8.self))
            position = end
        }
    }
}

/// The two 16-bit floating-point formats, for JSON answers.
package enum HalfPrecision {
    /// Brain floating point: the upper half of an IEEE single.
    package static func bf16(_ bits: UInt16) -> Float {
        Float(bitPattern: UInt32(bits) << 16)
    }

    /// IEEE 754 half precision.
    package static func fp16(_ bits: UInt16) -> Float {
        let sign: Float = bits & 0x8000 == 0 ? 1 : -1
        let exponent = Int(bits >> 10 & 0x1F)
        let fraction = Float(bits & 0x3FF) / 1024
        switch exponent {
        case 0: return sign * fraction * Float(sign: .plus, exponent: -14, significand: 1)
        case 31: return fraction == 0 ? sign * .infinity : .nan
        default:
            return sign * Float(sign: .plus, exponent: exponent - 15, significand: 1 + fraction)
        }
    }
}
