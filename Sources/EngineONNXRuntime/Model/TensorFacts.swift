internal import COnnxRuntime
internal import EngineAPI
internal import ServingModel

/// What a model file says about one of its inputs or outputs.
struct TensorFacts {
    var spec: TensorSpec

    /// Names of the dimensions, empty where a dimension has none; as many as `spec.shape` has
    /// extents.
    var symbols: [String]

    /// Whether the file may have left the shape open: ONNX Runtime reports an unknown shape as that
    /// of a scalar, so of a scalar nothing is certain.
    var isShapeUncertain: Bool { spec.shape.isEmpty }

    /// Which side of a session to read.
    enum Side {
        case inputs
        case outputs

        var word: String { self == .inputs ? "input" : "output" }
        var countIndex: Int32 {
            (self == .inputs ? CORT_SessionGetInputCount : CORT_SessionGetOutputCount).index
        }
        var nameIndex: Int32 {
            (self == .inputs ? CORT_SessionGetInputName : CORT_SessionGetOutputName).index
        }
        var typeIndex: Int32 {
            (self == .inputs ? CORT_SessionGetInputTypeInfo : CORT_SessionGetOutputTypeInfo).index
        }
    }

    /// Reads all inputs or outputs of `session`, in the file's order.
    ///
    /// - Throws: Kind `invalidModel` for anything that is not a tensor of a type that Headway
    ///   serves.
    static func read(
        _ side: Side, of session: OrtHandle, _ library: OrtLibrary, model: String
    ) throws(EngineError) -> [TensorFacts] {
        do {
            let api = library.api
            var count = 0
            try api.check(
                cort_session_count(api.table, side.countIndex, session.pointer, &count))
            var result: [TensorFacts] = []
            for position in 0..<count {
                let name = try name(side, position, session, library)
                let type = try api.make(releasedBy: CORT_ReleaseTypeInfo) {
                    cort_session_type_info(
                        api.table, side.typeIndex, session.pointer, position, $0)
                }
                result.append(try read(type, name: name, api))
            }
            return result
        } catch let failure as OrtFailure {
            throw EngineError(.invalidModel, "model '\(model)': \(failure.message)")
        } catch let unserved as Unserved {
            throw EngineError(
                .invalidModel,
                "model '\(model)': \(side.word) '\(unserved.name)' is \(unserved.kind); "
                    + "Headway serves tensors of the KServe element types")
        } catch {
            throw EngineError(.invalidModel, "model '\(model)': \(error)")
        }
    }

    /// An input or output of a kind that Headway does not serve.
    private struct Unserved: Error {
        var name: String
        var kind: String
    }

    private static func name(
        _ side: Side, _ position: Int, _ session: OrtHandle, _ library: OrtLibrary
    ) throws(OrtFailure) -> String {
        let table = library.api.table
        var name: UnsafeMutablePointer<CChar>?
        try library.api.check(
            cort_session_name(
                table, side.nameIndex, session.pointer, position, library.allocator, &name))
        guard let name else { return "" }
        let text = String(cString: name)
        try library.api.check(cort_allocator_free(table, library.allocator, name))
        return text
    }

    private static func read(
        _ type: OrtHandle, name: String, _ api: OrtAPI
    ) throws -> TensorFacts {
        var kind: Int32 = 0
        try api.check(cort_onnx_type(api.table, type.pointer, &kind))
        var info: OpaquePointer?
        if kind == tensorKind {
            try api.check(cort_tensor_info_of(api.table, type.pointer, &info))
        }
        guard let info else { throw Unserved(name: name, kind: describe(kind)) }
        var number: Int32 = 0
        try api.check(cort_element_type(api.table, info, &number))
        guard let dataType = ElementType.dataType(number) else {
            throw Unserved(name: name, kind: "a tensor of ONNX element type \(number)")
        }
        let shape = try shape(of: info, api)
        var symbols = [UnsafePointer<CChar>?](repeating: nil, count: shape.count)
        try api.check(cort_symbolic_dimensions(api.table, info, &symbols, shape.count))
        return TensorFacts(
            spec: TensorSpec(
                name: name, dataType: dataType, shape: shape.map { $0 < 0 ? -1 : $0 }),
            symbols: symbols.map { $0.map { String(cString: $0) } ?? "" })
    }

    /// The extents that `info` reports.
    static func shape(of info: OpaquePointer, _ api: OrtAPI) throws(OrtFailure) -> [Int] {
        var rank = 0
        try api.check(cort_dimension_count(api.table, info, &rank))
        var shape = [Int](repeating: 0, count: rank)
        try api.check(cort_dimensions(api.table, info, &shape, rank))
        return shape
    }

    /// ONNX Runtime's number for tensors.
    private static let tensorKind: Int32 = 1

    private static func describe(_ kind: Int32) -> String {
        switch kind {
        case 2: "a sequence"
        case 3: "a map"
        case 5: "a sparse tensor"
        case 6: "an optional value"
        default: "of an unknown kind (\(kind))"
        }
    }
}
