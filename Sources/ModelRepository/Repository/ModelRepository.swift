package import EngineAPI

/// One or more directories that hold models in Triton's layout:
/// `<repository>/<model>/config.pbtxt` and `<repository>/<model>/<version>/<model file>`.
///
/// Reading loads no engine. It takes a snapshot: read again to see changes.
package struct ModelRepository: Sendable {
    /// Name of the configuration file in a model's directory.
    package static let configurationFileName = "config.pbtxt"

    /// Paths of the repositories; the first one that has a model of some name provides it.
    package let roots: [String]

    /// The engines that this server has, in order of preference.
    package let engines: [EngineDescriptor]

    /// Makes a repository; nothing is read yet.
    package init(roots: [String], engines: [EngineDescriptor]) {
        self.roots = roots
        self.engines = engines
    }

    /// Reads every model, by ascending name. A broken model is an entry with a problem.
    ///
    /// - Throws: ``RepositoryError`` that names the repository which is missing or unreadable.
    package func scan() throws(RepositoryError) -> [ModelEntry] {
        try directories().map { reader(of: $0).entry(configuration: nil) }
    }

    /// Reads one model.
    ///
    /// The name is looked up among the directories that exist, so it may come from a client.
    ///
    /// - Parameters:
    ///   - name: Name of the model.
    ///   - configuration: Used in place of the configuration file, when not `nil`.
    /// - Returns: The model, or `nil` when no repository has it.
    /// - Throws: ``RepositoryError`` that names the repository which is missing or unreadable.
    package func entry(
        named name: String, configuration: ModelConfiguration? = nil
    ) throws(RepositoryError) -> ModelEntry? {
        guard let found = try directories().first(where: { $0.name == name }) else { return nil }
        return reader(of: found).entry(configuration: configuration)
    }

    private func reader(of model: ModelDirectory) -> ModelReader {
        ModelReader(model: model, engines: engines)
    }

    /// The directories of all models, by ascending name.
    private func directories() throws(RepositoryError) -> [ModelDirectory] {
        var models: [String: ModelDirectory] = [:]
        for root in roots {
            switch Folder.kind(of: root) {
            case .missing: throw RepositoryError(path: root, message: "does not exist")
            case .file: throw RepositoryError(path: root, message: "is not a directory")
            case .directory: break
            }
            let names: [String]
            do {
                names = try Folder.visibleNames(in: root)
            } catch {
                throw RepositoryError(path: root, message: error.reason)
            }
            for name in names {
                let path = Folder.join(root, name)
                // A link that leads nowhere was meant to be a model; a file was not.
                if Folder.kind(of: path) == .file { continue }
                if models[name] == nil {
                    models[name] = ModelDirectory(name: name, path: path)
                } else {
                    models[name]?.shadowed.append(path)
                }
            }
        }
        return models.values.sorted { $0.name < $1.name }
    }
}

/// Where a model is.
struct ModelDirectory {
    let name: String
    let path: String
    /// Directories of the same name in later repositories.
    var shadowed: [String] = []
}
