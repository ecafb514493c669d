internal import ServingModel

extension ConfigurationValidator {
    /// Most dimensions of a tensor.
    private static var rankLimit: Int { 32 }

    mutating func validateInputs() -> [TensorConfiguration] {
        var seen: Set<String> = []
        return message.input.enumerated().map { index, input in
            let path = FieldPath.field("input", index)
            checkInputFeatures(input, path)
            checkTensorName(input.name, path, seen: &seen)
            return TensorConfiguration(
                name: input.name, dataType: validateDataType(input.dataType, path),
                dims: validateDims(input.dims, path.field("dims")),
                reshape: input.hasReshape
                    ? validateReshape(input.reshape.shape, dims: input.dims, path) : nil,
                labelFileName: nil)
        }
    }

    mutating func validateOutputs() -> [TensorConfiguration] {
        var seen: Set<String> = []
        return message.output.enumerated().map { index, output in
            let path = FieldPath.field("output", index)
            refuse(output.isShapeTensor, path.field("is_shape_tensor"))
            refuse(output.isNonLinearFormatIo, path.field("is_non_linear_format_io"))
            checkTensorName(output.name, path, seen: &seen)
            checkFileName(output.labelFilename, path.field("label_filename"))
            return TensorConfiguration(
                name: output.name, dataType: validateDataType(output.dataType, path),
                dims: validateDims(output.dims, path.field("dims")),
                reshape: output.hasReshape
                    ? validateReshape(output.reshape.shape, dims: output.dims, path) : nil,
                labelFileName: output.labelFilename.isEmpty ? nil : output.labelFilename)
        }
    }

    private mutating func checkInputFeatures(_ input: Inference_ModelInput, _ path: FieldPath) {
        refuse(input.isShapeTensor, path.field("is_shape_tensor"))
        refuse(input.allowRaggedBatch, path.field("allow_ragged_batch"))
        refuse(input.optional, path.field("optional"))
        refuse(input.isNonLinearFormatIo, path.field("is_non_linear_format_io"))
        if case .UNRECOGNIZED(let number) = input.format {
            problems.add(
                .invalid, path.field("format"),
                "is \(number); FORMAT_NONE, FORMAT_NHWC or FORMAT_NCHW is allowed")
        } else if input.format != .none, !input.dims.isEmpty, input.dims.count != 3 {
            problems.add(
                .invalid, path.field("dims"),
                "has \(input.dims.count) extents; an image format takes 3")
        }
    }

    private mutating func checkTensorName(
        _ name: String, _ path: FieldPath, seen: inout Set<String>
    ) {
        if name.isEmpty {
            problems.add(.invalid, path.field("name"), "is empty; every tensor has a name")
        } else if !seen.insert(name).inserted {
            problems.add(
                .invalid, path.field("name"), "'\(name.abridged)' is used by an earlier tensor")
        }
    }

    private mutating func validateDataType(
        _ type: Inference_DataType, _ path: FieldPath
    ) -> DataType {
        if let dataType = DataType(type) { return dataType }
        problems.add(
            .invalid, path.field("data_type"),
            "is not set to an element type; allowed are \(DataType.configurationNames)")
        return .fp32
    }

    private mutating func validateDims(_ dims: [Int64], _ path: FieldPath) -> [Int] {
        if dims.count > Self.rankLimit {
            problems.add(
                .invalid, path, "has \(dims.count) extents; \(Self.rankLimit) are allowed")
            return []
        }
        var elements = 1
        for dim in dims {
            if dim == 0 || dim < -1 {
                problems.add(
                    .invalid, path,
                    "has \(dim); an extent is 1 or more, or -1 where any is accepted")
                return []
            }
            let (product, overflow) = elements.multipliedReportingOverflow(by: max(1, Int(dim)))
            // Eight bytes an element, with room for a batch.
            if overflow || product > Int.max >> 20 {
                problems.add(.invalid, path, "describes more elements than memory can hold")
                return []
            }
            elements = product
        }
        return dims.map { Int($0) }
    }

    private mutating func validateReshape(
        _ shape: [Int64], dims: [Int64], _ tensor: FieldPath
    ) -> [Int] {
        let path = tensor.field("reshape").field("shape")
        let before = problems.findings.count
        let reshaped = validateDims(shape, path)
        if problems.findings.count > before { return reshaped }
        if dims.isEmpty {
            problems.add(.invalid, path, "needs 'dims' beside it to say what is reshaped")
        } else if shape.isEmpty, message.maxBatchSize <= 0 {
            problems.add(.invalid, path, "is empty, which needs a max_batch_size of 1 or more")
        } else if dims.allSatisfy({ $0 == -1 || $0 > 0 }), runs(dims) != runs(shape) {
            problems.add(
                .invalid, path,
                "\(shape) holds another number of elements than dims \(dims)")
        }
        return reshaped
    }

    /// Elements between the variable extents: two shapes agree for every request only when these do.
    private func runs(_ dims: [Int64]) -> [Int64] {
        dims.split(separator: -1, omittingEmptySubsequences: false).map { run in
            run.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
        }
    }
}
