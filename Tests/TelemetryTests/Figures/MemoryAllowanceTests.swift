import Telemetry
import Testing

@Suite("Memory that the process may have")
struct MemoryAllowanceTests {
    private func limit(_ groups: String, _ files: [String: String]) -> UInt64? {
        MemoryAllowance.groupLimit(groups) { files[$0] ?? "" }
    }

    @Test("Version 2: the tightest of the group and those that it lies in")
    func unified() {
        let files = [
            "/sys/fs/cgroup/kubepods/memory.max": "8589934592\n",
            "/sys/fs/cgroup/kubepods/pod7/memory.max": "2147483648\n",
            "/sys/fs/cgroup/kubepods/pod7/main/memory.max": "max\n",
        ]
        #expect(limit("0::/kubepods/pod7/main\n", files) == 2 << 30)
        #expect(limit("0::/kubepods\n", files) == 8 << 30)
        #expect(limit("0::/\n", files) == nil)
    }

    @Test("In a container its own group is the root")
    func namespace() {
        #expect(limit("0::/\n", ["/sys/fs/cgroup/memory.max": "536870912\n"]) == 512 << 20)
        let files = ["/sys/fs/cgroup/memory/memory.limit_in_bytes": "536870912\n"]
        #expect(limit("5:memory:/docker/0123\n1:cpu:/docker/0123\n", files) == 512 << 20)
    }

    @Test("Version 1, where no limit is a number, too")
    func separate() {
        let groups = "9:name=systemd:/\n4:cpuset,memory:/box/a:b\n1:cpu,cpuacct:/box\n0::/\n"
        var files = [
            "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
            "/sys/fs/cgroup/memory/box/memory.limit_in_bytes": "9223372036854771712\n",
        ]
        #expect(limit(groups, files) == nil)
        files["/sys/fs/cgroup/memory/box/a:b/memory.limit_in_bytes"] = "1073741824\n"
        #expect(limit(groups, files) == 1 << 30)
    }

    @Test(
        "What cannot be read or understood limits nothing",
        arguments: ["", "\n", "0:", "memory", "0::/x", "4:memory:/x"])
    func nonsense(groups: String) {
        #expect(limit(groups, [:]) == nil)
        let files = ["/sys/fs/cgroup/x/memory.max": "much", "/sys/fs/cgroup/memory.max": "-1"]
        #expect(limit(groups, files) == nil)
    }

    #if os(Linux)
    @Test("This process may have something")
    func present() throws {
        let bytes = try #require(MemoryAllowance.bytes)
        #expect(bytes > 64 << 20)
    }
    #endif
}
