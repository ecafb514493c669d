#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

extension ONNXRuntimeEngine {
    /// The environment variable that names the library's path.
    public static let environmentVariable = "HEADWAY_ONNXRUNTIME"

    /// Where to look for the library: the path in `HEADWAY_ONNXRUNTIME` and nowhere else, because who
    /// names a library wants that one or an error. Without it, in order: whatever version lies in `onnxruntime/` or `onnxruntime/lib/` of each engines folder (newest first), the
    /// loader's own path.
    ///
    /// - Parameters:
    ///   - environment: The process's environment.
    ///   - engineFolders: Folders that hold one folder per engine, such as `build/engines`. Those
    ///     without the library stay in the list as a place looked at.
    public static func candidates(
        environment: [String: String], engineFolders: [String]
    ) -> [String] {
        if let path = environment[environmentVariable], !path.isEmpty {
            return [absolute(path)]
        }
        var result: [String] = []
        for folder in engineFolders {
            let home = absolute(folder) + "/onnxruntime"
            let libraries = libraries(in: home) + Self.libraries(in: home + "/lib")
            // An empty folder is worth a line in the error: it is where `make engines` would
            // install.
            result += libraries.isEmpty ? [home + "/" + libraryName] : libraries
        }
        return result + loaderNames
    }

    #if canImport(Darwin)
    private static let libraryName = "libonnxruntime.dylib"
    private static let loaderNames = [libraryName]
    #else
    private static let libraryName = "libonnxruntime.so"
    private static let loaderNames = [libraryName + ".1", libraryName]
    #endif

    /// Libraries in `folder`, newest version first.
    private static func libraries(in folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var found: [(name: String, version: [Int])] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let version = version(ofFile: name) { found.append((name, version)) }
        }
        return found.sorted { $1.version.lexicographicallyPrecedes($0.version) }
            .map { folder + "/" + $0.name }
    }

    /// The numbers in a name such as `libonnxruntime.so.1.31.1` or `libonnxruntime.1.31.1.dylib`,
    /// or `nil` for anything else, such as a file that is still being copied.
    private static func version(ofFile name: String) -> [Int]? {
        var parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        for part in libraryName.split(separator: ".") {
            guard let index = parts.firstIndex(of: String(part)) else { return nil }
            parts.remove(at: index)
        }
        let numbers = parts.compactMap { Int($0) }
        return numbers.count == parts.count ? numbers : nil
    }

    /// `path` counted from the root, because a name without a slash is searched by the loader.
    private static func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        guard let folder = getcwd(nil, 0) else { return path }
        defer { free(folder) }
        return String(cString: folder) + "/" + path
    }
}
