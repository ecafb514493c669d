extension JSONValue {
    /// A whole configuration, members in the order of the schema.
    static func config(_ config: Inference_ModelConfig) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("name", .string(config.name)),
            ("platform", .string(config.platform)),
            ("backend", .string(config.backend)),
            ("runtime", .string(config.runtime)),
        ]
        if config.hasVersionPolicy {
            members.append(("version_policy", versionPolicy(config.versionPolicy)))
        }
        members += [
            ("max_batch_size", .integer(Int64(config.maxBatchSize))),
            ("input", .array(config.input.map(input))),
            ("output", .array(config.output.map(output))),
            ("batch_input", .array(config.batchInput.map { message($0) })),
            ("batch_output", .array(config.batchOutput.map { message($0) })),
        ]
        if config.hasOptimization {
            members.append(("optimization", message(config.optimization)))
        }
        switch config.schedulingChoice {
        case .dynamicBatching(let batching):
            members.append(("dynamic_batching", dynamicBatching(batching)))
        case .sequenceBatching(let batching):
            members.append(("sequence_batching", message(batching)))
        case .ensembleScheduling(let ensemble):
            members.append(("ensemble_scheduling", message(ensemble)))
        case nil:
            break
        }
        return .object(members + trailingMembers(config))
    }

    private static func trailingMembers(
        _ config: Inference_ModelConfig
    ) -> [(String, JSONValue)] {
        var members: [(String, JSONValue)] = [
            ("instance_group", .array(config.instanceGroup.map(instanceGroup))),
            ("default_model_filename", .string(config.defaultModelFilename)),
            ("cc_model_filenames", .map(config.ccModelFilenames, JSONValue.string)),
            ("metric_tags", .map(config.metricTags, JSONValue.string)),
            (
                "parameters",
                .map(config.parameters) { .object([("string_value", .string($0.stringValue))]) }
            ),
            ("model_warmup", .array(config.modelWarmup.map(warmup))),
        ]
        if config.hasModelOperations {
            members.append(
                (
                    "model_operations",
                    .object([
                        (
                            "op_library_filename",
                            .strings(config.modelOperations.opLibraryFilename)
                        )
                    ])
                ))
        }
        if config.hasModelTransactionPolicy {
            members.append(
                (
                    "model_transaction_policy",
                    .object([("decoupled", .bool(config.modelTransactionPolicy.decoupled))])
                ))
        }
        if config.hasModelRepositoryAgents {
            members.append(("model_repository_agents", message(config.modelRepositoryAgents)))
        }
        if config.hasResponseCache {
            members.append(
                ("response_cache", .object([("enable", .bool(config.responseCache.enable))])))
        }
        if config.hasModelMetrics {
            members.append(("model_metrics", message(config.modelMetrics)))
        }
        return members
    }

    private static func versionPolicy(_ policy: Inference_ModelVersionPolicy) -> JSONValue {
        switch policy.policyChoice {
        case .latest(let latest):
            .object([
                (
                    "latest",
                    .object([("num_versions", .integer(Int64(latest.numVersions)))])
                )
            ])
        case .all:
            .object([("all", .object([]))])
        case .specific(let specific):
            .object([("specific", .object([("versions", .integers(specific.versions))]))])
        case nil:
            .object([])
        }
    }

    private static func input(_ input: Inference_ModelInput) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("name", .string(input.name)),
            ("data_type", name(of: input.dataType)),
            ("format", name(of: input.format)),
            ("dims", .integers(input.dims)),
        ]
        if input.hasReshape {
            members.append(("reshape", .object([("shape", .integers(input.reshape.shape))])))
        }
        members += [
            ("is_shape_tensor", .bool(input.isShapeTensor)),
            ("allow_ragged_batch", .bool(input.allowRaggedBatch)),
            ("optional", .bool(input.optional)),
            ("is_non_linear_format_io", .bool(input.isNonLinearFormatIo)),
        ]
        return .object(members)
    }

    private static func output(_ output: Inference_ModelOutput) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("name", .string(output.name)),
            ("data_type", name(of: output.dataType)),
            ("dims", .integers(output.dims)),
        ]
        if output.hasReshape {
            members.append(("reshape", .object([("shape", .integers(output.reshape.shape))])))
        }
        members += [
            ("label_filename", .string(output.labelFilename)),
            ("is_shape_tensor", .bool(output.isShapeTensor)),
            ("is_non_linear_format_io", .bool(output.isNonLinearFormatIo)),
        ]
        return .object(members)
    }
}
