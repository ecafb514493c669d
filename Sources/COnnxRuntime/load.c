#include "COnnxRuntime.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

/// What `OrtGetApiBase` returns.
typedef struct {
    cort_api (*get_api)(uint32_t version);
    const char *(*get_version)(void);
} cort_api_base;

typedef const cort_api_base *(*cort_entry)(void);

/// Whether a version such as "1.31.1" has the table that Headway asks for.
static bool cort_supports(const char *version) {
    char *end = NULL;
    long major = strtol(version, &end, 10);
    if (end == version || *end != '.') {
        return false;
    }
    long minor = strtol(end + 1, NULL, 10);
    return major > 1 || (major == 1 && minor >= CORT_API_VERSION);
}

bool cort_load(const char *path, cort_library *out, char *error, size_t error_size) {
    // Local: symbols of the library must not satisfy references of anything else in the process.
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        const char *reason = dlerror();
        snprintf(error, error_size, "%s", reason != NULL ? reason : "dlopen failed");
        return false;
    }
    cort_entry entry = (cort_entry)(uintptr_t)dlsym(handle, "OrtGetApiBase");
    const cort_api_base *base = entry != NULL ? entry() : NULL;
    if (base == NULL) {
        snprintf(error, error_size, "it has no OrtGetApiBase, so it is not ONNX Runtime");
        dlclose(handle);
        return false;
    }
    const char *version = base->get_version();
    // The version is read first because asking for a table that is missing makes the library print.
    if (version == NULL || !cort_supports(version)) {
        snprintf(
            error, error_size, "it is version %s, Headway needs 1.%d or newer",
            version != NULL ? version : "unknown", CORT_API_VERSION);
        return false;
    }
    cort_api api = base->get_api(CORT_API_VERSION);
    if (api == NULL) {
        snprintf(
            error, error_size, "version %s has no function table %d", version, CORT_API_VERSION);
        return false;
    }
    *out = (cort_library){.api = api, .version = version};
    return true;
}
