import GatewayHTTP
import ServingModel
import ServingRuntime
import Testing

/// One way in which a request can be wrong.
struct Fault: CustomTestStringConvertible, Sendable {
    /// Whom the error must name.
    enum Culprit {
        /// The input that was spoiled.
        case tensor
        /// One of the inputs.
        case anyTensor
        /// Nobody, but that a name is missing.
        case unnamed
    }

    typealias Spoil = @Sendable (inout InferCase, Int, inout SeededGenerator) -> Culprit?

    var testDescription: String
    /// Whether the input is written twice.
    var isRepeated = false
    /// Makes the input at that position wrong; `nil` when this fault does not apply to it.
    var spoil: Spoil

    init(_ name: String, isRepeated: Bool = false, _ spoil: @escaping Spoil) {
        testDescription = name
        self.isRepeated = isRepeated
        self.spoil = spoil
    }

    static let all = members + shapes + contents

    private static let members = [
        Fault("unknown name") { infer, index, _ in
            infer.inputs[index].name = "unknown"
            return .anyTensor
        },
        Fault("no name") { infer, index, _ in
            infer.inputs[index].name = nil
            return .unnamed
        },
        Fault("another input's name") { infer, index, _ in
            guard infer.inputs.count > 1 else { return nil }
            infer.inputs[index] = infer.inputs[(index + 1) % infer.inputs.count]
            return .anyTensor
        },
        Fault("given twice", isRepeated: true) { _, _, _ in .tensor },
        Fault("missing") { infer, index, _ in
            // Without the bytes of others, so that the missing input is the only fault.
            infer.inputs.remove(at: index)
            return .tensor
        },
        Fault("no element type") { infer, index, _ in
            infer.inputs[index].dataType = nil
            return .tensor
        },
        Fault("unknown element type") { infer, index, generator in
            infer.inputs[index].dataType = generator.pick(of: ["", "FP8", "fp32", "TYPE_INT8", "é"])
            return .tensor
        },
        Fault("another element type") { infer, index, generator in
            let types = DataType.allCases.filter { $0 != infer.inputs[index].spec.dataType }
            infer.inputs[index].dataType = generator.pick(of: types).rawValue
            return .tensor
        },
        Fault("no shape") { infer, index, _ in
            infer.inputs[index].shape = nil
            return .tensor
        },
        Fault("no data") { infer, index, _ in
            infer.inputs[index].data = nil
            infer.inputs[index].binary = nil
            return .tensor
        },
        Fault("data twice, as JSON and as bytes") { infer, index, _ in
            guard infer.inputs[index].data != nil else { return nil }
            infer.inputs[index].binary = infer.inputs[index].bytes
            return .tensor
        },
    ]

    private static let shapes = [
        Fault("one extent more") { infer, index, _ in
            infer.inputs[index].shape?.append(1)
            return .tensor
        },
        Fault("one extent less") { infer, index, _ in
            guard let shape = infer.inputs[index].shape, !shape.isEmpty else { return nil }
            infer.inputs[index].shape?.removeLast()
            return .tensor
        },
        Fault("a fixed extent changed") { infer, index, generator in
            let offset = infer.interface.isBatched ? 1 : 0
            let fixed = infer.inputs[index].spec.dims.indices.filter {
                infer.inputs[index].spec.dims[$0] >= 0
            }
            guard !fixed.isEmpty else { return nil }
            infer.inputs[index].shape?[generator.pick(of: fixed) + offset] += 1
            return .tensor
        },
        Fault("a negative extent") { infer, index, _ in
            guard let shape = infer.inputs[index].shape, !shape.isEmpty else { return nil }
            infer.inputs[index].shape?[0] = -1
            return .tensor
        },
        Fault("a giant extent") { infer, index, generator in
            guard let shape = infer.inputs[index].shape, !shape.isEmpty, !shape.contains(0)
            else { return nil }
            infer.inputs[index].shape?[0] = generator.pick(of: [1 << 33, 1 << 40, .max])
            return .tensor
        },
        Fault("other rows than the rest") { infer, index, _ in
            guard infer.interface.isBatched, infer.inputs.count > 1 else { return nil }
            let input = infer.inputs[index]
            guard let shape = input.shape, let data = input.data else { return nil }
            let perRow = data.count / shape[0]
            infer.inputs[index].shape?[0] += 1
            infer.inputs[index].data = data + data.prefix(perRow)
            return .anyTensor
        },
    ]

    private static let contents = [
        Fault("one element more") { infer, index, _ in
            guard let data = infer.inputs[index].data, let first = data.first else { return nil }
            infer.inputs[index].data = data + [first]
            return .tensor
        },
        Fault("one element less") { infer, index, _ in
            guard let data = infer.inputs[index].data, !data.isEmpty else { return nil }
            infer.inputs[index].data?.removeLast()
            return .tensor
        },
        Fault("an element of another kind") { infer, index, generator in
            guard let data = infer.inputs[index].data, !data.isEmpty else { return nil }
            let isText = infer.inputs[index].spec.dataType == .bytes
            let other = generator.pick(of: isText ? ["1", "true"] : ["\"1\"", "null", "{}"])
            infer.inputs[index].data?[generator.pick(0...data.count - 1)] = other
            return .tensor
        },
        Fault("a number out of range") { infer, index, generator in
            let type = infer.inputs[index].spec.dataType
            guard let data = infer.inputs[index].data, !data.isEmpty,
                ![.fp32, .fp64, .bytes].contains(type)
            else { return nil }
            let other = generator.pick(of: ["18446744073709551616", "-9223372036854775809", "0.5"])
            infer.inputs[index].data?[generator.pick(0...data.count - 1)] = other
            return .tensor
        },
        Fault("a size that is not that of the shape") { infer, index, generator in
            guard let binary = infer.inputs[index].binary, !binary.isEmpty else { return nil }
            infer.inputs[index].announced = binary.count - generator.pick(1...min(3, binary.count))
            return .tensor
        },
        Fault("more bytes announced than sent") { infer, index, _ in
            guard let binary = infer.inputs[index].binary,
                infer.inputs[index].spec.dataType == .bytes,
                infer.inputs.filter({ $0.binary != nil }).count == 1
            else { return nil }
            infer.inputs[index].announced = binary.count + 1
            return .tensor
        },
        Fault("a negative size") { infer, index, _ in
            guard infer.inputs[index].binary != nil else { return nil }
            infer.inputs[index].announced = -1
            return .tensor
        },
        Fault("strings whose lengths do not add up") { infer, index, generator in
            guard infer.inputs[index].spec.dataType == .bytes,
                let binary = infer.inputs[index].binary, !binary.isEmpty
            else { return nil }
            infer.inputs[index].binary?[0] = binary[0] &+ UInt8(generator.pick(1...255))
            return .tensor
        },
    ]
}
