/* SPDX-License-Identifier: MIT */
#include "fuzz.h"

#include "media/palette.h"

/* A palette of 1 to 256 different colours, or a sentence about the file. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    enum { LIMIT = 256 << 20 };
    Arena a;
    Err err = {0};
    Palette p;
    must(arena_init(&a, LIMIT, &err));
    bool ok = palette_decode(&p, data, size, "fuzz", &a, &err);
    must(ok ? err.kind == ERR_NONE : err.kind != ERR_NONE && err.text[0] != '\0');
    must(!ok || (p.count >= 1 && p.count <= PALETTE_MOST));
    for (int i = 1; ok && i < p.count; i++)
        must(memcmp(p.rgb[i], p.rgb[i - 1], 3) != 0);
    must(a.used == 0);
    arena_release(&a);
    return 0;
}
