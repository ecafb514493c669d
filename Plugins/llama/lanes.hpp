// Arithmetic on sixteen numbers at a time: the same operations in the same order on every processor, whatever
// the width of its registers.
#pragma once

#include <cstdint>
#include <cstring>

#define HEADWAY_INLINE static inline __attribute__((always_inline))

namespace headway {

/// Numbers worked on together. All sums run over this many partial sums, whatever the processor.
constexpr int lanes = 16;
typedef float Lanes __attribute__((vector_size(4 * lanes), may_alias));
typedef int32_t Whole __attribute__((vector_size(4 * lanes)));

HEADWAY_INLINE Lanes load(const float * values) {
    Lanes result;
    std::memcpy(&result, values, sizeof(result));
    return result;
}

HEADWAY_INLINE void store(float * values, Lanes numbers) {
    std::memcpy(values, &numbers, sizeof(numbers));
}

/// The sums of neighbours in `left`, then those in `right`.
HEADWAY_INLINE Lanes fold(Lanes left, Lanes right) {
    return __builtin_shufflevector(
               left, right, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)
        + __builtin_shufflevector(
               left, right, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
}

/// The sum of each of 16 vectors.
HEADWAY_INLINE Lanes sums(const Lanes * of) {
    Lanes eight[8], four[4];
    for (int i = 0; i < 8; i++) {
        eight[i] = fold(of[2 * i], of[2 * i + 1]);
    }
    for (int i = 0; i < 4; i++) {
        four[i] = fold(eight[2 * i], eight[2 * i + 1]);
    }
    return fold(fold(four[0], four[1]), fold(four[2], four[3]));
}

HEADWAY_INLINE float sum(Lanes numbers) {
    float total = 0;
    for (int i = 0; i < lanes; i++) {
        total += numbers[i];
    }
    return total;
}

HEADWAY_INLINE float highest(Lanes numbers) {
    float high = numbers[0];
    for (int i = 1; i < lanes; i++) {
        high = numbers[i] > high ? numbers[i] : high;
    }
    return high;
}

/// e to the power of numbers up to 0, to about 1e-7 of the result; 0 below -87.
HEADWAY_INLINE Lanes exponential(Lanes x) {
    const Lanes zero = {};
    const Whole is_tiny = x < zero - 87.0f;
    x = is_tiny ? zero : x;
    // 1.5 * 2^23: what is added to it is rounded to a whole number, found in the last bits.
    const Lanes shifted = x * 1.44269504f + 12582912.0f;
    const Lanes power = shifted - 12582912.0f;
    const Lanes rest = (x - power * 0.693145752f) - power * 1.42860677e-6f;
    Lanes result = rest * 1.98412698e-4f + 1.38888889e-3f;
    result = result * rest + 8.33333333e-3f;
    result = result * rest + 4.16666667e-2f;
    result = result * rest + 1.66666667e-1f;
    result = result * rest + 0.5f;
    result = result * rest + 1.0f;
    result = result * rest + 1.0f;
    const Whole scale = ((Whole) shifted + 127) << 23;
    result *= (Lanes) scale;
    return is_tiny ? zero : result;
}

}  // namespace headway
