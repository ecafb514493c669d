internal import EngineAPI

/// Chooses the engine of a model.
struct EngineChoice {
    /// The engines that this server has, in order of preference.
    let engines: [EngineDescriptor]

    /// A model whose engine cannot be told.
    struct Failure: Error {
        let reason: String
    }

    /// The engine that `configuration` names, else the first one whose default file is in a version.
    ///
    /// - Parameter versionDirectories: Paths of the versions' directories, the most telling first.
    func engine(
        for configuration: ModelConfiguration, versionDirectories: [String]
    ) throws(Failure) -> EngineDescriptor {
        if !configuration.backend.isEmpty {
            return try engine(named: configuration.backend, field: "backend")
        }
        if !configuration.platform.isEmpty {
            return try engine(named: configuration.platform, field: "platform")
        }
        for directory in versionDirectories {
            let found = engines.first {
                !$0.defaultFileName.isEmpty
                    && Folder.kind(of: Folder.join(directory, $0.defaultFileName)) != .missing
            }
            if let found { return found }
        }
        let known = engines.filter { !$0.defaultFileName.isEmpty }
            .map { "\($0.defaultFileName) (\($0.name))" }.joined(separator: ", ")
        throw Failure(
            reason: "neither backend nor platform is configured, and no version holds a file that"
                + " tells the engine; known are \(known)")
    }

    private func engine(named name: String, field: String) throws(Failure) -> EngineDescriptor {
        let wanted = name.lowercased()
        let found = engines.first { engine in
            engine.name.lowercased() == wanted
                || engine.aliases.contains { $0.lowercased() == wanted }
        }
        if let found { return found }
        let known = engines.map(\.name).joined(separator: ", ")
        throw Failure(
            reason: "\(field): '\(name.abridged)' is no engine of this server; known are \(known)")
    }
}
