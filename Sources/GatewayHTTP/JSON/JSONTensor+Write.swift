internal import NIOCore
internal import ServingModel

/// Writes tensors as flat JSON arrays.
extension ByteBuffer {
    /// Writes the elements of a tensor in `bytes`.
    mutating func writeElements(_ bytes: UnsafeRawBufferPointer, _ dataType: DataType) {
        writeInteger(UInt8(ascii: "["))
        switch dataType {
        case .bool:
            for (index, byte) in bytes.enumerated() {
                if index > 0 { writeInteger(UInt8(ascii: ",")) }
                if byte == 0 { writeStaticString("false") } else { writeStaticString("true") }
            }
        case .uint8: writeIntegers(bytes, UInt8.self)
        case .uint16: writeIntegers(bytes, UInt16.self)
        case .uint32: writeIntegers(bytes, UInt32.self)
        case .uint64:
            writeEach(bytes, UInt64.self) { buffer, value in
                if let small = Int(exactly: value) {
                    buffer.writeDecimal(small)
                } else {
                    buffer.writeString(String(value))
                }
            }
        case .int8: writeIntegers(bytes, Int8.self)
        case .int16: writeIntegers(bytes, Int16.self)
        case .int32: writeIntegers(bytes, Int32.self)
        case .int64: writeIntegers(bytes, Int64.self)
        case .fp32: writeEach(bytes, Float.self) { $0.writeNumber($1) }
        case .fp64: writeEach(bytes, Double.self) { $0.writeNumber($1) }
        case .fp16: writeEach(bytes, UInt16.self) { $0.writeNumber(HalfPrecision.fp16($1)) }
        case .bf16: writeEach(bytes, UInt16.self) { $0.writeNumber(HalfPrecision.bf16($1)) }
        case .bytes: writeStrings(bytes)
        }
        writeInteger(UInt8(ascii: "]"))
    }

    private mutating func writeIntegers<Integer: FixedWidthInteger & BitwiseCopyable>(
        _ bytes: UnsafeRawBufferPointer, _ type: Integer.Type
    ) {
        writeEach(bytes, type) { $0.writeDecimal(Int($1)) }
    }

    private mutating func writeEach<Element: BitwiseCopyable>(
        _ bytes: UnsafeRawBufferPointer, _ type: Element.Type,
        _ body: (inout ByteBuffer, Element) -> Void
    ) {
        for index in 0..<bytes.count / MemoryLayout<Element>.size {
            if index > 0 { writeInteger(UInt8(ascii: ",")) }
            body(
                &self,
                bytes.loadUnaligned(
                    fromByteOffset: index * MemoryLayout<Element>.size, as: Element.self))
        }
    }

    private mutating func writeStrings(_ bytes: UnsafeRawBufferPointer) {
        var position = 0
        while position + 4 <= bytes.count {
            if position > 0 { writeInteger(UInt8(ascii: ",")) }
            let length = Int(
                UInt32(
                    littleEndian: bytes.loadUnaligned(
                        fromByteOffset: position, as: UInt32.self)))
            let element = UnsafeRawBufferPointer(
                rebasing: bytes[position + 4..<position + 4 + length])
            if String(validating: element, as: UTF8.self) != nil {
                writeJSONString(element)
            } else {
                writeJSONString(String(decoding: element, as: UTF8.self))
            }
            position += 4 + length
        }
    }
}

/// The two 16-bit floating-point formats, for JSON answers.
enum HalfPrecision {
    /// Brain floating point: the upper half of an IEEE single.
    static func bf16(_ bits: UInt16) -> Float {
        Float(bitPattern: UInt32(bits) << 16)
    }

    /// IEEE 754 half precision.
    static func fp16(_ bits: UInt16) -> Float {
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
