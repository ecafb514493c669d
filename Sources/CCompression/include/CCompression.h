// gzip and deflate bodies through zlib, whole buffers at a time.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HEADWAY_INFLATE_DONE = 0,
    HEADWAY_INFLATE_MORE_SPACE = 1,
    HEADWAY_INFLATE_CORRUPT = 2,
    HEADWAY_INFLATE_TRUNCATED = 3,
};

/// A decompressor that keeps its place, so that the caller can find more space for the output.
void *headway_inflate_create(const uint8_t *input, size_t count, bool raw);
int headway_inflate_step(void *inflater, uint8_t *output, size_t capacity, size_t *written);
void headway_inflate_destroy(void *inflater);

/// The most bytes that compressing `count` bytes can need.
size_t headway_deflate_bound(size_t count, bool gzip);

/// Compresses `count` bytes at speed level; answers the bytes written, 0 on failure.
size_t headway_deflate(const uint8_t *input, size_t count, uint8_t *output, size_t capacity,
                       bool gzip);
