internal import EngineAPI

/// Reads one model's directory.
struct ModelReader {
    let model: ModelDirectory
    let engines: [EngineDescriptor]

    /// What was found, healthy or not.
    ///
    /// - Parameter given: Used in place of the configuration file, when not `nil`.
    func entry(configuration given: ModelConfiguration?) -> ModelEntry {
        if Folder.kind(of: model.path) == .missing {
            return broken("'\(model.path)' is a link that leads nowhere", versions: [])
        }
        let versions: [Int]
        do {
            versions = try Folder.visibleNames(in: model.path).compactMap(version(of:)).sorted()
        } catch {
            return broken("'\(model.path)' \(error.reason)", versions: [])
        }
        if let given { return entry(given, versions) }
        do {
            return entry(try readConfiguration(versions), versions)
        } catch {
            return broken(error, versions: versions)
        }
    }

    private func entry(_ configuration: ModelConfiguration, _ found: [Int]) -> ModelEntry {
        let engine: EngineDescriptor
        do {
            engine = try EngineChoice(engines: engines).engine(
                for: configuration, versionDirectories: found.reversed().map(path(ofVersion:)))
        } catch {
            return make(
                versions: found, configuration: .success(configuration), problem: error.reason)
        }
        // An engine without files needs no directory to hold them.
        let versions = found.isEmpty && engine.defaultFileName.isEmpty ? [1] : found
        if versions.isEmpty {
            return make(
                versions: [], configuration: .success(configuration),
                problem: "'\(model.path)' has no version directory, such as '1'")
        }
        let selection = configuration.versionPolicy.select(from: versions)
        var unservable = selection.missing.map {
            UnservableVersion(
                version: $0, reason: "version_policy asks for version \($0), which does not exist")
        }
        var servable: [ServableVersion] = []
        for version in selection.chosen {
            do {
                servable.append(try servableVersion(version, configuration, engine))
            } catch {
                unservable.append(UnservableVersion(version: version, reason: error.description))
            }
        }
        unservable.sort { $0.version < $1.version }
        let problem = unservable.map(\.reason).joined(separator: "; ")
        return make(
            versions: versions, configuration: .success(configuration), servable: servable,
            unservable: unservable, problem: problem.isEmpty ? nil : problem)
    }

    private func servableVersion(
        _ version: Int, _ configuration: ModelConfiguration, _ engine: EngineDescriptor
    ) throws(ConfigurationError) -> ServableVersion {
        let fileName =
            configuration.defaultModelFileName.isEmpty
            ? engine.defaultFileName : configuration.defaultModelFileName
        let file = fileName.isEmpty ? "" : Folder.join(path(ofVersion: version), fileName)
        if !file.isEmpty, Folder.kind(of: file) == .missing {
            throw .single(
                .unreadable, .field("default_model_filename"),
                "version \(version) has no file '\(file)'")
        }
        let named = try configuration.naming(engine: engine, fileName: fileName)
        let libraries = try operatorLibraries(of: named, for: engine)
        let isBatched = named.largestPossibleBatch > 0
        return ServableVersion(
            model: model.name, version: version, directory: model.path, engine: engine,
            source: ModelSource(
                name: model.name, path: file, maxBatchSize: named.largestPossibleBatch,
                declared: ModelSignature(
                    inputs: named.inputs.map { $0.engineSpec(batched: isBatched) },
                    outputs: named.outputs.map { $0.engineSpec(batched: isBatched) }),
                parameters: named.parameters, threadsPerInstance: named.threadsPerInstance ?? 1,
                operatorLibraries: libraries),
            configuration: named, labels: try labels(of: named, version: version))
    }

    /// Paths of the libraries that the configuration names.
    private func operatorLibraries(
        of configuration: ModelConfiguration, for engine: EngineDescriptor
    ) throws(ConfigurationError) -> [String] {
        var paths: [String] = []
        for (index, name) in configuration.operatorLibraries.enumerated() {
            guard engine.takesOperatorLibraries else {
                throw .single(
                    .unsupported, .operatorLibraries(),
                    "engine '\(engine.name)' takes no libraries of operators")
            }
            let path = name.hasPrefix("/") ? name : Folder.join(model.path, name)
            guard Folder.kind(of: path) == .file else {
                throw .single(.unreadable, .operatorLibraries(index), "there is no file '\(path)'")
            }
            paths.append(path)
        }
        return paths
    }

    private func labels(
        of configuration: ModelConfiguration, version: Int
    ) throws(ConfigurationError) -> [String: [String]] {
        var labels: [String: [String]] = [:]
        for (index, output) in configuration.outputs.enumerated() {
            guard let fileName = output.labelFileName else { continue }
            // A version may bring labels of its own; most models share one file.
            let own = Folder.join(path(ofVersion: version), fileName)
            let file = Folder.kind(of: own) == .file ? own : Folder.join(model.path, fileName)
            do {
                labels[output.name] = try LabelFile.read(file)
            } catch {
                throw .single(
                    .unreadable, .field("output", index).field("label_filename"),
                    "'\(file)' \(error.reason)")
            }
        }
        return labels
    }
}

extension ModelReader {
    private func readConfiguration(
        _ versions: [Int]
    ) throws(ConfigurationError) -> ModelConfiguration {
        let file = Folder.join(model.path, ModelRepository.configurationFileName)
        if Folder.kind(of: file) == .missing {
            if versions.isEmpty {
                throw .single(
                    .unreadable, .root,
                    "'\(model.path)' has neither a \(ModelRepository.configurationFileName) nor a"
                        + " version directory, such as '1'")
            }
            return try ModelConfiguration(unconfigured: model.name)
        }
        let bytes: [UInt8]
        do {
            bytes = try Folder.read(file, limit: PbtxtReader.byteLimit)
        } catch {
            throw .single(.unreadable, .root, "'\(file)' \(error.reason)")
        }
        return try ModelConfiguration(pbtxt: bytes, file: file, directoryName: model.name)
    }

    /// The version that a directory holds; `nil` for other entries. As in Triton, names with a
    /// leading zero are none.
    private func version(of name: String) -> Int? {
        guard !name.hasPrefix("0"), name.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let version = Int(name), Folder.kind(of: path(ofVersion: version)) == .directory
        else { return nil }
        return version
    }

    private func path(ofVersion version: Int) -> String {
        Folder.join(model.path, "\(version)")
    }

    private func broken(_ error: ConfigurationError, versions: [Int]) -> ModelEntry {
        make(
            versions: versions, configuration: .failure(error), problem: error.description)
    }

    private func broken(_ message: String, versions: [Int]) -> ModelEntry {
        broken(.single(.unreadable, .root, message), versions: versions)
    }

    private func make(
        versions: [Int], configuration: Result<ModelConfiguration, ConfigurationError>,
        servable: [ServableVersion] = [], unservable: [UnservableVersion] = [], problem: String?
    ) -> ModelEntry {
        ModelEntry(
            name: model.name, directory: model.path, shadowedDirectories: model.shadowed,
            versions: versions, configuration: configuration, servable: servable,
            unservable: unservable, problem: problem)
    }
}
