/// A small sublist of `elements` for which `fails` still holds (delta debugging: Zeller and Hildebrandt,
/// "Simplifying and isolating failure-inducing input", 2002, without the complement step).
///
/// Tries to leave out ever shorter runs. Asks `fails` at most `limit` times, so that a slow property
/// reports in reasonable time; the last answer of `true` belongs to the list returned.
package func shrink<Element>(
    _ elements: [Element], limit: Int = 400, while fails: ([Element]) -> Bool
) -> [Element] {
    var smallest = elements
    var length = max(elements.count / 2, 1)
    var asked = 0
    while true {
        var start = 0
        var hasShrunk = false
        while start < smallest.count {
            guard asked < limit else { return smallest }
            asked += 1
            let end = min(start + length, smallest.count)
            let candidate = Array(smallest[..<start] + smallest[end...])
            if fails(candidate) {
                smallest = candidate
                hasShrunk = true
            } else {
                start = end
            }
        }
        if length > 1 {
            length = max(length / 2, 1)
        } else if !hasShrunk {
            return smallest
        }
    }
}
