internal import ControlCore
internal import SchedulerCore
internal import ServingModel
internal import Testing

@Suite("Text generation: fair shares of tokens")
struct TokenFairnessTests {
    /// Requests in the order in which they get their only slot.
    static func order(
        _ fairness: TokenFairness?, _ requests: [(id: UInt64, tenant: UInt32)]
    ) -> [Int] {
        var driver = GenerationDriver(
            GenerationDriver.configuration {
                $0.slots = 1
                $0.fairness = fairness
            })
        driver.arrive(100, prompt: 50, tenant: 1)
        for request in requests { driver.arrive(request.id, prompt: 50, tenant: request.tenant) }
        var order: [Int] = []
        for _ in 0..<100 {
            for item in driver.items where item.producesToken {
                if order.last != Int(item.request.rawValue) {
                    order.append(Int(item.request.rawValue))
                }
            }
            guard let item = driver.items.first else { break }
            // Each answers with four tokens.
            if item.start >= 52 { driver.send(.finished(item.request)) }
            driver.step()
        }
        return order
    }

    static let flood: [(id: UInt64, tenant: UInt32)] = [(1, 1), (2, 1), (3, 2), (4, 1)]

    @Test("Without shares requests are served as they came")
    func none() {
        #expect(Self.order(nil, Self.flood) == [100, 1, 2, 3, 4])
    }

    @Test(
        "With shares a tenant that has had less goes first, and has saved up nothing before it came"
    )
    func equal() {
        var fairness = TokenFairness()
        fairness.grain = 1
        #expect(Self.order(fairness, Self.flood) == [100, 3, 1, 2, 4])
    }

    @Test("Counters within one grain are equal")
    func grain() {
        #expect(Self.order(TokenFairness(), Self.flood) == [100, 1, 2, 3, 4])
    }

    @Test("A tenant of twice the weight gets twice the tokens")
    func weights() {
        var fairness = TokenFairness()
        fairness.grain = 1
        fairness.shares = [TokenFairness.Share(TenantID(2), weight: 2)]
        let requests: [(id: UInt64, tenant: UInt32)] = [
            (11, 1), (12, 1), (13, 1), (21, 2), (22, 2), (23, 2), (24, 2), (25, 2), (26, 2),
        ]
        let first = Self.order(fairness, requests).dropFirst().prefix(6)
        #expect(first.filter { $0 > 20 }.count == 4, "\(Array(first))")
    }

    @Test("More tenants than counters share one")
    func overflow() {
        var fairness = TokenFairness()
        fairness.maxTenants = 2
        let requests = (1...5).map { (id: UInt64($0), tenant: UInt32($0)) }
        #expect(Self.order(fairness, requests).count == 6)
    }
}
