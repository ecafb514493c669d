// A library with one operator for ONNX Runtime, `headway.test::Twice`, which the tests load: y = 2x
// for FLOAT. Models in use bring libraries of this kind for their tokenizers.
//
// As in COnnxRuntime.h, functions are called by their positions in ONNX Runtime's table, so that
// nothing of ONNX Runtime is needed to build.

#include <stddef.h>
#include <stdint.h>

typedef const void *const *api_table;

typedef struct {
    api_table (*get_api)(uint32_t version);
    const char *(*get_version)(void);
} api_base;

// An operator as version 8 of the interface describes it.
typedef struct operator_description {
    uint32_t version;
    void *(*create)(const struct operator_description *, api_table, const void *info);
    const char *(*name)(const struct operator_description *);
    const char *(*provider)(const struct operator_description *);
    int (*input_type)(const struct operator_description *, size_t);
    size_t (*input_count)(const struct operator_description *);
    int (*output_type)(const struct operator_description *, size_t);
    size_t (*output_count)(const struct operator_description *);
    void (*compute)(void *kernel, void *context);
    void (*destroy)(void *kernel);
    int (*input_characteristic)(const struct operator_description *, size_t);
    int (*output_characteristic)(const struct operator_description *, size_t);
} operator_description;

enum {
    create_domain = 26,
    domain_add = 27,
    add_domain = 28,
    tensor_data = 51,
    dimensions_count = 61,
    dimensions = 62,
    element_count = 64,
    tensor_info = 65,
    context_input = 90,
    context_output = 91,
    release_tensor_info = 99,
};

#define CALL(api, position, types, ...) \
    (((void *(*)types)(uintptr_t)(api)[position])(__VA_ARGS__))

static api_table api;

static void *create(const operator_description *op, api_table table, const void *info) {
    (void)op, (void)info;
    api = table;
    return &api;
}

static const char *name(const operator_description *op) {
    (void)op;
    return "Twice";
}

static const char *provider(const operator_description *op) {
    (void)op;
    return NULL;  // the processor
}

static int float_type(const operator_description *op, size_t index) {
    (void)op, (void)index;
    return 1;
}

static size_t one(const operator_description *op) {
    (void)op;
    return 1;
}

static int required(const operator_description *op, size_t index) {
    (void)op, (void)index;
    return 0;
}

static void destroy(void *kernel) { (void)kernel; }

static void compute(void *kernel, void *context) {
    (void)kernel;
    void *input = NULL, *output = NULL, *info = NULL;
    size_t rank = 0, count = 0;
    int64_t shape[8];
    float *from = NULL, *to = NULL;
    CALL(api, context_input, (void *, size_t, void **), context, 0, &input);
    CALL(api, tensor_info, (void *, void **), input, &info);
    CALL(api, dimensions_count, (void *, size_t *), info, &rank);
    if (rank > 8) rank = 8;
    CALL(api, dimensions, (void *, int64_t *, size_t), info, shape, rank);
    CALL(api, element_count, (void *, size_t *), info, &count);
    ((void (*)(void *))(uintptr_t)api[release_tensor_info])(info);
    CALL(api, context_output, (void *, size_t, int64_t *, size_t, void **), context, 0, shape, rank,
         &output);
    CALL(api, tensor_data, (void *, void **), input, (void **)&from);
    CALL(api, tensor_data, (void *, void **), output, (void **)&to);
    for (size_t i = 0; i < count; i++) to[i] = 2 * from[i];
}

static const operator_description twice = {
    8,       create,    name,    provider, float_type, one,
    float_type, one, compute, destroy,  required,   required,
};

// What ONNX Runtime looks for in a library of operators. Returns NULL when all went well.
void *RegisterCustomOps(void *options, const api_base *base) {
    api_table table = base->get_api(17);
    void *domain = NULL;
    void *problem = CALL(table, create_domain, (const char *, void **), "headway.test", &domain);
    if (!problem) problem = CALL(table, domain_add, (void *, const void *), domain, &twice);
    if (!problem) problem = CALL(table, add_domain, (void *, void *), options, domain);
    return problem;
}
