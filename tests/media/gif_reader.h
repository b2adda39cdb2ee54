#ifndef TESTS_MEDIA_GIF_READER_H
#define TESTS_MEDIA_GIF_READER_H
#include "pictures.h"

/* A GIF reader written from the specification (GIF89a, 1990), for tests only:
 * it shares nothing with the writer, and fails the test at whatever is odd. */

enum { GIF_MOST_FRAMES = 64 };

typedef struct GifRead {
    int w, h, count, plays; /* plays 0: forever */
    int delay[GIF_MOST_FRAMES], disposal[GIF_MOST_FRAMES];
    Image shown[GIF_MOST_FRAMES]; /* RGBA, as a viewer would show frame i */
} GifRead;

typedef struct GifBytes {
    const unsigned char *data;
    size_t size, at;
} GifBytes;

static inline int gif_byte(GifBytes *b)
{
    assert_true(b->at < b->size);
    return b->data[b->at++];
}

static inline int gif_u16(GifBytes *b)
{
    int low = gif_byte(b);
    return low | gif_byte(b) << 8;
}

/* The data of a row of sub-blocks; how many bytes. */
static inline size_t gif_blocks(GifBytes *b, unsigned char *to, size_t room)
{
    size_t n = 0;
    for (int size; (size = gif_byte(b)) != 0;)
        for (; size > 0; size--) {
            assert_true(n < room);
            to[n++] = (unsigned char)gif_byte(b);
        }
    return n;
}

/* Codes to indices: exactly `want` of them, then the end code. */
static inline void gif_unpack(const unsigned char *data, size_t size, int depth,
                              unsigned char *to, int want)
{
    static int prefix[4096], length[4096];
    static unsigned char last[4096];
    int clear = 1 << depth, next = clear + 2, width = depth + 1, before = -1, got = 0;
    for (size_t bit = 0;;) {
        int code = 0;
        for (int i = 0; i < width; i++, bit++) {
            assert_true(bit / 8 < size);
            code |= (data[bit / 8] >> bit % 8 & 1) << i;
        }
        if (code == clear) {
            next = clear + 2;
            width = depth + 1;
            before = -1;
            continue;
        }
        if (code == clear + 1) {
            assert_int_equal((bit + 7) / 8, size);
            break;
        }
        assert_true(code < next || (code == next && before >= 0));
        int string = code < next ? code : before, n = 0;
        int first = string;
        while (first >= clear)
            first = prefix[first];
        if (before >= 0 && next < 4096) {
            prefix[next] = before;
            last[next] = (unsigned char)first;
            length[next] = (before < clear ? 1 : length[before]) + 1;
            next++;
            if (next == 1 << width && width < 12)
                width++;
        }
        n = code < clear ? 1 : length[code];
        assert_true(got + n <= want);
        int at = got + n - 1;
        for (int s = code; at >= got; s = s < clear ? s : prefix[s])
            to[at--] = (unsigned char)(s < clear ? s : last[s]);
        got += n;
        before = code;
    }
    assert_int_equal(got, want);
}

static inline GifRead gif_read(Arena *a, const void *bytes, size_t size)
{
    enum { ROOM = 1 << 20 };
    GifRead g = {.plays = 1};
    GifBytes b = {bytes, size, 0};
    Err err = {0};
    unsigned char *data = test_malloc(ROOM), *indices = test_malloc(ROOM), table[768];
    assert_true(size > 13 && memcmp(bytes, "GIF89a", 6) == 0);
    b.at = 6;
    g.w = gif_u16(&b);
    g.h = gif_u16(&b);
    int flags = gif_byte(&b), colours = 2 << (flags & 7);
    assert_true(flags & 0x80);
    b.at += 2;
    for (int i = 0; i < 3 * colours; i++)
        table[i] = (unsigned char)gif_byte(&b);
    Image canvas = image_new(a, g.w, g.h, 4, &err);
    memset(canvas.data, 0, tensor_bytes(canvas));
    int transparent = -1;
    for (int kind; (kind = gif_byte(&b)) != 0x3b;) {
        if (kind == 0x21) {
            int label = gif_byte(&b);
            size_t n = gif_blocks(&b, data, ROOM);
            if (label == 0xf9) {
                assert_int_equal(n, 4);
                transparent = data[0] & 1 ? data[3] : -1;
                g.disposal[g.count] = data[0] >> 2 & 7;
                g.delay[g.count] = data[1] | data[2] << 8;
            } else if (n == 14 && memcmp(data, "NETSCAPE2.0\1", 12) == 0) {
                int repeats = data[12] | data[13] << 8;
                g.plays = repeats == 0 ? 0 : repeats + 1;
            }
            continue;
        }
        assert_int_equal(kind, 0x2c);
        int x0 = gif_u16(&b), y0 = gif_u16(&b), w = gif_u16(&b), h = gif_u16(&b);
        assert_true(w > 0 && h > 0 && x0 + w <= g.w && y0 + h <= g.h);
        assert_int_equal(gif_byte(&b), 0);
        int depth = gif_byte(&b);
        assert_in_range(depth, 2, 8);
        size_t n = gif_blocks(&b, data, ROOM);
        gif_unpack(data, n, depth, indices, w * h);
        assert_true(g.count < GIF_MOST_FRAMES);
        Image shown = image_new(a, g.w, g.h, 4, &err);
        memcpy(shown.data, canvas.data, tensor_bytes(canvas));
        for (int i = 0; i < w * h; i++) {
            if (indices[i] == transparent)
                continue;
            assert_true(indices[i] < colours);
            unsigned char *p = image_at(shown, x0 + i % w, y0 + i / w);
            memcpy(p, table + 3 * indices[i], 3);
            p[3] = 255;
        }
        if (g.disposal[g.count] != 2)
            canvas = shown;
        g.shown[g.count++] = shown;
    }
    assert_int_equal(b.at, b.size);
    test_free(data);
    test_free(indices);
    return g;
}
#endif
