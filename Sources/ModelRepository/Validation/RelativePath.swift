/// Judges file names that come from configuration files.
enum RelativePath {
    /// Whether joining `name` to a folder stays inside the folder.
    static func isSafe(_ name: String) -> Bool {
        if name.isEmpty || name.unicodeScalars.contains("\0") { return false }
        return name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
            !$0.isEmpty && $0 != "." && $0 != ".."
        }
    }
}
