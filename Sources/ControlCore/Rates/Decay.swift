/// `e` to the power `-exponent` for `exponent` >= 0, to about 1e-12 relative error.
///
/// Written out instead of taken from the C library, whose last bits differ between platforms: a trace
/// recorded on one machine must replay to the same decisions on another. Only IEEE 754 basic
/// operations are used.
package func decay(_ exponent: Double) -> Double {
    guard exponent > 0 else { return 1 }
    guard exponent < 700 else { return 0 }
    let binary = exponent * 1.4426950408889634
    let whole = binary.rounded(.down)
    let rest = (whole - binary) * 0.6931471805599453
    var term = 1.0
    var sum = 1.0
    for degree in 1...13 {
        term *= rest / Double(degree)
        sum += term
    }
    return Double(sign: .plus, exponent: -Int(whole), significand: 1) * sum
}
