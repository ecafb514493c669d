internal import Testing

extension Tag {
    /// Holds for every seed; see `SeedPlan` for how to repeat and to extend.
    @Tag static var property: Self
    /// Runs a server in virtual time.
    @Tag static var simulation: Self
}
