#include "CEnginePlugin.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

/// Whether all functions of the table are there, as the header promises.
static bool is_complete(const headway_plugin *table) {
    // From `name` on the table holds pointers only.
    const char *start = (const char *)table;
    for (size_t at = offsetof(headway_plugin, name); at < sizeof(headway_plugin);
         at += sizeof(void *)) {
        void *entry = NULL;
        memcpy(&entry, start + at, sizeof(entry));
        if (entry == NULL) {
            return false;
        }
    }
    return true;
}

const headway_plugin *headway_plugin_load(const char *path, char *error, size_t error_size) {
    // Local: symbols of the library must not satisfy references of anything else in the process.
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        const char *reason = dlerror();
        snprintf(error, error_size, "%s", reason != NULL ? reason : "dlopen failed");
        return NULL;
    }
    headway_plugin_entry_function entry =
        (headway_plugin_entry_function)(uintptr_t)dlsym(handle, "headway_plugin_entry");
    const headway_plugin *table = entry != NULL ? entry() : NULL;
    if (table == NULL) {
        snprintf(error, error_size, "it has no headway_plugin_entry, so it is no engine of Headway");
        dlclose(handle);
        return NULL;
    }
    if (table->abi != HEADWAY_PLUGIN_ABI) {
        snprintf(
            error, error_size, "it was built for version %u of the engine interface, not %d",
            table->abi, HEADWAY_PLUGIN_ABI);
        return NULL;
    }
    if (table->byte_count < sizeof(headway_plugin) || !is_complete(table)) {
        snprintf(error, error_size, "its table of functions is not complete");
        return NULL;
    }
    return table;
}
