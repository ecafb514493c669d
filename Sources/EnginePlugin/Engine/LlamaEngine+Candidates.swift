#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

extension LlamaEngine {
    /// The environment variable that names the library's path.
    public static let environmentVariable = "HEADWAY_LLAMA"

    /// Where to look for the library: the path in `HEADWAY_LLAMA` and nowhere else, because who names
    /// a library wants that one or an error. Without it, in order: `llama/` of each engines folder,
    /// the loader's own path.
    ///
    /// - Parameters:
    ///   - environment: The process's environment.
    ///   - engineFolders: Folders that hold one folder per engine, such as `build/engines`.
    public static func candidates(
        environment: [String: String], engineFolders: [String]
    ) -> [String] {
        if let path = environment[environmentVariable], !path.isEmpty {
            return [absolute(path)]
        }
        return engineFolders.map { absolute($0) + "/llama/" + libraryName } + [libraryName]
    }

    #if canImport(Darwin)
    private static let libraryName = "libheadway-llama.dylib"
    #else
    private static let libraryName = "libheadway-llama.so"
    #endif

    /// `path` counted from the root, because a name without a slash is searched by the loader.
    private static func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        guard let folder = getcwd(nil, 0) else { return path }
        defer { free(folder) }
        return String(cString: folder) + "/" + path
    }
}
