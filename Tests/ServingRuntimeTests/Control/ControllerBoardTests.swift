import ServingModel
import ServingRuntime
import Testing

@Suite("The board of controllers' settings")
struct ControllerBoardTests {
    @Test("A setting takes the place of the one of the same name and model")
    func replaced() {
        let board = ControllerBoard()
        board.post(ControllerSetting(name: "limit", model: "b", value: 1))
        board.post(ControllerSetting(name: "limit", model: "a", value: 2))
        board.post(ControllerSetting(name: "limit", value: 3))
        board.post(ControllerSetting(name: "limit", model: "b", value: 4, reason: "late"))
        #expect(board.settings.map(\.value) == [3, 2, 4])
        #expect(board.settings.last?.reason == "late")
        board.removeAll(of: "b")
        #expect(board.settings.map(\.value) == [3, 2])
    }

    @Test("A full board takes changes and no further rows")
    func limit() {
        let board = ControllerBoard()
        for index in 0...ControllerBoard.limit {
            board.post(ControllerSetting(name: "\(index)", value: 0))
        }
        board.post(ControllerSetting(name: "0", value: 1))
        #expect(board.settings.count == ControllerBoard.limit)
        #expect(board.settings.first?.value == 1)
    }
}
