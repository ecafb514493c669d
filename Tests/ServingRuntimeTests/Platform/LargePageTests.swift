import ServingRuntime
import Testing

@Suite("Large pages")
struct LargePageTests {
    @Test("Memory that moves to large pages keeps its content")
    func content() {
        let words = 3 << 20
        let block = UnsafeMutableBufferPointer<UInt64>.allocate(capacity: words)
        defer { block.deallocate() }
        for index in 0..<words { block[index] = UInt64(index) &* 0x9E37_79B9_7F4A_7C15 }
        ProcessUsage.settleMemory()
        for index in 0..<words where block[index] != UInt64(index) &* 0x9E37_79B9_7F4A_7C15 {
            Issue.record("word \(index) has changed")
            return
        }
    }
}
