internal import ControlCore

/// Continuous distributions, from IEEE 754 basic operations only, so that a seed gives the same load on
/// every platform.
extension Seeded {
    /// Exponentially distributed with mean `mean`: gaps of a Poisson process.
    package mutating func exponential(mean: Double) -> Double {
        -mean * naturalLogarithm(1 - unit())
    }

    /// Normally distributed with mean 0 and deviation 1 (Marsaglia's polar method).
    package mutating func normal() -> Double {
        while true {
            let x = uniform(-1, 1)
            let y = uniform(-1, 1)
            let square = x * x + y * y
            if square > 0, square < 1 {
                return x * (-2 * naturalLogarithm(square) / square).squareRoot()
            }
        }
    }

    /// Log-normally distributed with median `median`; `sigma` is the deviation of its logarithm.
    package mutating func logNormal(median: Double, sigma: Double) -> Double {
        let exponent = sigma * normal()
        return exponent > 0 ? median / decay(exponent) : median * decay(-exponent)
    }

    /// Pareto distributed from `least` up with tail index `alpha` (heavier when smaller).
    package mutating func pareto(least: Double, alpha: Double) -> Double {
        least / decay(-naturalLogarithm(1 - unit()) / alpha)
    }
}

/// The natural logarithm of a positive number, to about 1e-15.
///
/// The significand is moved to [sqrt(1/2), sqrt(2)) and the series of the inverse hyperbolic tangent
/// summed; 13 odd terms suffice there.
package func naturalLogarithm(_ number: Double) -> Double {
    precondition(number > 0, "no logarithm of \(number)")
    guard number.isFinite else { return number }
    var significand = number.significand
    var exponent = Double(number.exponent)
    if significand > 1.4142135623730951 {
        significand /= 2
        exponent += 1
    }
    let ratio = (significand - 1) / (significand + 1)
    let square = ratio * ratio
    var power = ratio
    var sum = 0.0
    for degree in stride(from: 1, through: 25, by: 2) {
        sum += power / Double(degree)
        power *= square
    }
    return exponent * 0.6931471805599453 + 2 * sum
}

/// `base` to the power of `exponent`, for a positive base, to about 1e-13.
package func power(_ base: Double, _ exponent: Double) -> Double {
    let logarithm = exponent * naturalLogarithm(base)
    return logarithm > 0 ? 1 / decay(logarithm) : decay(-logarithm)
}

/// The sine of a full turn times `turns`, to about 1e-12.
package func sine(turns: Double) -> Double {
    // To a quarter of a turn around zero, where the series is short.
    var part = turns - turns.rounded()
    if part > 0.25 { part = 0.5 - part }
    if part < -0.25 { part = -0.5 - part }
    let angle = part * 6.283185307179586
    let square = angle * angle
    var term = angle
    var sum = angle
    for step in stride(from: 2, through: 18, by: 2) {
        term *= -square / Double(step * (step + 1))
        sum += term
    }
    return sum
}
