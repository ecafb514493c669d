#include "CCompression.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

// zlib counts in 32 bits; larger inputs are fed in slices.
static uInt slice(size_t count) { return count > UINT_MAX ? UINT_MAX : (uInt)count; }

struct inflater {
    z_stream stream;
    size_t rest;
    bool gzip;
};

void *headway_inflate_create(const uint8_t *input, size_t count, bool raw) {
    struct inflater *inflater = calloc(1, sizeof *inflater);
    if (!inflater) return NULL;
    // 32 lets zlib tell gzip from zlib by the header; negative bits mean deflate without one.
    if (inflateInit2(&inflater->stream, raw ? -MAX_WBITS : MAX_WBITS + 32) != Z_OK) {
        free(inflater);
        return NULL;
    }
    inflater->stream.next_in = (Bytef *)input;
    inflater->stream.avail_in = slice(count);
    inflater->rest = count - inflater->stream.avail_in;
    inflater->gzip = !raw && count > 1 && input[0] == 0x1f && input[1] == 0x8b;
    return inflater;
}

int headway_inflate_step(void *handle, uint8_t *output, size_t capacity, size_t *written) {
    struct inflater *inflater = handle;
    z_stream *stream = &inflater->stream;
    stream->next_out = output;
    stream->avail_out = slice(capacity);
    int result;
    do {
        if (stream->avail_in == 0 && inflater->rest > 0) {
            stream->avail_in = slice(inflater->rest);
            inflater->rest -= stream->avail_in;
        }
        result = inflate(stream, Z_NO_FLUSH);
        if (result == Z_STREAM_END && (stream->avail_in || inflater->rest)) {
            // A gzip body may have several members; after any other, nothing may follow.
            result = inflater->gzip ? inflateReset(stream) : Z_DATA_ERROR;
        }
    } while (result == Z_OK && stream->avail_out > 0 && (stream->avail_in || inflater->rest));
    *written = (size_t)(stream->next_out - output);
    if (result == Z_STREAM_END) return HEADWAY_INFLATE_DONE;
    if (result != Z_OK && result != Z_BUF_ERROR) return HEADWAY_INFLATE_CORRUPT;
    return stream->avail_out == 0 ? HEADWAY_INFLATE_MORE_SPACE : HEADWAY_INFLATE_TRUNCATED;
}

void headway_inflate_destroy(void *handle) {
    struct inflater *inflater = handle;
    inflateEnd(&inflater->stream);
    free(inflater);
}

size_t headway_deflate_bound(size_t count, bool gzip) {
    return compressBound((uLong)count) + (gzip ? 18 : 0);
}

size_t headway_deflate(const uint8_t *input, size_t count, uint8_t *output, size_t capacity,
                       bool gzip) {
    z_stream stream = {0};
    int bits = gzip ? MAX_WBITS + 16 : MAX_WBITS;
    if (count > UINT_MAX || capacity > UINT_MAX) return 0;
    if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return 0;
    stream.next_in = (Bytef *)input;
    stream.avail_in = (uInt)count;
    stream.next_out = output;
    stream.avail_out = (uInt)capacity;
    int result = deflate(&stream, Z_FINISH);
    size_t written = (size_t)stream.total_out;
    deflateEnd(&stream);
    return result == Z_STREAM_END ? written : 0;
}
