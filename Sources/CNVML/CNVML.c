#include "CNVML.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

// Types of NVML's stable C interface, as far as they are used here.
typedef void *nvml_device;
struct nvml_utilization {
    unsigned int gpu, memory;
};
struct nvml_memory {
    unsigned long long total, free, used;
};

static struct {
    int (*count)(unsigned int *);
    int (*handle)(unsigned int, nvml_device *);
    int (*uuid)(nvml_device, char *, unsigned int);
    int (*name)(nvml_device, char *, unsigned int);
    int (*utilization)(nvml_device, struct nvml_utilization *);
    int (*memory)(nvml_device, struct nvml_memory *);
    int (*power)(nvml_device, unsigned int *);
} nvml;

static int is_there;

/// Puts the address of a function into a pointer to it; answers whether there is one.
static int find(void *library, const char *name, void *function) {
    void *address = dlsym(library, name);
    memcpy(function, &address, sizeof(address));
    return address != NULL;
}

static void load(void) {
    void *library = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        return;
    }
    int (*init)(void) = NULL;
    int is_whole = find(library, "nvmlInit_v2", &init)
        && find(library, "nvmlDeviceGetCount_v2", &nvml.count)
        && find(library, "nvmlDeviceGetHandleByIndex_v2", &nvml.handle)
        && find(library, "nvmlDeviceGetUUID", &nvml.uuid)
        && find(library, "nvmlDeviceGetName", &nvml.name)
        && find(library, "nvmlDeviceGetUtilizationRates", &nvml.utilization)
        && find(library, "nvmlDeviceGetMemoryInfo", &nvml.memory)
        && find(library, "nvmlDeviceGetPowerUsage", &nvml.power);
    if (is_whole && init() == 0) {
        is_there = 1;
    } else {
        dlclose(library);
    }
}

int headway_gpus(headway_gpu *gpus) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    unsigned int count = 0;
    if (!is_there || nvml.count(&count) != 0) {
        return 0;
    }
    int found = 0;
    for (unsigned int index = 0; index < count && found < HEADWAY_GPU_LIMIT; index++) {
        nvml_device device = NULL;
        headway_gpu *gpu = &gpus[found];
        memset(gpu, 0, sizeof(*gpu));
        if (nvml.handle(index, &device) != 0
            || nvml.uuid(device, gpu->uuid, sizeof(gpu->uuid)) != 0) {
            continue;
        }
        nvml.name(device, gpu->name, sizeof(gpu->name));
        struct nvml_utilization utilization = {0, 0};
        gpu->utilization =
            nvml.utilization(device, &utilization) == 0 ? utilization.gpu / 100.0 : -1;
        struct nvml_memory memory = {0, 0, 0};
        if (nvml.memory(device, &memory) == 0) {
            gpu->memory_total_bytes = memory.total;
            gpu->memory_used_bytes = memory.used;
        }
        unsigned int milliwatts = 0;
        gpu->power = nvml.power(device, &milliwatts) == 0 ? milliwatts / 1000.0 : -1;
        found++;
    }
    return found;
}
