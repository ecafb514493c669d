// Finding an engine in a library of its own.

#pragma once

#include "headway_plugin.h"

#include <stdbool.h>

/// Loads the library at `path` and checks its table. A path without a slash is searched where the
/// dynamic loader searches.
///
/// Returns NULL and writes the reason to `error` (always terminated) when that fails. A library that
/// was loaded is never unloaded: it may own threads.
const headway_plugin *_Nullable headway_plugin_load(
    const char *_Nonnull path, char *_Nonnull error, size_t error_size);

/// Writes a flag that an engine reads while a step is in progress.
static inline void headway_flag_store(int32_t *_Nonnull flag, int32_t value) {
    __atomic_store_n(flag, value, __ATOMIC_RELAXED);
}
