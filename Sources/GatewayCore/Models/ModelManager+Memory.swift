internal import EngineAPI
internal import Foundation
internal import ModelRepository
internal import ServingModel
internal import ServingRuntime

/// A model's place in the books of memory.
struct MemoryPlace: Sendable {
    /// Its name there.
    let id: MemoryManager.Place
    /// What it needs at least: its files, or what its configuration says.
    let estimate: UInt64
}

/// Models that share a memory limit: room before the first load, the books after it, and how a model that
/// has left is made again.
extension ModelManager {
    /// Waits for room for a version; `nil` where memory has no limit.
    func admit(_ version: ServableVersion) async throws(ServingError) -> MemoryPlace? {
        guard let memory = settings.memory else { return nil }
        let atFirst = estimate(of: version, isFirst: true)
        return MemoryPlace(
            id: try await memory.admit(version.model, bytes: atFirst),
            estimate: estimate(of: version, isFirst: false))
    }

    /// Enters a version that has been loaded. Generators, and models on a shared device, stay.
    ///
    /// - Throws: ``ServingError`` when it is larger than the limit; it has been ended then.
    func admitted(
        _ model: ReadyModel, _ version: ServableVersion, _ place: MemoryPlace, took: Interval
    ) async throws {
        guard let memory = settings.memory else { return }
        do {
            switch model {
            case .tensors(let handle):
                var reload: MemoryManager.Reload?
                if handle.served.specification.device == nil {
                    reload = { [self] in try await reopen(version) }
                }
                try memory.admitted(
                    place.id, handle.served,
                    bytes: memory.bytes(
                        measured: handle.served.measuredBytes, estimate: place.estimate),
                    // What it costs is known when it comes back.
                    took: took - handle.served.warmUp, reload: reload)
            case .generator(let handle):
                try memory.admitted(
                    place.id, nil,
                    bytes: memory.bytes(
                        measured: handle.generator.measuredBytes, estimate: place.estimate),
                    took: took, reload: nil)
            }
        } catch {
            await model.stop()
            throw error
        }
    }

    /// Has the engines read a version's files again, and those of its variants.
    private func reopen(_ version: ServableVersion) async throws -> [any EngineModel] {
        guard case .tensors(let model) = try await open(version, with: try engine(of: version))
        else { throw EngineError(.invalidModel, "its files are those of another kind of model") }
        return [model] + (try await residentVariants(of: version, model.signature))
    }

    /// Bytes of a version's files and of those of its variants, as far as they are there: always, or while it
    /// is loaded for the first time. At least what the configuration declares.
    func estimate(of version: ServableVersion, isFirst: Bool) -> UInt64 {
        let configuration = version.configuration
        let declared = configuration.parameters["memory_bytes"].flatMap(UInt64.init) ?? 0
        let areThere = isFirst || !configuration.loadsVariantsOnDemand
        let variants = (areThere ? configuration.variants : []).compactMap { name in
            try? repository.entry(named: name, configuration: nil)
        }
        let sources =
            [version.source]
            + variants.compactMap { $0.servable.max { $0.version < $1.version }?.source }
        return max(declared, sources.reduce(0) { $0 + Self.bytes(below: $1.path) })
    }

    /// Bytes of a file's folder: weights may lie in files of their own.
    private static func bytes(below path: String) -> UInt64 {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return 0 }
        let url = URL(fileURLWithPath: path)
        let folder = isFolder.boolValue ? url : url.deletingLastPathComponent()
        let keys: Set<URLResourceKey> = [.fileSizeKey, .isRegularFileKey]
        let files = FileManager.default.enumerator(
            at: folder, includingPropertiesForKeys: Array(keys))
        var bytes: UInt64 = 0
        while let file = files?.nextObject() as? URL {
            guard let values = try? file.resourceValues(forKeys: keys),
                values.isRegularFile == true
            else { continue }
            bytes += UInt64(values.fileSize ?? 0)
        }
        return bytes
    }
}
