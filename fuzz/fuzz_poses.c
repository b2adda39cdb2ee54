/* SPDX-License-Identifier: MIT */
#include "fuzz.h"

#include "pose/clip.h"
#include "pose/json.h"
#include "pose/retarget.h"

#include <math.h>

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

/* Joints become a figure that moves and has a build, or a reason. */
static void move(const Pose *main, bool has_depth)
{
    static Clip idle;
    static Arena kept;
    Err err = {0};
    Rig r;
    if (idle.frames == 0)
        must(arena_init(&kept, (size_t)1 << 26, &err) && clip_open(&idle, "idle", &kept, &err));
    Body stand = clip_body(&idle, 0), other = clip_body(&idle, 0.5);
    if (!rig_init(&r, main, has_depth, pose_yaw(main, &stand), &stand, &err)) {
        must(err.kind != ERR_NONE && err.text[0] != '\0');
        return;
    }
    Proportions b = rig_proportions(&r, &idle);
    must(b.head >= 0.05f && b.head <= 0.7f && b.legs >= 0.2f && b.legs <= 0.8f);
    must(b.arm >= 0.3f && b.arm <= 3 && b.shoulder >= 0.3f && b.shoulder <= 3);
    Pose moved = rig_pose(&r, &other, 45);
    for (int i = 0; i < JOINTS; i++)
        must(isfinite(moved.joint[i].x) && isfinite(moved.joint[i].y));
}

static void look(Poses *p)
{
    for (int f = 0; f < p->frames; f++) {
        must(p->people[f] >= 0 && p->people[f] <= POSES_MAX_PEOPLE);
        const Pose *main = poses_main(p, f);
        float left, top, right, bottom;
        must(main == NULL || pose_bounds(main, &left, &top, &right, &bottom));
        if (main != NULL)
            move(main, p->has_depth);
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
