/* SPDX-License-Identifier: MIT */
#include "fuzz.h"

#include "pose/clip.h"
#include "pose/json.h"

/* What was read has numbers for everybody, and can be written in every format
 * and read again. */
static void read_again(const Poses *p, PosesFormat format)
{
    Err err = {0};
    Arena arena;
    Poses again;
    must(arena_init(&arena, (size_t)1 << 30, &err));
    char *text = poses_text(p, format);
    must(poses_parse(&again, text, strlen(text), "again", &arena, &err));
    must(again.frames == p->frames &&
         again.has_depth == (p->has_depth && format != POSES_EDITOR));
    xfree(text);
    arena_release(&arena);
}

static void look(Poses *p)
{
    for (int f = 0; f < p->frames; f++) {
        must(p->people[f] >= 0 && p->people[f] <= POSES_MAX_PEOPLE);
        const Pose *main = poses_main(p, f);
        float left, top, right, bottom;
        must(main == NULL || pose_bounds(main, &left, &top, &right, &bottom));
    }
    for (int k = 0; k < 3; k++)
        read_again(p, (PosesFormat)k);
    poses_scale(p, 512, 512);
}

/* Poses and joint files have one reader; clips have another, of the same kind. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    Err err = {0};
    Arena arena;
    Poses p;
    Clip c;
    must(arena_init(&arena, (size_t)1 << 30, &err));
    if (poses_parse(&p, (const char *)data, size, "fuzz", &arena, &err))
        look(&p);
    else
        must(err.kind != ERR_NONE && err.text[0] != '\0');
    err = (Err){0};
    if (clip_parse(&c, (const char *)data, size, "fuzz", &arena, &err))
        (void)clip_body(&c, 0.3);
    else
        must(err.kind != ERR_NONE);
    arena_release(&arena);
    return 0;
}
