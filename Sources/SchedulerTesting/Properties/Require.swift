/// A condition of a property that was not met.
package struct Unmet: Error, CustomStringConvertible {
    /// Where, and what the values were.
    package let description: String
}

/// Refuses when `condition` does not hold.
///
/// For use inside properties, where the reason has to reach ``forEachSeed(count:_:)`` as an error
/// to be reported together with its seed.
package func require(
    _ condition: Bool, _ detail: @autoclosure () -> String, line: UInt = #line
) throws(Unmet) {
    if !condition { throw Unmet(description: "line \(line): \(detail())") }
}
