// The part of ONNX Runtime's binary interface that Headway calls.
//
// ONNX Runtime exports one function, `OrtGetApiBase`. It leads to a table of function pointers that
// only ever grows at its end, so a position in the table is as stable as a symbol's name. The enum
// below holds the positions in use; each inline function casts one entry to its type and calls it.
// Nothing of ONNX Runtime is needed to build, and the library is found when the process runs.
//
// Functions that return `cort_status *` return NULL on success; whoever gets a status releases it.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Shapes cross the interface as int64_t; `intptr_t` lets Swift pass its own arrays of Int.
_Static_assert(sizeof(intptr_t) == sizeof(int64_t), "Headway needs a 64-bit platform");

typedef struct cort_status cort_status;
typedef struct cort_env cort_env;
typedef struct cort_session cort_session;
typedef struct cort_session_options cort_session_options;
typedef struct cort_run_options cort_run_options;
typedef struct cort_value cort_value;
typedef struct cort_memory_info cort_memory_info;
typedef struct cort_arena_config cort_arena_config;
typedef struct cort_allocator cort_allocator;
typedef struct cort_type_info cort_type_info;
typedef struct cort_tensor_info cort_tensor_info;

/// The table of functions. It lives as long as the library stays loaded.
typedef const void *const *cort_api;

/// Receives a log line: severity 0 (verbose) to 4 (fatal), then category, log id, place and text.
typedef void (*cort_log_function)(
    void *param, int severity, const char *category, const char *log_id, const char *location,
    const char *message);

/// A loaded library.
typedef struct {
    cort_api api;
    /// Version such as "1.31.1"; belongs to the library.
    const char *version;
} cort_library;

/// The table version asked for. Every entry used here is older, and every library since 1.17 has it.
enum { CORT_API_VERSION = 17 };

/// Loads the library at `path` and finds its table of functions. A path without a slash is searched
/// where the dynamic loader searches.
///
/// Returns false and writes the reason to `error` (always terminated) when that fails. A library
/// that was loaded is never unloaded: it may own threads.
bool cort_load(const char *path, cort_library *out, char *error, size_t error_size);

/// Positions in the table of functions.
enum {
    CORT_GetErrorCode = 1,
    CORT_GetErrorMessage = 2,
    CORT_CreateEnvWithCustomLogger = 4,
    CORT_CreateSession = 7,
    CORT_Run = 9,
    CORT_CreateSessionOptions = 10,
    CORT_EnableMemPattern = 16,
    CORT_DisableMemPattern = 17,
    CORT_EnableCpuMemArena = 18,
    CORT_DisableCpuMemArena = 19,
    CORT_SetSessionLogId = 20,
    CORT_SetSessionGraphOptimizationLevel = 23,
    CORT_SetIntraOpNumThreads = 24,
    CORT_SetInterOpNumThreads = 25,
    CORT_SessionGetInputCount = 30,
    CORT_SessionGetOutputCount = 31,
    CORT_SessionGetInputTypeInfo = 33,
    CORT_SessionGetOutputTypeInfo = 34,
    CORT_SessionGetInputName = 36,
    CORT_SessionGetOutputName = 37,
    CORT_CreateRunOptions = 39,
    CORT_CreateTensorAsOrtValue = 48,
    CORT_CreateTensorWithDataAsOrtValue = 49,
    CORT_GetTensorMutableData = 51,
    CORT_GetStringTensorDataLength = 53,
    CORT_GetStringTensorContent = 54,
    CORT_CastTypeInfoToTensorInfo = 55,
    CORT_GetOnnxTypeFromTypeInfo = 56,
    CORT_GetTensorElementType = 60,
    CORT_GetDimensionsCount = 61,
    CORT_GetDimensions = 62,
    CORT_GetSymbolicDimensions = 63,
    CORT_GetTensorTypeAndShape = 65,
    CORT_CreateCpuMemoryInfo = 69,
    CORT_AllocatorFree = 76,
    CORT_GetAllocatorWithDefaultOptions = 78,
    CORT_ReleaseEnv = 92,
    CORT_ReleaseStatus = 93,
    CORT_ReleaseMemoryInfo = 94,
    CORT_ReleaseSession = 95,
    CORT_ReleaseValue = 96,
    CORT_ReleaseRunOptions = 97,
    CORT_ReleaseTypeInfo = 98,
    CORT_ReleaseTensorTypeAndShapeInfo = 99,
    CORT_ReleaseSessionOptions = 100,
    CORT_AddSessionConfigEntry = 130,
    CORT_CreateAndRegisterAllocator = 144,
    CORT_CreateArenaCfg = 156,
    CORT_ReleaseArenaCfg = 157,
    CORT_RegisterCustomOpsLibrary_V2 = 228,
    CORT_GetResizedStringTensorElementBuffer = 252,
};

// Calls entry `CORT_<name>` of `api` as a function of the given parameter types.
#define CORT_CALL(result, name, types, ...) \
    (((result(*) types)(uintptr_t)api[CORT_##name])(__VA_ARGS__))

// MARK: Statuses and handles

static inline int cort_error_code(cort_api api, const cort_status *status) {
    return CORT_CALL(int, GetErrorCode, (const cort_status *), status);
}

static inline const char *cort_error_message(cort_api api, const cort_status *status) {
    return CORT_CALL(const char *, GetErrorMessage, (const cort_status *), status);
}

/// Calls a release entry, one of `CORT_Release…`; all of them take the object and return nothing.
static inline void cort_release(cort_api api, int index, void *object) {
    ((void (*)(void *))(uintptr_t)api[index])(object);
}

static inline void cort_release_status(cort_api api, cort_status *status) {
    cort_release(api, CORT_ReleaseStatus, status);
}

static inline void cort_release_value(cort_api api, cort_value *value) {
    cort_release(api, CORT_ReleaseValue, value);
}

// MARK: Environment and allocation

static inline cort_status *cort_create_env(
    cort_api api, cort_log_function log, void *param, int severity, const char *log_id,
    cort_env **out) {
    return CORT_CALL(
        cort_status *, CreateEnvWithCustomLogger,
        (cort_log_function, void *, int, const char *, cort_env **), log, param, severity, log_id,
        out);
}

/// Describes ordinary memory that belongs to the caller.
static inline cort_status *cort_create_cpu_memory_info(cort_api api, cort_memory_info **out) {
    enum { arena_allocator = 1, default_memory = 0 };
    return CORT_CALL(
        cort_status *, CreateCpuMemoryInfo, (int, int, cort_memory_info **), arena_allocator,
        default_memory, out);
}

/// The allocator behind names and string tensors; it belongs to the library.
static inline cort_status *cort_get_default_allocator(cort_api api, cort_allocator **out) {
    return CORT_CALL(
        cort_status *, GetAllocatorWithDefaultOptions, (cort_allocator **), out);
}

/// Settings of an arena that grows by what is asked for, not in powers of two.
static inline cort_status *cort_create_arena_config(cort_api api, cort_arena_config **out) {
    enum { no_limit = 0, same_as_requested = 1, default_value = -1 };
    return CORT_CALL(
        cort_status *, CreateArenaCfg, (size_t, int, int, int, cort_arena_config **), no_limit,
        same_as_requested, default_value, default_value, out);
}

/// Gives the environment an arena, for sessions with `session.use_env_allocators`.
static inline cort_status *cort_register_arena(
    cort_api api, cort_env *env, const cort_memory_info *info, const cort_arena_config *config) {
    return CORT_CALL(
        cort_status *, CreateAndRegisterAllocator,
        (cort_env *, const cort_memory_info *, const cort_arena_config *), env, info, config);
}

static inline cort_status *cort_allocator_free(
    cort_api api, cort_allocator *allocator, void *memory) {
    return CORT_CALL(
        cort_status *, AllocatorFree, (cort_allocator *, void *), allocator, memory);
}

// MARK: Sessions

static inline cort_status *cort_create_session_options(
    cort_api api, cort_session_options **out) {
    return CORT_CALL(cort_status *, CreateSessionOptions, (cort_session_options **), out);
}

/// Calls an entry that takes only the options: one of the memory pattern and arena switches.
static inline cort_status *cort_switch_option(
    cort_api api, int index, cort_session_options *options) {
    return ((cort_status * (*)(cort_session_options *))(uintptr_t)api[index])(options);
}

/// Calls an entry that takes the options and a number: thread counts and optimisation level.
static inline cort_status *cort_set_option(
    cort_api api, int index, cort_session_options *options, int value) {
    return ((cort_status * (*)(cort_session_options *, int))(uintptr_t)api[index])(options, value);
}

static inline cort_status *cort_set_log_id(
    cort_api api, cort_session_options *options, const char *log_id) {
    return CORT_CALL(
        cort_status *, SetSessionLogId, (cort_session_options *, const char *), options, log_id);
}

static inline cort_status *cort_add_config_entry(
    cort_api api, cort_session_options *options, const char *key, const char *value) {
    return CORT_CALL(
        cort_status *, AddSessionConfigEntry, (cort_session_options *, const char *, const char *),
        options, key, value);
}

/// Loads a library of operators and has it register them. It stays loaded as long as a session needs
/// it.
static inline cort_status *cort_register_operators(
    cort_api api, cort_session_options *options, const char *path) {
    return CORT_CALL(
        cort_status *, RegisterCustomOpsLibrary_V2, (cort_session_options *, const char *), options,
        path);
}

static inline cort_status *cort_create_session(
    cort_api api, const cort_env *env, const char *path, const cort_session_options *options,
    cort_session **out) {
    return CORT_CALL(
        cort_status *, CreateSession,
        (const cort_env *, const char *, const cort_session_options *, cort_session **), env, path,
        options, out);
}

/// Number of inputs (`CORT_SessionGetInputCount`) or outputs (`CORT_SessionGetOutputCount`).
static inline cort_status *cort_session_count(
    cort_api api, int index, const cort_session *session, size_t *out) {
    return ((cort_status * (*)(const cort_session *, size_t *))(uintptr_t)api[index])(session, out);
}

/// Type of one input (`CORT_SessionGetInputTypeInfo`) or output; the caller releases it.
static inline cort_status *cort_session_type_info(
    cort_api api, int index, const cort_session *session, size_t position, cort_type_info **out) {
    return ((cort_status * (*)(const cort_session *, size_t, cort_type_info **))(uintptr_t)
                api[index])(session, position, out);
}

/// Name of one input (`CORT_SessionGetInputName`) or output; the caller frees it with `allocator`.
static inline cort_status *cort_session_name(
    cort_api api, int index, const cort_session *session, size_t position,
    cort_allocator *allocator, char **out) {
    return ((cort_status * (*)(const cort_session *, size_t, cort_allocator *, char **))(uintptr_t)
                api[index])(session, position, allocator, out);
}

static inline cort_status *cort_create_run_options(cort_api api, cort_run_options **out) {
    return CORT_CALL(cort_status *, CreateRunOptions, (cort_run_options **), out);
}

/// Runs the session. Entries of `outputs` that are NULL are allocated by the library.
static inline cort_status *cort_run(
    cort_api api, cort_session *session, const cort_run_options *options,
    const char *const *input_names, cort_value *const *inputs, size_t input_count,
    const char *const *output_names, size_t output_count, cort_value **outputs) {
    return CORT_CALL(
        cort_status *, Run,
        (cort_session *, const cort_run_options *, const char *const *, cort_value *const *, size_t,
         const char *const *, size_t, cort_value **),
        session, options, input_names, inputs, input_count, output_names, output_count, outputs);
}

// MARK: Types

static inline cort_status *cort_onnx_type(
    cort_api api, const cort_type_info *info, int *out) {
    return CORT_CALL(
        cort_status *, GetOnnxTypeFromTypeInfo, (const cort_type_info *, int *), info, out);
}

/// The tensor part of a type; it belongs to `info`, and is NULL for types that are no tensors.
static inline cort_status *cort_tensor_info_of(
    cort_api api, const cort_type_info *info, const cort_tensor_info **out) {
    return CORT_CALL(
        cort_status *, CastTypeInfoToTensorInfo,
        (const cort_type_info *, const cort_tensor_info **), info, out);
}

static inline cort_status *cort_element_type(
    cort_api api, const cort_tensor_info *info, int *out) {
    return CORT_CALL(
        cort_status *, GetTensorElementType, (const cort_tensor_info *, int *), info, out);
}

static inline cort_status *cort_dimension_count(
    cort_api api, const cort_tensor_info *info, size_t *out) {
    return CORT_CALL(
        cort_status *, GetDimensionsCount, (const cort_tensor_info *, size_t *), info, out);
}

static inline cort_status *cort_dimensions(
    cort_api api, const cort_tensor_info *info, intptr_t *out, size_t count) {
    return CORT_CALL(
        cort_status *, GetDimensions, (const cort_tensor_info *, int64_t *, size_t), info,
        (int64_t *)out, count);
}

/// Names of the dimensions, empty where a dimension has none; they belong to `info`.
static inline cort_status *cort_symbolic_dimensions(
    cort_api api, const cort_tensor_info *info, const char **out, size_t count) {
    return CORT_CALL(
        cort_status *, GetSymbolicDimensions, (const cort_tensor_info *, const char **, size_t),
        info, out, count);
}

// MARK: Tensors

/// A tensor over memory that belongs to the caller and outlives the tensor.
static inline cort_status *cort_wrap_tensor(
    cort_api api, const cort_memory_info *info, void *data, size_t byte_count,
    const intptr_t *shape, size_t rank, int type, cort_value **out) {
    return CORT_CALL(
        cort_status *, CreateTensorWithDataAsOrtValue,
        (const cort_memory_info *, void *, size_t, const int64_t *, size_t, int, cort_value **),
        info, data, byte_count, (const int64_t *)shape, rank, type, out);
}

/// A tensor whose memory the library allocates.
static inline cort_status *cort_create_tensor(
    cort_api api, cort_allocator *allocator, const intptr_t *shape, size_t rank, int type,
    cort_value **out) {
    return CORT_CALL(
        cort_status *, CreateTensorAsOrtValue,
        (cort_allocator *, const int64_t *, size_t, int, cort_value **), allocator,
        (const int64_t *)shape, rank, type, out);
}

static inline cort_status *cort_tensor_data(cort_api api, cort_value *value, void **out) {
    return CORT_CALL(cort_status *, GetTensorMutableData, (cort_value *, void **), value, out);
}

/// Element type and shape of a tensor; the caller releases it.
static inline cort_status *cort_tensor_type_and_shape(
    cort_api api, const cort_value *value, cort_tensor_info **out) {
    return CORT_CALL(
        cort_status *, GetTensorTypeAndShape, (const cort_value *, cort_tensor_info **), value,
        out);
}

/// Gives one element of a string tensor the length `byte_count` and returns its bytes for writing.
static inline cort_status *cort_string_element(
    cort_api api, cort_value *value, size_t element, size_t byte_count, char **out) {
    return CORT_CALL(
        cort_status *, GetResizedStringTensorElementBuffer,
        (cort_value *, size_t, size_t, char **), value, element, byte_count, out);
}

/// Sum of the lengths of all elements of a string tensor.
static inline cort_status *cort_string_byte_count(
    cort_api api, const cort_value *value, size_t *out) {
    return CORT_CALL(
        cort_status *, GetStringTensorDataLength, (const cort_value *, size_t *), value, out);
}

/// Copies all elements of a string tensor, one after the other, and where each of them starts.
static inline cort_status *cort_string_content(
    cort_api api, const cort_value *value, void *bytes, size_t byte_count, size_t *offsets,
    size_t count) {
    return CORT_CALL(
        cort_status *, GetStringTensorContent,
        (const cort_value *, void *, size_t, size_t *, size_t), value, bytes, byte_count, offsets,
        count);
}

#undef CORT_CALL
