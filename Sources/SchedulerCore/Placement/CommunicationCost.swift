/// What the members of a gang spend on exchanging partial results, in milliseconds.
///
/// A model split over `g` devices joins its partial results by all-reduces, some in each layer. A ring
/// all-reduce takes `2 (g - 1)` steps, each of which waits for the slowest link, and moves
/// `2 (g - 1) / g` times the data over each link (Thakur, Rabenseifner, Gropp, "Optimization of collective
/// communication operations in MPICH", 2005).
package struct CommunicationCost: Sendable, Equatable {
    /// All-reduces in a batch.
    package var reductions: Int
    /// Milliseconds of one step between two devices, whatever it carries.
    package var stepLatency: Double
    /// Bytes that one row contributes to one all-reduce.
    package var bytesPerRow: Double
    /// Bytes that a link carries in a millisecond.
    package var bandwidth: Double

    /// Makes a cost; see the properties.
    package init(
        reductions: Int, stepLatency: Double, bytesPerRow: Double = 0, bandwidth: Double = 1
    ) {
        precondition(reductions >= 0 && stepLatency >= 0 && bytesPerRow >= 0 && bandwidth > 0)
        self.reductions = reductions
        self.stepLatency = stepLatency
        self.bytesPerRow = bytesPerRow
        self.bandwidth = bandwidth
    }

    /// Devices side by side that have nothing to exchange.
    package static let none = CommunicationCost(reductions: 0, stepLatency: 0)

    /// Milliseconds that every batch of a gang of `degree` spends.
    package func perBatch(degree: Int) -> Double {
        Double(reductions * 2 * (degree - 1)) * stepLatency
    }

    /// Milliseconds that each row adds.
    package func perRow(degree: Int) -> Double {
        let share = 2 * Double(degree - 1) / Double(degree)
        return Double(reductions) * share * bytesPerRow / bandwidth
    }

    /// How many standard deviations the slowest of `degree` members is behind the average one: the
    /// expectation of the maximum of so many normal deviates.
    package static func slowestOf(_ degree: Int) -> Double {
        switch degree {
        case ...1: 0
        case 2: 0.5642
        case 3: 0.8463
        case 4: 1.0294
        case 5: 1.1630
        case 6: 1.2672
        case 7: 1.3522
        case 8: 1.4236
        default: slowestOfMany(degree)
        }
    }

    /// The asymptotic form (Cramér, "Mathematical methods of statistics", 1946), within 6 % from 9 on.
    private static func slowestOfMany(_ degree: Int) -> Double {
        let logarithm = natural(Double(degree))
        let root = (2 * logarithm).squareRoot()
        return root - (natural(logarithm) + 2.5310) / (2 * root) + 0.5772 / root
    }

    /// The natural logarithm of a number above 1, to three digits: ring 0 has no library of functions.
    private static func natural(_ number: Double) -> Double {
        var logarithm = 0.0
        var rest = number
        while rest > 2 {
            rest /= 2
            logarithm += 0.6931471805599453
        }
        let part = (rest - 1) / (rest + 1)
        let square = part * part
        return logarithm + 2 * part * (1 + square / 3 + square * square / 5)
    }
}
