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

/* What is known while a file is read. */
typedef struct GifWork {
    GifBytes b;
    unsigned char table[768];
    int colours, transparent; /* transparent -1: none */
    Image canvas;             /* what the next frame is drawn over */
    unsigned char *data, *indices;
} GifWork;

enum { GIF_ROOM = 1 << 20 };

static inline void gif_header(GifWork *w, GifRead *g)
{
    assert_true(w->b.size > 13 && memcmp(w->b.data, "GIF89a", 6) == 0);
    w->b.at = 6;
    g->w = gif_u16(&w->b);
    g->h = gif_u16(&w->b);
    int flags = gif_byte(&w->b);
    assert_true(flags & 0x80);
    w->colours = 2 << (flags & 7);
    w->b.at += 2;
    for (int i = 0; i < 3 * w->colours; i++)
        w->table[i] = (unsigned char)gif_byte(&w->b);
}

/* How the next frame is shown, or how often all are. */
static inline void gif_extension(GifWork *w, GifRead *g)
{
    const unsigned char *data = w->data;
    int label = gif_byte(&w->b);
    size_t n = gif_blocks(&w->b, w->data, GIF_ROOM);
    if (label == 0xf9) {
        assert_int_equal(n, 4);
        w->transparent = data[0] & 1 ? data[3] : -1;
        g->disposal[g->count] = data[0] >> 2 & 7;
        g->delay[g->count] = data[1] | data[2] << 8;
    } else if (n == 14 && memcmp(data, "NETSCAPE2.0\1", 12) == 0) {
        int repeats = data[12] | data[13] << 8;
        g->plays = repeats == 0 ? 0 : repeats + 1;
    }
}

static inline Rect gif_place(GifBytes *b, const GifRead *g)
{
    int x = gif_u16(b), y = gif_u16(b), w = gif_u16(b), h = gif_u16(b);
    assert_true(w > 0 && h > 0 && x + w <= g->w && y + h <= g->h);
    assert_int_equal(gif_byte(b), 0); /* no table of its own, not interlaced */
    return (Rect){x, y, w, h};
}

static inline void gif_frame(GifWork *work, GifRead *g, Arena *a)
{
    Err err = {0};
    Rect r = gif_place(&work->b, g);
    int depth = gif_byte(&work->b);
    assert_in_range(depth, 2, 8);
    size_t n = gif_blocks(&work->b, work->data, GIF_ROOM);
    gif_unpack(work->data, n, depth, work->indices, r.w * r.h);
    assert_true(g->count < GIF_MOST_FRAMES);
    Image shown = image_new(a, g->w, g->h, 4, &err);
    memcpy(shown.data, work->canvas.data, tensor_bytes(shown));
    for (int i = 0; i < r.w * r.h; i++) {
        int index = work->indices[i];
        if (index == work->transparent)
            continue;
        assert_true(index < work->colours);
        unsigned char *p = image_at(shown, r.x + i % r.w, r.y + i / r.w);
        memcpy(p, work->table + 3 * index, 3);
        p[3] = 255;
    }
    if (g->disposal[g->count] != 2)
        work->canvas = shown;
    g->shown[g->count++] = shown;
}

static inline GifRead gif_read(Arena *a, const void *bytes, size_t size)
{
    Err err = {0};
    GifRead g = {.plays = 1};
    GifWork w = {.b = {bytes, size, 0}, .transparent = -1};
    w.data = test_malloc(GIF_ROOM);
    w.indices = test_malloc(GIF_ROOM);
    gif_header(&w, &g);
    w.canvas = image_new(a, g.w, g.h, 4, &err);
    memset(w.canvas.data, 0, tensor_bytes(w.canvas));
    for (int kind; (kind = gif_byte(&w.b)) != 0x3b;) {
        if (kind == 0x21) {
            gif_extension(&w, &g);
        } else {
            assert_int_equal(kind, 0x2c);
            gif_frame(&w, &g, a);
        }
    }
    assert_int_equal(w.b.at, w.b.size);
    test_free(w.data);
    test_free(w.indices);
    return g;
}
#endif
