package import ServingModel

/// What one step of text generation is expected to need, learnt online:
/// `margin * (base + perToken * tokens + perKeyValueToken * keyValueTokens)`.
///
/// `tokens` is what the step feeds, prompt tokens and decodes alike; `keyValueTokens` is the context that
/// it reads: for every request in the step the position after its last token fed.
///
/// Recursive least squares with forgetting on the *relative* error, so that a step of one decode and one
/// of a full prompt count alike; outliers (stalls) are winsorised before they can move the plane; `margin`
/// follows the 95 % quantile of observed over predicted, as in ``LatencyModel``.
///
/// Invariants: `base >= 0`, `perToken > 0`, `perKeyValueToken >= 0`, `margin` in [1, 1.5]; the prediction
/// is monotone in both features.
package struct StepCostModel: Sendable, Equatable {
    /// Milliseconds of a step without tokens.
    package var base: Double { max(weights.base, 0) * units.base }

    /// Milliseconds that each token fed adds.
    package var perToken: Double { max(weights.token, Self.smallestWeight) * units.token }

    /// Milliseconds that each token of context adds.
    package var perKeyValueToken: Double { max(weights.context, 0) * units.context }

    /// Factor from the mean to the promised duration, in [1, 1.5].
    package private(set) var margin = 1.05

    /// Steps seen.
    package private(set) var observations = 0

    /// Running mean deviation of observed over predicted, scaled to a standard deviation.
    private var sigma = 0.02

    /// What was known at the start, in milliseconds; the weights are factors on it. So all three are of
    /// the same size, whatever the device is, and one prior fits them.
    private let units: Weights
    private var weights = Weights(base: 1, token: 1, context: 1)
    private var covariance = Covariance(diagonal: Self.prior)

    private static let forgetting = 0.995
    private static let prior = 1.0
    /// Where forgetting stops, so that the covariance does not wind up while steps hardly vary.
    private static let ceiling = 250.0
    private static let smallestWeight = 1e-4

    /// A plane to start from, in milliseconds.
    package init(base: Double, perToken: Double, perKeyValueToken: Double) {
        // A weight on zero could not grow: a coefficient that is not known at all gets the unit that it
        // typically has beside the others.
        let whole = max(base + perToken, 1e-6)
        units = Weights(
            base: base > 0 ? base : whole, token: perToken > 0 ? perToken : whole * 1e-3,
            context: perKeyValueToken > 0 ? perKeyValueToken : whole * 1e-5)
        weights.base = base > 0 ? 1 : 0
        weights.token = perToken > 0 ? 1 : Self.smallestWeight
        weights.context = perKeyValueToken > 0 ? 1 : 0
    }

    /// A plane through warm-up runs, given as tokens, context and the time each run took.
    ///
    /// Starts from the quickest run and lets all of them pass several times without winsorising, then once
    /// with it, so that margin and confidence are seeded too.
    package init(warmUp runs: [(tokens: Int, keyValueTokens: Int, took: Interval)]) {
        guard let quickest = runs.min(by: { $0.took < $1.took }) else {
            self.init(base: 10, perToken: 0.1, perKeyValueToken: 0)
            return
        }
        let half = max(quickest.took.milliseconds, 1e-6) / 2
        let slope = half / Double(max(quickest.tokens, 1))
        self.init(base: half, perToken: slope, perKeyValueToken: slope * 1e-3)
        for _ in 0..<8 {
            for run in runs {
                let predicted = max(
                    mean(tokens: run.tokens, keyValueTokens: run.keyValueTokens), 1e-9)
                update(
                    tokens: run.tokens, keyValueTokens: run.keyValueTokens,
                    ratio: run.took.milliseconds / predicted, predicted: predicted)
            }
        }
        for run in runs {
            observe(tokens: run.tokens, keyValueTokens: run.keyValueTokens, took: run.took)
        }
    }

    /// The expected duration of a step in milliseconds, without the margin.
    package func mean(tokens: Int, keyValueTokens: Int) -> Double {
        base + perToken * Double(tokens) + perKeyValueToken * Double(keyValueTokens)
    }

    /// The promised duration of a step.
    package func duration(tokens: Int, keyValueTokens: Int) -> Interval {
        Interval(milliseconds: margin * mean(tokens: tokens, keyValueTokens: keyValueTokens))
    }

    /// The most tokens that a step over `keyValueTokens` of context may feed to be promised within
    /// `limit`; 0 when not even one is.
    package func tokens(within limit: Interval, keyValueTokens: Int) -> Int {
        let rest = limit.milliseconds / margin - mean(tokens: 0, keyValueTokens: keyValueTokens)
        return Int(min(max(rest / perToken, 0), 1e9))
    }

    /// Learns from one step.
    package mutating func observe(tokens: Int, keyValueTokens: Int, took: Interval) {
        let predicted = max(mean(tokens: tokens, keyValueTokens: keyValueTokens), 1e-9)
        let raw = took.milliseconds / predicted
        let ratio = min(raw, 1 + max(0.15, 4 * sigma))
        sigma = 0.98 * sigma + 0.02 * 1.25 * abs(ratio - 1)
        let pace = observations < 200 ? 0.01 : 0.003
        margin += raw > margin ? pace * 0.95 : -pace * 0.05
        margin = min(max(margin, 1), 1.5)
        observations += 1
        update(tokens: tokens, keyValueTokens: keyValueTokens, ratio: ratio, predicted: predicted)
    }

    private mutating func update(
        tokens: Int, keyValueTokens: Int, ratio: Double, predicted: Double
    ) {
        let features = Weights(
            base: units.base / predicted, token: units.token * Double(tokens) / predicted,
            context: units.context * Double(keyValueTokens) / predicted)
        let direction = covariance.times(features)
        let gain = 1 / (Self.forgetting + features.dot(direction))
        let error = ratio - features.dot(weights)
        weights.base = max(weights.base + gain * error * direction.base, 0)
        weights.token = max(weights.token + gain * error * direction.token, Self.smallestWeight)
        weights.context = max(weights.context + gain * error * direction.context, 0)
        covariance.shrink(by: gain, along: direction)
        covariance.forget(Self.forgetting, ceiling: Self.ceiling)
    }
}

/// One number for each of the three features.
private struct Weights: Sendable, Equatable {
    var base: Double
    var token: Double
    var context: Double

    func dot(_ other: Weights) -> Double {
        base * other.base + token * other.token + context * other.context
    }
}

/// A symmetric matrix over the three features.
private struct Covariance: Sendable, Equatable {
    private var bb: Double
    private var tt: Double
    private var cc: Double
    private var bt = 0.0
    private var bc = 0.0
    private var tc = 0.0

    init(diagonal: Double) {
        bb = diagonal
        tt = diagonal
        cc = diagonal
    }

    func times(_ x: Weights) -> Weights {
        Weights(
            base: bb * x.base + bt * x.token + bc * x.context,
            token: bt * x.base + tt * x.token + tc * x.context,
            context: bc * x.base + tc * x.token + cc * x.context)
    }

    mutating func shrink(by gain: Double, along x: Weights) {
        bb -= gain * x.base * x.base
        tt -= gain * x.token * x.token
        cc -= gain * x.context * x.context
        bt -= gain * x.base * x.token
        bc -= gain * x.base * x.context
        tc -= gain * x.token * x.context
    }

    /// Grows by `1 / factor` unless a variance would pass `ceiling`.
    mutating func forget(_ factor: Double, ceiling: Double) {
        guard max(bb, tt, cc) < ceiling * factor else { return }
        bb /= factor
        tt /= factor
        cc /= factor
        bt /= factor
        bc /= factor
        tc /= factor
    }
}
