package import EngineAPI
package import ServingModel
package import ServingRuntime

/// The best classes of each row of an output.
package struct Classification {
    /// Shape of ``tensor``: rows, if the model has them, by classes.
    package let shape: [Int]

    /// Strings of the form `value:index` or `value:index:label`.
    package let tensor: TensorBuffer

    /// Ranks one request's part of an output.
    package init(_ spec: TensorInterface, _ response: InferenceResponse, _ output: RequestedOutput)
    {
        let bytes = response.bytes(of: output.index)
        let rows = response.batch.isBatched ? response.rows.count : 1
        let values = Self.values(bytes, spec.dataType)
        let perRow = rows > 0 ? values.count / rows : 0
        let wanted = min(output.classification, perRow)
        var encoded: [UInt8] = []
        for row in 0..<rows {
            let part = values[row * perRow..<(row + 1) * perRow]
            let best = part.indices.sorted {
                part[$0] > part[$1] || (part[$0] == part[$1] && $0 < $1)
            }
            for index in best.prefix(wanted) {
                let position = index - row * perRow
                var text = "\(Self.text(bytes, spec.dataType, at: index)):\(position)"
                if position < spec.labels.count { text += ":\(spec.labels[position])" }
                withUnsafeBytes(of: UInt32(text.utf8.count).littleEndian) {
                    encoded.append(contentsOf: $0)
                }
                encoded.append(contentsOf: text.utf8)
            }
        }
        shape = response.batch.isBatched ? [rows, wanted] : [wanted]
        tensor = TensorBuffer(byteCount: encoded.count)
        tensor.memory.copyBytes(from: encoded)
    }

    /// Whether an output of this type can be ranked.
    package static func supports(_ dataType: DataType) -> Bool {
        switch dataType {
        case .bytes, .bool: false
        default: true
        }
    }

    /// An element as it is written in answers.
    private static func text(
        _ bytes: UnsafeRawBufferPointer, _ type: DataType, at index: Int
    ) -> String {
        func element<Element: BitwiseCopyable>(_ type: Element.Type) -> Element {
            bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Element>.size, as: type)
        }
        switch type {
        case .uint8: return "\(element(UInt8.self))"
        case .uint16: return "\(element(UInt16.self))"
        case .uint32: return "\(element(UInt32.self))"
        case .uint64: return "\(element(UInt64.self))"
        case .int8: return "\(element(Int8.self))"
        case .int16: return "\(element(Int16.self))"
        case .int32: return "\(element(Int32.self))"
        case .int64: return "\(element(Int64.self))"
        case .fp32: return "\(element(Float.self))"
        case .fp64: return "\(element(Double.self))"
        case .fp16: return "\(HalfPrecision.fp16(element(UInt16.self)))"
        case .bf16: return "\(HalfPrecision.bf16(element(UInt16.self)))"
        case .bytes, .bool: return ""
        }
    }

    /// The elements as they are ranked: what is not a number comes last.
    private static func values(_ bytes: UnsafeRawBufferPointer, _ type: DataType) -> [Double] {
        func each<Element: BitwiseCopyable>(
            _ element: Element.Type, _ convert: (Element) -> Double
        ) -> [Double] {
            (0..<bytes.count / MemoryLayout<Element>.size).map {
                let value = convert(
                    bytes.loadUnaligned(
                        fromByteOffset: $0 * MemoryLayout<Element>.size, as: Element.self))
                return value.isNaN ? -.infinity : value
            }
        }
        switch type {
        case .uint8: return each(UInt8.self) { Double($0) }
        case .uint16: return each(UInt16.self) { Double($0) }
        case .uint32: return each(UInt32.self) { Double($0) }
        case .uint64: return each(UInt64.self) { Double($0) }
        case .int8: return each(Int8.self) { Double($0) }
        case .int16: return each(Int16.self) { Double($0) }
        case .int32: return each(Int32.self) { Double($0) }
        case .int64: return each(Int64.self) { Double($0) }
        case .fp32: return each(Float.self) { Double($0) }
        case .fp64: return each(Double.self) { $0 }
        case .fp16: return each(UInt16.self) { Double(HalfPrecision.fp16($0)) }
        case .bf16: return each(UInt16.self) { Double(HalfPrecision.bf16($0)) }
        case .bytes, .bool: return []
        }
    }
}
