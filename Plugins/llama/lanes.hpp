// Arithmetic on sixteen numbers at a time: the same operations in the same order on every processor, whatever
// the width of its registers.
//
// A vector that is wider than a register would go through memory, half by half, which GCC does so badly that
// attention took eight times as long where registers hold eight numbers. So sixteen numbers are as many
// registers as that takes.
#pragma once

#include <cstdint>
#include <cstring>

#define HEADWAY_INLINE static inline __attribute__((always_inline))

namespace headway {

/// Numbers worked on together. All sums run over this many partial sums, whatever the processor.
constexpr int lanes = 16;

/// Numbers in a register.
#if defined(__AVX512F__)
constexpr int width = 16;
#elif defined(__AVX__)
constexpr int width = 8;
#else
constexpr int width = 4;
#endif
constexpr int registers = lanes / width;

typedef float Register __attribute__((vector_size(4 * width), may_alias));
typedef int32_t Whole __attribute__((vector_size(4 * width)));

struct __attribute__((may_alias)) Lanes {
    Register part[registers];
};

/// One result for each register.
template <typename Operation>
HEADWAY_INLINE Lanes each(Operation operation) {
    Lanes result;
#pragma GCC unroll 4
    for (int i = 0; i < registers; i++) {
        result.part[i] = operation(i);
    }
    return result;
}

HEADWAY_INLINE Lanes all(float number) {
    return each([&](int) { return Register{} + number; });
}

HEADWAY_INLINE Lanes load(const float * values) {
    return each([&](int i) {
        Register part;
        std::memcpy(&part, values + i * width, sizeof(part));
        return part;
    });
}

HEADWAY_INLINE void store(float * values, const Lanes & numbers) {
    std::memcpy(values, &numbers, sizeof(numbers));
}

HEADWAY_INLINE Lanes operator+(const Lanes & left, const Lanes & right) {
    return each([&](int i) { return left.part[i] + right.part[i]; });
}

HEADWAY_INLINE Lanes operator-(const Lanes & left, float right) {
    return each([&](int i) { return left.part[i] - right; });
}

HEADWAY_INLINE Lanes operator*(const Lanes & left, float right) {
    return each([&](int i) { return left.part[i] * right; });
}

/// `total` and a multiple of `numbers`.
HEADWAY_INLINE Lanes plus(const Lanes & total, float factor, const Lanes & numbers) {
    return each([&](int i) { return total.part[i] + factor * numbers.part[i]; });
}

HEADWAY_INLINE Lanes larger(const Lanes & left, const Lanes & right) {
    return each([&](int i) {
        return left.part[i] > right.part[i] ? left.part[i] : right.part[i];
    });
}

HEADWAY_INLINE float sum(const Lanes & numbers) {
    float values[lanes];
    store(values, numbers);
    float total = 0;
    for (const float value : values) {
        total += value;
    }
    return total;
}

HEADWAY_INLINE float highest(const Lanes & numbers) {
    float values[lanes];
    store(values, numbers);
    for (int half = lanes / 2; half > 0; half /= 2) {
        for (int i = 0; i < half; i++) {
            values[i] = values[i] > values[i + half] ? values[i] : values[i + half];
        }
    }
    return values[0];
}

/// e to the power of numbers up to 0, to about 1e-7 of the result; 0 below -87.
HEADWAY_INLINE Register exponential(Register x) {
    const Register zero = {};
    const Whole is_tiny = x < zero - 87.0f;
    x = is_tiny ? zero : x;
    // 1.5 * 2^23: what is added to it is rounded to a whole number, found in the last bits.
    const Register shifted = x * 1.44269504f + 12582912.0f;
    const Register power = shifted - 12582912.0f;
    const Register rest = (x - power * 0.693145752f) - power * 1.42860677e-6f;
    Register result = rest * 1.98412698e-4f + 1.38888889e-3f;
    result = result * rest + 8.33333333e-3f;
    result = result * rest + 4.16666667e-2f;
    result = result * rest + 1.66666667e-1f;
    result = result * rest + 0.5f;
    result = result * rest + 1.0f;
    result = result * rest + 1.0f;
    const Whole scale = ((Whole) shifted + 127) << 23;
    result *= (Register) scale;
    return is_tiny ? zero : result;
}

HEADWAY_INLINE Lanes exponential(const Lanes & numbers) {
    return each([&](int i) { return exponential(numbers.part[i]); });
}

}  // namespace headway
