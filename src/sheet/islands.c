/* SPDX-License-Identifier: MIT */
#include "sheet/internal.h"

#include <string.h>

typedef struct Sea {
    Image im;
    unsigned char *seen; /* [H*W] */
    int32_t *queue;      /* [H*W] places y * W + x; a part lies in it whole */
} Sea;

static void visit(Sea *s, int64_t *end, int x, int y)
{
    int w = image_width(s->im);
    int32_t at = y * w + x;
    if (s->seen[at] || image_at(s->im, x, y)[3] == 0)
        return;
    s->seen[at] = 1;
    s->queue[(*end)++] = at;
}

/* Gathers the part that holds (x,y) from s->queue[from] on: where it ends. */
static int64_t gather(Sea *s, int64_t from, int x, int y, int64_t *area)
{
    int w = image_width(s->im), h = image_height(s->im);
    int64_t end = from;
    *area = 0;
    visit(s, &end, x, y);
    for (int64_t i = from; i < end; i++) {
        int px = s->queue[i] % w, py = s->queue[i] / w;
        *area += image_at(s->im, px, py)[3];
        for (int v = py > 0 ? py - 1 : 0; v <= py + 1 && v < h; v++)
            for (int u = px > 0 ? px - 1 : 0; u <= px + 1 && u < w; u++)
                visit(s, &end, u, v);
    }
    return end;
}

/* Parts as stretches of the queue. */
typedef struct Part {
    int64_t from, to, area;
} Part;

static int64_t find_parts(Sea *s, Part *parts)
{
    int w = image_width(s->im), h = image_height(s->im);
    int64_t count = 0, end = 0;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            Part p = {.from = end};
            p.to = gather(s, end, x, y, &p.area);
            if (p.to > p.from) {
                end = p.to;
                parts[count++] = p;
            }
        }
    return count;
}

static void clear_part(Sea *s, Part p)
{
    int w = image_width(s->im);
    for (int64_t i = p.from; i < p.to; i++)
        memset(image_at(s->im, s->queue[i] % w, s->queue[i] / w), 0, 4);
}

bool islands_drop(Arena *scratch, Image im, double smallest, Err *err)
{
    enum { LEAST = 8 * 255 };
    size_t n = (size_t)(im.dim[0] * im.dim[1]), floor = scratch->used;
    /* parts do not touch: no more than one for each 2 x 2 pixels */
    size_t most = (size_t)((im.dim[0] + 1) / 2 * ((im.dim[1] + 1) / 2));
    Part *parts = arena_take(scratch, most * sizeof *parts);
    Sea s = {im, arena_zeros(scratch, n), arena_take(scratch, n * sizeof *s.queue)};
    bool ok = parts != NULL && s.seen != NULL && s.queue != NULL;
    int64_t count = ok ? find_parts(&s, parts) : 0, largest = 0;
    for (int64_t i = 0; i < count; i++)
        largest = max64(largest, parts[i].area);
    for (int64_t i = 0; i < count; i++)
        if (parts[i].area < largest &&
            (parts[i].area < LEAST || (double)parts[i].area < smallest * (double)largest))
            clear_part(&s, parts[i]);
    arena_rewind(scratch, floor);
    return ok || err_set(err, ERR_MEMORY, "not enough memory to look for specks");
}
