/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "pose/draw.h"
#include "studios/sprite/internal.h"

enum { SIDE_PIXELS = 256, TOP = 40, BOTTOM = 240 };

static Work work;

static int begin(void **state)
{
    (void)state;
    Err err = {0};
    return arena_init(&work.job, 1 << 26, &err) && arena_init(&work.scratch, 1 << 24, &err)
               ? 0
               : -1;
}

static int end(void **state)
{
    (void)state;
    arena_release(&work.job);
    arena_release(&work.scratch);
    return 0;
}

/* The joints of a figure with such a head, as seen from in front. */
static Rig rig_with_head(float head)
{
    Rig r;
    Clip idle;
    Err err = {0};
    assert_true(clip_open(&idle, "idle", &work.job, &err));
    Proportions p = proportions_for_head(&idle, head);
    Body stand = clip_body(&idle, 0), b = body_shaped(&stand, &idle.rest, &p);
    View v = {.scale = 400, .floor_y = 500, .center_x = 300};
    Pose joints = body_pose(&b, &v);
    assert_true(rig_init(&r, &joints, false, 0, &stand, &err));
    return r;
}

/* The first skeleton of idle that the request gets, for a character with these joints
 * (or NULL) and a head of a fifth by its outline. */
static Image drawn(SpriteRequest q, const Rig *rig, const char *style)
{
    Err err = {0};
    Actions m;
    Side side = {"", 0, -1};
    q.animation = "idle";
    q.height = q.height > 0 ? q.height : 1;
    work.q = &q;
    assert_true(actions_open(&m, &work, &side, 1, &err));
    PoseView v = {.q = &q,
                  .rig = rig,
                  .head = q.head > 0 ? q.head : 0.2,
                  .style = style,
                  .width = SIDE_PIXELS,
                  .height = SIDE_PIXELS,
                  .top = TOP,
                  .bottom = BOTTOM,
                  .center_x = SIDE_PIXELS / 2};
    Image *to = action_pictures(&m.of[0], &v, &work.job, &work.scratch, &err);
    if (to == NULL)
        fail_msg("%s", err.text);
    return to[0];
}

static int different(Image a, Image b)
{
    int n = 0;
    for (int y = 0; y < SIDE_PIXELS; y++)
        for (int x = 0; x < SIDE_PIXELS; x++)
            n += memcmp(image_at(a, x, y), image_at(b, x, y), 3) != 0;
    return n;
}

static int rows_drawn(Image im)
{
    int n = 0;
    for (int y = 0; y < SIDE_PIXELS; y++) {
        bool any = false;
        for (int x = 0; x < 3 * SIDE_PIXELS; x++)
            any = any || image_row(im, y)[x] != 0;
        n += any;
    }
    return n;
}

static void a_skeleton_is_built_as_the_joints_tell(void **state)
{
    (void)state;
    static const float heads[] = {0.13f, 0.25f, 0.4f};
    for (int i = 0; i < 3; i++) {
        Rig rig = rig_with_head(heads[i]);
        Image fitted = drawn((SpriteRequest){0}, &rig, "controlnet");
        Image wanted = drawn((SpriteRequest){.head = heads[i]}, NULL, "controlnet");
        Image other = drawn((SpriteRequest){.head = heads[(i + 1) % 3]}, NULL, "controlnet");
        /* the head is told to a hundredth, which moves edges by a pixel */
        assert_true(different(fitted, wanted) * 4 < different(fitted, other));
    }
}

static void what_the_person_says_of_the_build_goes_first(void **state)
{
    (void)state;
    static const SpriteRequest rows[] = {{.head = 0.3}, {.build = "heavy"}};
    Rig rig = rig_with_head(0.45f);
    for (int i = 0; i < 2; i++)
        assert_int_equal(
            different(drawn(rows[i], &rig, "controlnet"), drawn(rows[i], NULL, "controlnet")),
            0);
    assert_true(different(drawn(rows[0], NULL, "controlnet"),
                          drawn(rows[1], NULL, "controlnet")) > 100);
}

static void its_height_is_a_share_of_the_characters_own(void **state)
{
    (void)state;
    int whole = rows_drawn(drawn((SpriteRequest){.build = "thin"}, NULL, "controlnet"));
    int half =
        rows_drawn(drawn((SpriteRequest){.build = "thin", .height = 0.5}, NULL, "controlnet"));
    assert_in_range(half, whole / 2 - 4, whole / 2 + 4); /* strokes are as wide in both */
}

static void a_style_is_drawn_as_it_is_called(void **state)
{
    (void)state;
    char styles[] = POSE_STYLES;
    Image first = drawn((SpriteRequest){0}, NULL, strtok(styles, "|"));
    for (const char *s = strtok(NULL, "|"); s != NULL; s = strtok(NULL, "|"))
        assert_true(different(first, drawn((SpriteRequest){0}, NULL, s)) > 100);
}

static void a_style_that_nobody_knows_is_refused_with_those_there_are(void **state)
{
    (void)state;
    Err err = {0};
    PoseView v = {.style = "crayon"};
    assert_null(action_pictures(&(Action){0}, &v, &work.job, &work.scratch, &err));
    assert_string_equal(err.text,
                        "there is no pose style 'crayon'; there are controlnet, ssd, stick");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_skeleton_is_built_as_the_joints_tell),
        cmocka_unit_test(what_the_person_says_of_the_build_goes_first),
        cmocka_unit_test(its_height_is_a_share_of_the_characters_own),
        cmocka_unit_test(a_style_is_drawn_as_it_is_called),
        cmocka_unit_test(a_style_that_nobody_knows_is_refused_with_those_there_are),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
