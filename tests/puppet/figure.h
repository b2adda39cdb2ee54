#ifndef TESTS_PUPPET_FIGURE_H
#define TESTS_PUPPET_FIGURE_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "puppet/puppet.h"

/* A figure of flat colours, arms stretched out, seen from the front: each part can be told
 * by its colour, the trunk's halves from each other. */
enum { SIDE = 64 };
typedef enum Paint {
    NOTHING,
    SKIN,
    BLUE,  /* the trunk, on our left */
    GREEN, /* and on our right */
    RED,   /* the arm of its right, on our left */
    YELLOW,
    BROWN, /* legs */
    PINK,
    STEEL,
    PAINTS
} Paint;
static const unsigned char PAINT[PAINTS][4] = {
    [SKIN] = {250, 200, 160, 255}, [BLUE] = {30, 40, 200, 255},    [GREEN] = {20, 150, 40, 255},
    [RED] = {210, 30, 30, 255},    [YELLOW] = {230, 210, 40, 255}, [BROWN] = {110, 70, 40, 255},
    [PINK] = {240, 130, 190, 255}, [STEEL] = {170, 178, 190, 255},
};

static inline Tensor picture_of(unsigned char *rgba)
{
    return tensor_over(rgba, TENSOR_U8, SHAPE(SIDE, SIDE, 4));
}

static inline void block(unsigned char *rgba, Paint paint, int left, int top, int right,
                         int bottom)
{
    for (int y = top; y < bottom; y++) {
        for (int x = left; x < right; x++)
            memcpy(rgba + 4 * (y * SIDE + x), PAINT[paint], 4);
    }
}

static inline Paint paint_at(const unsigned char *rgba, int x, int y)
{
    for (int k = 0; k < PAINTS; k++) {
        if (memcmp(rgba + 4 * (y * SIDE + x), PAINT[k], 4) == 0)
            return (Paint)k;
    }
    fail_msg("a colour that was never painted at %d, %d: %d %d %d %d", x, y,
             rgba[4 * (y * SIDE + x)], rgba[4 * (y * SIDE + x) + 1],
             rgba[4 * (y * SIDE + x) + 2], rgba[4 * (y * SIDE + x) + 3]);
    return NOTHING;
}

static inline void draw_figure(unsigned char *rgba)
{
    memset(rgba, 0, SIDE * SIDE * 4);
    block(rgba, BROWN, 27, 37, 31, 59);
    block(rgba, PINK, 33, 37, 37, 59);
    block(rgba, RED, 11, 20, 26, 24);
    block(rgba, YELLOW, 38, 20, 53, 24);
    block(rgba, BLUE, 26, 19, 32, 38);
    block(rgba, GREEN, 32, 19, 38, 38);
    block(rgba, SKIN, 27, 6, 37, 19);
}

static inline Pose figure_pose(void)
{
    static const float AT[JOINTS][2] = {
        {32, 13}, {32, 20}, {26, 22}, {19, 22}, {12, 22}, {38, 22},
        {45, 22}, {52, 22}, {29, 37}, {29, 47}, {29, 57}, {35, 37},
        {35, 47}, {35, 57}, {30, 11}, {34, 11}, {28, 12}, {36, 12},
    };
    Pose p;
    for (int j = 0; j < JOINTS; j++)
        p.joint[j] = (Keypoint){AT[j][0], AT[j][1], 0, 1};
    return p;
}

static inline void put(Pose *p, int joint, float x, float y, float z)
{
    p->joint[joint] = (Keypoint){x, y, z, 1};
}

/* What a test holds on to. */
typedef struct Stage {
    Arena arena;
    Err err;
    unsigned char picture[SIDE * SIDE * 4], frame[SIDE * SIDE * 4], part[SIDE * SIDE];
    PuppetSource source;
    Puppet *puppet;
} Stage;

static inline void stage_open(Stage *s)
{
    memset(s, 0, sizeof *s);
    assert_true(arena_init(&s->arena, 0, &s->err));
    draw_figure(s->picture);
    s->source = (PuppetSource){.picture = picture_of(s->picture),
                               .joints = figure_pose(),
                               .has_depth = true,
                               .is_pixel_art = true};
}

static inline void stage_build(Stage *s)
{
    s->puppet = puppet_build(&s->source, &s->arena, &s->err);
    if (s->puppet == NULL)
        fail_msg("%s", s->err.text);
}

static inline void stage_draw(Stage *s, const Pose *pose)
{
    size_t used = s->arena.used;
    Tensor part = tensor_over(s->part, TENSOR_U8, SHAPE(SIDE, SIDE));
    assert_true(puppet_draw(s->puppet, pose, picture_of(s->frame), part, &s->arena, &s->err));
    assert_true(s->arena.used == used);
}

static inline void stage_close(Stage *s)
{
    arena_release(&s->arena);
}
#endif
