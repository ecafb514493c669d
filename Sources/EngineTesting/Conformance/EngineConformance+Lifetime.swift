internal import EngineAPI

extension EngineConformance {
    /// A model is gone with the last reference to it and to its instances.
    public func unloads() throws(ConformanceFailure) {
        weak var model: (any EngineModel)?
        weak var instance: (any EngineInstance)?
        do {
            let loaded = try load()
            let made = try expect("an instance is made") { () throws(EngineError) in
                try loaded.makeInstance()
            }
            _ = try run(made, fixture.makeInputs(1))
            model = loaded
            instance = made
        }
        if instance != nil { throw ConformanceFailure("an instance that nobody holds is gone") }
        if model != nil { throw ConformanceFailure("a model that nobody holds is gone") }
    }

    /// Loading, running, failing and unloading over and over does not make the process grow. Does
    /// nothing where the process cannot tell its size.
    public func keepsMemory() throws(ConformanceFailure) {
        // The first rounds fill caches of allocators and of the library.
        try load(rounds: max(fixture.loadRounds / 4, 1))
        // Other work in the process may grow it during some attempts; a leak does during all.
        var growths: [Int] = []
        for _ in 0..<Self.attempts {
            guard let before = ResidentMemory.bytes() else { return }
            try load(rounds: fixture.loadRounds)
            guard let after = ResidentMemory.bytes() else { return }
            if after - before <= fixture.memoryBound { return }
            growths.append(after - before)
        }
        throw ConformanceFailure(
            "\(fixture.loadRounds) times loading and unloading may grow the process by "
                + "\(fixture.memoryBound) bytes, it grew by \(growths)")
    }

    private static let attempts = 8

    private func load(rounds: Int) throws(ConformanceFailure) {
        for _ in 0..<rounds {
            let instance = try makeInstance()
            _ = try run(instance, fixture.makeInputs(fixture.mostRows))
            try expectFailure(.invalidInput, "no input at all") { () throws(EngineError) in
                _ = try instance.run([])
            }
            for source in fixture.unloadable { _ = try? engine.load(source) }
        }
    }
}
