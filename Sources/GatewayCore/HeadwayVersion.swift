/// The version of this build.
package enum HeadwayVersion {
    /// Semantic version, as in `CHANGELOG.md`.
    package static let current = "0.1.0"
}
