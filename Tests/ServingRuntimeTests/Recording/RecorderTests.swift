import Foundation
import SchedulerCore
import ServingModel
import ServingRuntime
import Testing
import TraceFormat

@Suite("The recorder", .serialized, .timeLimit(.minutes(5)))
struct RecorderTests {
    @Test("A disk that is too slow ends the recording and not the server")
    func slowDisk() async throws {
        let log = TraceLog()
        var limits = TraceRecorder.Limits()
        limits.pages = 3
        limits.stepsPerPage = 8
        let recorder = log.recorder(limits: limits)
        let harness = try await Harness.start { $0.recorder = recorder }
        log.block()
        for tag in 0..<60 { harness.submit(Order(tag: tag, payloads: [1])) }
        await harness.sink.hasEnded(60)
        log.unblock()
        await log.hasProblem()
        #expect(
            log.problems == [
                "the recording of scripted version 1 has ended: the disk was too slow for the "
                    + "traffic"
            ])
        harness.submit(Order(tag: 60, payloads: [1]))
        await harness.sink.hasEnded(61)
        #expect(harness.sink.endings.count(where: \.isRight) == 61)
        await harness.served.stop()
        await recorder.finish()
        // What was recorded until then is whole, and says where it ends.
        let result = try log.replay()
        #expect(result.isEqual && !result.isCut)
        #expect((1...120).contains(result.verdicts.first?.steps ?? 0))
        #expect(String(decoding: log.bytes, as: UTF8.self).contains("# scheduler 1: the disk was"))
    }

    @Test("A full disk ends the recording and not the server, and what is there can be replayed")
    func fullDisk() async throws {
        let log = TraceLog()
        log.limit(to: 1_500)
        let recorder = log.recorder()
        let harness = try await Harness.start { $0.recorder = recorder }
        for tag in 0..<100 { harness.submit(Order(tag: tag, payloads: [1])) }
        await harness.sink.hasEnded(100)
        await harness.served.stop()
        await recorder.finish()
        #expect(log.problems == ["the recording has ended: no space left"])
        let result = try log.replay()
        #expect(result.isEqual && result.isCut)
        #expect(result.verdicts.first?.steps ?? 0 > 5)
        // A model that starts now is served without being recorded.
        let late = try await Harness.start { $0.recorder = recorder }
        late.submit(Order(tag: 1, payloads: [1]))
        await late.sink.hasEnded(1)
        await late.served.stop()
    }

    @Test("Models that come and go share one file")
    func severalModels() async throws {
        let log = TraceLog()
        let recorder = log.recorder()
        let first = try await Harness.start { $0.recorder = recorder }
        let second = try await Harness.start { $0.recorder = recorder }
        for tag in 0..<10 {
            first.submit(Order(tag: tag, payloads: [1]))
            second.submit(Order(tag: tag, payloads: [1]))
        }
        await first.sink.hasEnded(10)
        await first.served.stop()
        let third = try await Harness.start { $0.recorder = recorder }
        third.submit(Order(tag: 1, payloads: [1]))
        await third.sink.hasEnded(1)
        await second.served.stop()
        // The third is still being served: its recording ends here all the same.
        await recorder.finish()
        third.submit(Order(tag: 2, payloads: [1]))
        await third.sink.hasEnded(2)
        await third.served.stop()
        let result = try log.replay()
        #expect(result.isEqual && !result.isCut)
        #expect(result.verdicts.map(\.number) == [1, 2, 3])
        #expect(result.verdicts.allSatisfy { $0.steps > 2 })
    }

    @Test("A file that is there is kept beside the new one; a place without access is named")
    func files() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "headway-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "run.trace").path
        try Data("earlier".utf8).write(to: URL(fileURLWithPath: path))
        let recorder = try TraceRecorder(path: path) { _ in }
        let harness = try await Harness.start { $0.recorder = recorder }
        harness.submit(Order(tag: 1, payloads: [1]))
        await harness.sink.hasEnded(1)
        await harness.served.stop()
        await recorder.finish()
        #expect(try String(contentsOfFile: path + ".old", encoding: .utf8) == "earlier")
        let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
        #expect(try TraceReplay.run(LineReader.source(bytes)).isEqual)
        let nowhere = folder.appending(path: "none/run.trace").path
        #expect(throws: RecordingProblem.self) {
            try TraceRecorder(path: nowhere) { _ in }.close()
        }
    }
}
