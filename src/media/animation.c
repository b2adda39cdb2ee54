/* SPDX-License-Identifier: MIT */
#include "media/animation.h"
#include "media/internal.h"

#include <string.h>

bool animation_fits(const Animation *m, Err *err)
{
    must(m->count > 0);
    for (int i = 1; i < m->count; i++)
        if (m->frames[i].dim[0] != m->frames[0].dim[0] ||
            m->frames[i].dim[1] != m->frames[0].dim[1])
            return err_set(err, ERR_INPUT,
                           "frame %d is %d x %d pixels, but the first is %d x %d", i,
                           image_width(m->frames[i]), image_height(m->frames[i]),
                           image_width(m->frames[0]), image_height(m->frames[0]));
    return true;
}

int animation_ms(const Animation *m, int i)
{
    double begins = 0;
    for (int j = 0; j < i; j++)
        begins += m->ms != NULL ? m->ms[j] : m->frame_ms;
    double ends = begins + (m->ms != NULL ? m->ms[i] : m->frame_ms);
    int64_t ms = (int64_t)(ends + 0.5) - (int64_t)(begins + 0.5);
    return (int)(ms < 1 ? 1 : ms > 65535 ? 65535 : ms);
}

Rect animation_change(Image before, Image after)
{
    int w = image_width(after), left = w, right = 0, top = -1, bottom = 0;
    for (int y = 0; y < image_height(after); y++) {
        const unsigned char *b = image_row(before, y), *a = image_row(after, y);
        if (memcmp(a, b, (size_t)w * 4) == 0)
            continue;
        top = top < 0 ? y : top;
        bottom = y + 1;
        for (int x = 0; x < w; x++)
            if (memcmp(a + 4 * (ptrdiff_t)x, b + 4 * (ptrdiff_t)x, 4) != 0) {
                left = x < left ? x : left;
                right = x >= right ? x + 1 : right;
            }
    }
    return top < 0 ? (Rect){0, 0, 1, 1} : (Rect){left, top, right - left, bottom - top};
}
