package import ControlCore
package import EngineAPI
package import ServingModel

/// How cheaper variants of a model come into memory, where they are not always there.
package struct VariantLoading: Sendable {
    /// When variants come and go.
    package var settings: VariantLadder.Settings

    /// Brings all variants, dearest first, into memory for the model's first warm-up, which tells what they
    /// cost. The model's own place in the books of memory is large enough for them then.
    package var visit: @Sendable () async throws -> [any EngineModel]

    /// Brings a variant into memory. Its errors name the variant.
    package var load: @Sendable (VariantIndex) async throws -> LoadedVariant

    /// Told of every variant that came, went, or could not come.
    package var onChange: @Sendable (VariantChange) -> Void

    /// A way to load variants; see the properties.
    package init(
        _ settings: VariantLadder.Settings = VariantLadder.Settings(),
        onChange: @escaping @Sendable (VariantChange) -> Void = { _ in },
        visit: @escaping @Sendable () async throws -> [any EngineModel],
        load: @escaping @Sendable (VariantIndex) async throws -> LoadedVariant
    ) {
        self.settings = settings
        self.visit = visit
        self.load = load
        self.onChange = onChange
    }
}

/// A variant that is in memory.
package struct LoadedVariant: Sendable {
    /// What instances are made from.
    package var model: any EngineModel
    /// Gives up its place in the books of memory; called once nobody holds the model any more.
    package var release: @Sendable () -> Void

    /// A variant; see the properties.
    package init(model: any EngineModel, release: @escaping @Sendable () -> Void = {}) {
        self.model = model
        self.release = release
    }
}

/// A variant came or went, or could not come.
package struct VariantChange: Sendable {
    /// What became of it.
    package enum Outcome: Sendable {
        /// Every instance has it, after so long.
        case loaded(took: Interval)
        /// It is gone.
        case unloaded
        /// It could not be loaded.
        case failed(any Error)
    }

    /// What was to be done, and why.
    package var move: VariantLadder.Move
    /// What became of it.
    package var outcome: Outcome
}
