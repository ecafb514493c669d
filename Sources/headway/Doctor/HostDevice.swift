internal import Foundation
internal import GatewayHTTP
internal import Telemetry

/// The processors and the memory of this machine, as its system describes them.
enum HostDevice {
    /// Bytes of memory that this process may have.
    static var memoryBytes: UInt64 {
        MemoryAllowance.bytes ?? ProcessInfo.processInfo.physicalMemory
    }

    /// The CPU.
    static var cpu: DoctorReport.Device {
        let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        var name = "CPU"
        var flags: Set<Substring> = []
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            let key = parts[0].trimmingCharacters(in: .whitespaces)
            if key == "model name" { name = parts[1].trimmingCharacters(in: .whitespaces) }
            if key == "flags" { flags = Set(parts[1].split(separator: " ")) }
        }
        let wanted = ["avx", "avx2", "fma", "avx512f", "avx512_vnni", "amx_int8", "amx_bf16"]
        return DoctorReport.Device(
            kind: "cpu", name: name, cores: HTTPGateway.availableCores,
            memoryBytes: memoryBytes,
            features: wanted.filter { flags.contains(Substring($0)) })
    }

    /// NVIDIA's GPUs, as its kernel driver lists them.
    static var gpus: [DoctorReport.Device] {
        let folder = "/proc/driver/nvidia/gpus"
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return entries.sorted().map { entry in
            let path = "\(folder)/\(entry)/information"
            let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
            let model = text.split(separator: "\n").first { $0.hasPrefix("Model:") }
            let name = model?.dropFirst("Model:".count).trimmingCharacters(in: .whitespaces)
            return DoctorReport.Device(
                kind: "gpu", name: name ?? entry, cores: nil, memoryBytes: nil, features: nil)
        }
    }
}
