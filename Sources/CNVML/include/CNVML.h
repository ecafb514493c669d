// What NVIDIA's management library tells of the machine's GPUs. It is looked for when it is first asked,
// so that one build serves machines with and without GPUs.
#pragma once

#include <stdint.h>

/// Most GPUs that are looked at.
#define HEADWAY_GPU_LIMIT 16

/// One GPU at one moment.
typedef struct {
    char uuid[96];
    char name[96];
    /// Share of the last second or so in which it computed; negative where it is not told.
    double utilization;
    uint64_t memory_total_bytes;
    uint64_t memory_used_bytes;
    /// Watts; negative where it is not told.
    double power;
} headway_gpu;

/// Reads all GPUs, up to `HEADWAY_GPU_LIMIT`, and answers how many there are; 0 without the library.
int headway_gpus(headway_gpu *gpus);
