/// A few things that were found lately. A new one takes the place of the oldest.
///
/// Looking through them is only worth it where most of what does not match differs early.
struct Recent<Value: AnyObject> {
    private var values: [Value] = []
    private var oldest = 0
    private let capacity: Int

    /// Remembers up to `capacity` values.
    init(capacity: Int) {
        precondition(capacity > 0, "capacity is \(capacity); it must be positive")
        self.capacity = capacity
    }

    /// One that fits, if any does. Linear in the capacity.
    func first(where fits: (Value) -> Bool) -> Value? {
        for value in values where fits(value) { return value }
        return nil
    }

    /// Remembers one more.
    mutating func insert(_ value: Value) {
        if values.count < capacity { return values.append(value) }
        values[oldest] = value
        oldest = (oldest + 1) % capacity
    }

    /// Forgets all.
    mutating func removeAll() {
        values.removeAll(keepingCapacity: true)
        oldest = 0
    }
}
