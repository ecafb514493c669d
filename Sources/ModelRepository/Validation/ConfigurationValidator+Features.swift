extension ConfigurationValidator {
    /// Reports features that would change answers and that this server does not have: serving the
    /// model without them would be wrong, so it is not served.
    mutating func checkUnsupportedFields() {
        switch message.schedulingChoice {
        case .sequenceBatching: refuse(true, .field("sequence_batching"))
        case .ensembleScheduling: refuse(true, .field("ensemble_scheduling"))
        case .dynamicBatching, nil: break
        }
        refuse(!message.batchInput.isEmpty, .field("batch_input"))
        refuse(!message.batchOutput.isEmpty, .field("batch_output"))
        refuse(
            message.modelTransactionPolicy.decoupled,
            .field("model_transaction_policy").field("decoupled"))
        // Agents verify or decrypt models: leaving them out is not a matter of speed.
        refuse(
            !message.modelRepositoryAgents.agents.isEmpty,
            .field("model_repository_agents").field("agents"))
    }

    /// Notes fields that are hints, or that concern reports only.
    mutating func noteIgnoredFields() {
        ignore(!message.runtime.isEmpty, .field("runtime"))
        ignore(message.hasOptimization, .field("optimization"))
        ignore(!message.ccModelFilenames.isEmpty, .field("cc_model_filenames"))
        ignore(!message.metricTags.isEmpty, .field("metric_tags"))
        ignore(message.hasModelMetrics, .field("model_metrics"))
    }

    /// Reports a feature that is asked for and missing.
    mutating func refuse(_ isSet: Bool, _ path: FieldPath) {
        if isSet {
            problems.add(.unsupported, path, "is not supported by this server yet")
        }
    }

    /// Notes a field that is set and has no effect.
    mutating func ignore(_ isSet: Bool, _ path: FieldPath) {
        if isSet { ignoredFields.append(path.description) }
    }
}
