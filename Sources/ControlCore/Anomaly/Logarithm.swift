/// The natural logarithm of `value` > 0, to about 1e-12.
///
/// Written out for the reason of ``decay(_:)``: the C library's last bits differ between platforms, and
/// this one is part of decisions. Only IEEE 754 basic operations are used.
package func logarithm(_ value: Double) -> Double {
    guard value > 0 else { return -.infinity }
    guard value.isFinite else { return value }
    // value = significand * 2^exponent with the significand in [0.75, 1.5), where the series is short.
    var exponent = Double(value.exponent)
    var significand = value.significand
    if significand >= 1.5 {
        significand /= 2
        exponent += 1
    }
    let ratio = (significand - 1) / (significand + 1)
    let square = ratio * ratio
    var power = ratio
    var sum = 0.0
    for index in 0..<10 {
        sum += power / Double(2 * index + 1)
        power *= square
    }
    return 2 * sum + exponent * 0.6931471805599453
}
