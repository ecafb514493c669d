package import Simulator

/// A property that does not hold, with everything needed to see it again.
package struct PropertyFailure: Error, CustomStringConvertible {
    /// The seed that shows it.
    package let seed: UInt64
    /// What went wrong, and a small input that shows it.
    package let report: String

    /// The instruction to repeat it, and the report.
    package var description: String { "repeat with SEED=\(seed)\n\(report)" }
}

/// Runs `body` with a fresh generator for each seed of the plan; see ``SeedPlan``.
package func forEachSeed(count: Int, _ body: (Seeded) throws -> Void) throws {
    let plan = SeedPlan(standard: count)
    for offset in 0..<UInt64(plan.count) {
        let seed = plan.first &+ offset
        announce(seed)
        do {
            try body(Seeded(seed))
        } catch {
            throw PropertyFailure(seed: seed, report: "\(error)")
        }
    }
}

/// Runs `check` on the world that `make` builds for each seed; a failing world is made smaller, by
/// leaving out stimuli, before it is reported.
package func forEachWorld(
    count: Int, make: (Seeded) -> World, check: (World) throws -> Void
) throws {
    let plan = SeedPlan(standard: count)
    for offset in 0..<UInt64(plan.count) {
        let seed = plan.first &+ offset
        announce(seed)
        let world = make(Seeded(seed))
        do {
            try check(world)
        } catch {
            var smallest = (world: world, error: error)
            smallest.world.stimuli = shrink(world.stimuli) { stimuli in
                var candidate = world
                candidate.stimuli = stimuli
                do {
                    try check(candidate)
                    return false
                } catch {
                    smallest.error = error
                    return true
                }
            }
            throw PropertyFailure(
                seed: seed, report: "\(smallest.error)\n\(smallest.world.description)")
        }
    }
}

private func announce(_ seed: UInt64) {
    if environmentVariable("HEADWAY_PRINT_SEEDS") != nil { print("SEED=\(seed)") }
}
